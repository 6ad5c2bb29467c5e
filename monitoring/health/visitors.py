"""Who may see the details: whoever holds the token, and staff. Neither look-up waits for a database that hangs."""

import hmac
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from queue import Empty, SimpleQueue
from typing import Literal, TypeAlias

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.base import SessionBase
from django.db import connections
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

# "unknown": the database does not say in time who that is.
Verdict: TypeAlias = Literal["welcome", "unknown", "stranger", "not_staff"]

# Look-ups under way at once: each takes a connection of the pool, and nothing else limits who asks.
MOST_LOOKUPS = 2
# Seconds.
PATIENCE = 0.3


@dataclass(frozen=True, slots=True)
class Door:
    """``token`` "" lets nobody in by token."""

    token: str = field(repr=False)
    session_engine: str
    session_cookie: str


_lookups = threading.BoundedSemaphore(MOST_LOOKUPS)


def judge(request: HttpRequest, door: Door) -> Verdict:
    """Decides by the token alone when one is shown, else by the session. Reads no more of the request than that."""
    shown = request.headers.get("Authorization", "")
    if shown:
        return "welcome" if holds_token(shown, door.token) else "stranger"
    key = request.COOKIES.get(door.session_cookie, "")
    # Keys are letters and digits; the database refuses a NUL.
    if not (key and key.isascii() and key.isalnum()):
        return "stranger"
    return _bounded(lambda: _standing(key, door.session_engine))


def holds_token(shown: str, token: str) -> bool:
    """Whether the header carries the token; takes as long for a near miss as for any other."""
    scheme, _, value = shown.partition(" ")
    same = hmac.compare_digest(value.strip().encode("utf-8", "surrogateescape"), token.encode())
    return bool(token) and scheme.lower() == "bearer" and same


def _bounded(look: Callable[[], Verdict]) -> Verdict:
    """The answer, or "unknown" when it takes too long or too many wait for theirs."""
    if not _lookups.acquire(blocking=False):
        return "unknown"
    answers: SimpleQueue[Verdict] = SimpleQueue()

    def run() -> None:
        try:
            answers.put(look())
        except Exception:  # noqa: BLE001 - whatever the database raises means the same
            answers.put("unknown")
        finally:
            try:
                connections.close_all()
            finally:
                _lookups.release()

    try:
        threading.Thread(target=run, name="health:staff", daemon=True).start()
    except RuntimeError:  # no more threads
        _lookups.release()
        return "unknown"
    try:
        return answers.get(timeout=PATIENCE)
    except Empty:
        return "unknown"


def _standing(key: str, engine: str) -> Verdict:
    """Whose session that is. Only reads: Django's own get_user renews sessions signed with a former secret."""
    stored: SessionBase = import_module(engine).SessionStore(key)
    if SESSION_KEY not in stored:
        return "stranger"
    users = get_user_model()._default_manager.filter(pk=stored[SESSION_KEY], is_active=True)
    user = users.first()
    if user is None:
        return "stranger"
    signed = stored.get(HASH_SESSION_KEY) or ""
    proofs = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    # Every proof is compared, so that the time says nothing about which one fits.
    if not any([constant_time_compare(signed, proof) for proof in proofs]):  # noqa: C419
        return "stranger"
    return "welcome" if getattr(user, "is_staff", False) else "not_staff"
