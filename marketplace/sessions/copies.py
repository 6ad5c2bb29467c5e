"""Copies of sessions in Redis. They save a query; whatever happens to them, they decide nothing that PostgreSQL does not.

A copy is signed for its one session and says when it was made. Before a session's data is written, a mark takes the place
of its copy for longer than any reader may take to bring an older one: a late copy finds the mark and is not kept.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal, TypeAlias

from django.core import signing
from redis import Redis

from marketplace.core.side_redis import Away, SideRedis, side_redis
from marketplace.sessions.policy import policy
from marketplace.sessions.record import Record, Standing
from monitoring.metrics.instruments import counter

# A reader brings a copy within LATEST seconds or not at all; a mark lasts three times as long.
LATEST: Final = 10.0
MARK_SECONDS: Final = 30
# Bytes. Larger sessions are read from PostgreSQL each time.
LARGEST: Final = 32 * 1024
_BUSY: Final = b"busy"
_OVER: Final = b"over"

Held: TypeAlias = Record | Literal["over"] | None
loads_total = counter(
    "session_loads",
    "Sessions asked for, by what answered: copy, database, over (known to have ended), nothing, forged.",
    ["source"],
)


def read(digest: str) -> Held:
    """The copy, "over" for a session that is known to have ended, None for neither."""
    try:
        value = _redis().call(lambda redis: redis.get(_key(digest)))
    except Away:
        return None
    if value == _OVER:
        return "over"
    return _unpack(digest, value) if isinstance(value, bytes) and value != _BUSY else None


def fill(digest: str, record: Record, *, now: datetime) -> None:
    """Keeps a copy where there is neither a copy nor a mark; never for longer than the session lasts."""
    lasts = min(policy().copy, record.expire_at - now)
    value = _pack(digest, record)
    if lasts.total_seconds() >= 1 and len(value) <= LARGEST:
        _quietly(lambda redis: redis.set(_key(digest), value, px=int(lasts.total_seconds() * 1000), nx=True))


def mark(digest: str) -> bool:
    """Puts a mark in the copy's place before data is written; False when Redis has not heard of it."""
    return _quietly(lambda redis: redis.set(_key(digest), _BUSY, ex=MARK_SECONDS))


def close(digest: str) -> bool:
    """Says for as long as a copy may live that the session is over: asking again costs no query."""
    return _quietly(lambda redis: redis.set(_key(digest), _OVER, ex=int(policy().copy.total_seconds()) + MARK_SECONDS))


def _quietly(command: "Callable[[Redis], object]") -> bool:
    try:
        _redis().call(command)
    except Away:
        return False
    return True


def _redis() -> SideRedis:
    return side_redis(policy().cache_url)


def _key(digest: str) -> str:
    return policy().prefix + digest


# --- bytes ----------------------------------------------------------------------------------------------------------


def _pack(digest: str, record: Record) -> bytes:
    known = record.standing
    moments = [moment.isoformat() for moment in (known.began_at, record.seen_at, record.expire_at)]
    parts = [record.version, known.handle, known.user_id, known.privileged, *moments, record.data]
    return _signer(digest).sign(json.dumps(parts, separators=(",", ":"))).encode()


def _unpack(digest: str, value: bytes) -> Record | None:
    """None for what we have not signed for this session, and for what is older than a copy may be."""
    try:
        parts = json.loads(_signer(digest).unsign(value.decode(), max_age=policy().copy))
        version, handle, user_id, privileged, began, seen, end, data = parts
        began_at, seen_at, expire_at = (datetime.fromisoformat(moment) for moment in (began, seen, end))
        return Record(Standing(handle, user_id, privileged, began_at), version, seen_at, expire_at, data)
    except (signing.BadSignature, ValueError, TypeError):
        return None


def _signer(digest: str) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"hall_sessions.copy.{digest}")
