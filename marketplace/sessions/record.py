"""A session as it was read: its data, and what is known about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose session it is and since when; ``user_id`` None for a guest's. It moves with the session to a new id."""

    handle: str
    user_id: int | None
    privileged: bool
    began_at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """One version of a session. ``data`` belongs to whoever reads it: never shared."""

    standing: Standing
    version: int
    seen_at: datetime
    expire_at: datetime
    data: dict[str, Any]
