"""The same request twice is one request: a claim by unique insert, and the stored answer for whoever asks again.

Two shapes of use. Inside the transaction that does the work, a crash undoes the claim with everything else; a second
request waits on the unique index and then reads the answer. Around work that cannot be one transaction, the claim is
committed first, `release` frees it after a failure, and a claim left by a crash can be taken over after a minute.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

from marketplace.core.db import forbid_transaction
from marketplace.core.errors import AwningError, Conflict
from marketplace.core.events import Json
from payments import answers
from payments.answers import Answer as Answer
from payments.answers import Request as Request
from payments.models import IdempotencyKey

KEPT = timedelta(hours=72)
# Longer than any request lives: whoever holds a claim this old has crashed.
LEASE = timedelta(seconds=60)
RETRY_AFTER_SECONDS = 1
MAX_KEY_LENGTH = 255
_LOCK_NOT_AVAILABLE = "55P03"


class BadKey(AwningError):
    """An idempotency key that is missing or too long."""

    code = "bad_idempotency_key"


class KeyReused(AwningError):
    """The key was used before with another body."""

    code = "idempotency_key_reused"
    status = 422


class KeyInProgress(Conflict):
    """The same request is being worked on; ask again in ``retry_after`` seconds."""

    code = "idempotency_key_in_progress"
    permanent = False
    retry_after = RETRY_AFTER_SECONDS


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do the work, fenced by the time at which it was taken."""

    id: int
    locked_at: datetime
    request: Request


def request_of(*, principal: str, route: str, key: str, body: Mapping[str, Json]) -> Request:
    """A request with the hash of its body in canonical JSON. Raises BadKey."""
    if not key or len(key) > MAX_KEY_LENGTH or not key.isprintable():
        raise BadKey(f"Send an Idempotency-Key of 1 to {MAX_KEY_LENGTH} printable characters, for example a UUID.")
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Request(principal, route, key, hashlib.sha256(canonical.encode()).hexdigest())


def replay(request: Request, *, now: datetime) -> Answer | None:
    """The finished answer if Redis has it: asked first, outside of the transaction, by whoever may be a retry.

    None says nothing: claim the request. Raises KeyReused.
    """
    forbid_transaction("Asking Redis for an answer")
    kept = answers.find(request, now=now)
    if kept is None:
        return None
    _same_body(request, kept.body_hash)
    answers.from_redis.inc()
    return kept.answer


def _same_body(request: Request, body_hash: str) -> None:
    if request.body_hash != body_hash:
        raise KeyReused("This Idempotency-Key was used with another request: send a new key.")


def claim(request: Request, *, now: datetime) -> Claim | Answer:
    """The right to do the work, or the answer if it is done. Raises KeyReused, KeyInProgress."""
    inserted = _insert(request, now=now)
    if inserted is not None:
        return Claim(inserted, now, request)
    found = IdempotencyKey.objects.filter(principal=request.principal, route=request.route, key=request.key).first()
    if found is None:
        # Released between the two statements: the next attempt will find the key free.
        raise KeyInProgress("The same request has just failed: send it again.")
    _same_body(request, found.body_hash)
    if found.status is not None:
        answer = Answer(found.status, bytes(found.body), found.content_type, found.location)
        answers.from_database.inc()
        _keep(request, answer, expires_at=found.expires_at, now=now)
        return answer
    # Whoever holds a claim older than the lease has crashed; of two that take over, the UPDATE lets one through.
    if IdempotencyKey.objects.filter(pk=found.pk, status=None, locked_at__lt=now - LEASE).update(locked_at=now):
        return Claim(found.pk, now, request)
    raise KeyInProgress("The same request is still running: ask again in a moment.")


_INSERT = """
INSERT INTO payments_idempotencykey
    (principal, route, key, body_hash, locked_at, content_type, location, body, created_at, expires_at)
VALUES (%s, %s, %s, %s, %s, '', '', '', %s, %s)
ON CONFLICT (principal, route, key) DO NOTHING RETURNING id
"""


def _insert(request: Request, *, now: datetime) -> int | None:
    """The new row's id, or None when there is one. Waits while another transaction is inserting the same key."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                _INSERT, [request.principal, request.route, request.key, request.body_hash, now, now, now + KEPT]
            )
            row = cursor.fetchone()
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise KeyInProgress("The same request is still running: ask again in a moment.") from error
        raise
    return row[0] if row else None


def finish(claimed: Claim, answer: Answer, *, now: datetime) -> None:
    """Stores the answer for every later request. Raises KeyInProgress when the claim was taken over meanwhile."""
    done = _mine(claimed).update(
        status=answer.status,
        body=answer.body,
        content_type=answer.content_type,
        location=answer.location,
        locked_at=None,
        expires_at=now + KEPT,
    )
    if not done:
        raise KeyInProgress("This request took too long and another one has taken over.")
    _keep(claimed.request, answer, expires_at=now + KEPT, now=now)


def _keep(request: Request, answer: Answer, *, expires_at: datetime, now: datetime) -> None:
    """After the commit: an answer that was rolled back was never given."""
    kept = partial(answers.keep, request, answer, expires_at=expires_at, now=now)
    transaction.on_commit(kept, robust=True)


def release(claimed: Claim) -> None:
    """Frees the key after a failure, so that the same request may be tried again."""
    _mine(claimed).delete()


def _mine(claimed: Claim) -> "QuerySet[IdempotencyKey]":
    return IdempotencyKey.objects.filter(pk=claimed.id, status=None, locked_at=claimed.locked_at)


def prune(*, now: datetime, limit: int = 5000) -> int:
    """Deletes answers that were kept long enough, at most ``limit`` in one go."""
    old = IdempotencyKey.objects.filter(expires_at__lt=now).order_by("expires_at").values_list("pk", flat=True)[:limit]
    return IdempotencyKey.objects.filter(pk__in=list(old)).delete()[0]
