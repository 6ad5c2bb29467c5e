"""Writes of sessions. Each is one short transaction, and none of them trusts Redis to have heard of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import connection, transaction
from django.db.models import F

from marketplace.core.db import in_transaction
from marketplace.core.errors import NotFound
from marketplace.sessions import copies
from marketplace.sessions.fences import ENDED, fences, kept_seconds, raise_fences
from marketplace.sessions.models import Session

_LOCK = 0x41574E53  # "AWNS": the advisory lock of pruning
CHUNK = 1000


# --- one session ----------------------------------------------------------------------------------------------------


def write(digest: str, *, version: int, values: dict[str, object]) -> bool:
    """Writes data as the version after ``version``; False when somebody else has written or ended the session meanwhile."""
    # A mark is not enough if Redis misses it, or if an outer transaction may commit after the mark has gone.
    trusted = copies.mark(digest) and not in_transaction()
    with transaction.atomic():
        rows = Session.objects.filter(session_key=digest, version=version)
        written = rows.update(**values, version=F("version") + 1)
        if written and not trusted:
            raise_fences([digest], version + 1)
            fences.note(digest, version + 1)
    return bool(written)


def touch(digest: str, *, expire_at: datetime, network: str, now: datetime, every: timedelta) -> bool:
    """Moves the end of a session that was last seen ``every`` ago or longer; data and version stay as they are."""
    seen = {"network": network} if network else {}
    due = Session.objects.filter(session_key=digest, seen_at__lte=now - every)
    touched = due.update(expire_date=expire_at, seen_at=now, **seen)
    if touched:
        # The copy says "last seen long ago": until it goes, each request would try to touch again.
        copies.mark(digest)
    return bool(touched)


def move(old: str, new: str) -> bool:
    """Gives a session another id; False when it is not there any more. The old id is over."""
    with transaction.atomic():
        moved = Session.objects.filter(session_key=old).update(session_key=new)
        raise_fences([old], ENDED)
        transaction.on_commit(partial(_over, [old]))
    return bool(moved)


def end(digest: str) -> None:
    """Ends a session for good, also for copies that Redis may still have, or may bring back."""
    with transaction.atomic():
        Session.objects.filter(session_key=digest).delete()
        raise_fences([digest], ENDED)
        transaction.on_commit(partial(_over, [digest]))


def _over(digests: Sequence[str]) -> None:
    """After the commit. Redis may miss it, and PostgreSQL tells the other processes."""
    for digest in digests:
        fences.note(digest, ENDED)
        copies.close(digest)


# --- a person's devices ---------------------------------------------------------------------------------------------


def end_device(*, user_id: int, handle: str) -> None:
    """Signs one of the person's devices out. Raises NotFound, also for other people's."""
    if not _end_rows(user_id, only=handle):
        raise NotFound("There is no such device, or it is signed out already.")


def end_others(*, user_id: int, keep: str) -> int:
    """Signs all devices of the person out but the one with this handle; returns how many."""
    return _end_rows(user_id, but=keep)


def end_all(*, user_id: int) -> int:
    """Signs a person out everywhere; returns of how many devices."""
    return _end_rows(user_id)


def _end_rows(user_id: int, *, only: str = "", but: str = "") -> int:
    rows = Session.objects.filter(user_id=user_id)
    if only:
        rows = rows.filter(handle=only)
    if but:
        rows = rows.exclude(handle=but)
    with transaction.atomic():
        digests = sorted(rows.select_for_update().values_list("session_key", flat=True))
        Session.objects.filter(session_key__in=digests).delete()
        raise_fences(digests, ENDED)
        transaction.on_commit(partial(_over, digests))
    return len(digests)


# --- pruning --------------------------------------------------------------------------------------------------------

# An array is made once. A list in IN may be asked for again with each row, and then finds more than the limit.
_SESSIONS = """
DELETE FROM hall_sessions_session WHERE session_key = ANY(ARRAY(
    SELECT session_key FROM hall_sessions_session WHERE expire_date < %s ORDER BY expire_date LIMIT %s
    FOR UPDATE SKIP LOCKED))
"""
_FENCES = """
DELETE FROM hall_sessions_copyfence WHERE session_key = ANY(ARRAY(
    SELECT session_key FROM hall_sessions_copyfence WHERE created_at < %s ORDER BY created_at LIMIT %s
    FOR UPDATE SKIP LOCKED))
"""


def prune(*, now: datetime, chunk: int = CHUNK) -> int:
    """Deletes sessions that are over and fences that nobody needs; returns how many sessions.

    Each chunk is a transaction of its own. Two prunings at once are harmless: a chunk is deleted under an advisory lock,
    and whoever does not get it leaves.
    """
    _in_chunks(_FENCES, now - timedelta(seconds=2 * kept_seconds()), chunk)
    return _in_chunks(_SESSIONS, now, chunk)


def _in_chunks(statement: str, before: datetime, size: int) -> int:
    total = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                return total
            cursor.execute(statement, [before, size])
            done: int = cursor.rowcount
        total += done
        if done < size:
            return total
