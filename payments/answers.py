"""Finished answers from Redis: a retry that finds its answer there costs no transaction.

PostgreSQL stays the truth: an answer is kept after the commit that made it, for no longer than its row, and signed for its
one request, so that nothing else in Redis can be taken for it. Whatever is missing here is read there.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.apps import apps
from django.core import signing

from marketplace.core.side_redis import Away, SideRedis, side_redis
from monitoring.metrics.instruments import counter

# Bytes, as stored. A larger answer is read from PostgreSQL.
LARGEST: Final = 64 * 1024

replays_total = counter(
    "idempotency_replays", "Requests that were answered with a stored answer, by where it was found.", ["source"]
)
from_redis, from_database = (replays_total.labels(source) for source in ("redis", "database"))


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for what under which key. ``principal`` is "user:7" or "cart:<id>", ``route`` "POST /checkout/"."""

    principal: str
    route: str
    key: str
    body_hash: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, to the byte."""

    status: int
    body: bytes = b""
    content_type: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer with the hash of the body that it answers."""

    answer: Answer
    body_hash: str


def find(request: Request, *, now: datetime) -> Kept | None:
    """The answer to the request of this principal, route and key, whatever its body. Never raises."""
    name = _name(request)
    try:
        value = _redis().call(lambda redis: redis.get(_key(name)))
    except Away:
        return None
    return _unpack(name, value, now=now) if isinstance(value, bytes) else None


def keep(request: Request, answer: Answer, *, expires_at: datetime, now: datetime) -> None:
    """Keeps a committed answer for the rest of its row's time. Never raises."""
    name = _name(request)
    lasts = int((expires_at - now).total_seconds() * 1000)
    value = _pack(name, request, answer, expires_at)
    if lasts <= 0 or len(value) > LARGEST:
        return
    try:
        _redis().call(lambda redis: redis.set(_key(name), value, px=lasts))
    except Away:
        return


def _redis() -> SideRedis:
    return side_redis(_place()[0])


def _key(name: str) -> str:
    return f"{_place()[1]}:answer:{name}"


def _place() -> tuple[str, str]:
    place: tuple[str, str] = apps.get_app_config("payments").answers_store  # type: ignore[attr-defined]
    return place


def _name(request: Request) -> str:
    """One name per row; a list of texts in JSON has no two readings."""
    parts = json.dumps([request.principal, request.route, request.key])
    return hashlib.sha256(parts.encode()).hexdigest()


def _pack(name: str, request: Request, answer: Answer, expires_at: datetime) -> bytes:
    body = base64.b64encode(answer.body).decode()
    parts = [request.body_hash, answer.status, body, answer.content_type, answer.location, expires_at.isoformat()]
    return _signer(name).sign(json.dumps(parts)).encode()


def _unpack(name: str, value: bytes, *, now: datetime) -> Kept | None:
    """None for what we have not signed for this request, and for what its row has outlived."""
    try:
        body_hash, status, body, content_type, location, expires = json.loads(_signer(name).unsign(value.decode()))
        if datetime.fromisoformat(expires) <= now:
            return None
        return Kept(Answer(status, base64.b64decode(body), content_type, location), body_hash)
    except (signing.BadSignature, ValueError, TypeError, binascii.Error):
        return None


def _signer(name: str) -> signing.Signer:
    return signing.Signer(salt=f"payments.answer.{name}")
