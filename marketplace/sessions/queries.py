"""Reads of sessions: one by its digest, and the devices of a person."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.crypto import constant_time_compare

from marketplace.accounts.models import User
from marketplace.sessions.models import Session


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A device on which somebody is signed in; ``seen_at`` may lag by two hours."""

    handle: str
    browser: str
    system: str
    network: str
    began_at: datetime
    seen_at: datetime


def by_digest(digest: str, *, now: datetime) -> Session | None:
    """The session that has not ended. One query by primary key."""
    return Session.objects.filter(session_key=digest, expire_date__gt=now).first()


def is_privileged(user_id: int | None) -> bool:
    """Whether this person runs the hall: their sessions are short."""
    if user_id is None:
        return False
    rights = User.objects.filter(pk=user_id).values_list("is_staff", "is_superuser").first()
    return rights is not None and any(rights)


def lives(handle: str) -> bool:
    """Whether the session of this handle is stored, under whatever id."""
    return Session.objects.filter(handle=handle).exists()


def has_new_password(user_id: int, *, proof: str) -> bool:
    """Whether the person's password has changed since the session got this proof, whichever secret made that."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        return False
    proofs = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return not any(constant_time_compare(proof, known) for known in proofs)


def devices(*, user_id: int, now: datetime, limit: int = 100) -> list[DeviceLine]:
    """Where the person is signed in, last seen first. One query."""
    rows = (
        Session.objects.filter(user_id=user_id, expire_date__gt=now)
        .order_by("-seen_at", "handle")
        .values_list("handle", "browser", "system", "network", "began_at", "seen_at")[:limit]
    )
    return [DeviceLine(str(row[0]), *row[1:]) for row in rows]
