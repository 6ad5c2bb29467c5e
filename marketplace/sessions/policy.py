"""How long a session lasts."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.apps import apps


@dataclass(frozen=True, slots=True)
class Policy:
    """A session ends ``idle`` after it was last seen and, however busy, ``absolute`` after the sign-in; ``staff`` for operators.

    ``touch``: how stale "last seen" may become before it is written. ``copy``: how long a copy in Redis lasts at most.
    """

    idle: timedelta
    touch: timedelta
    absolute: timedelta
    staff: timedelta
    copy: timedelta
    cache_url: str = field(repr=False)
    prefix: str
    id_keys: tuple[bytes, ...] = field(repr=False)

    def end(self, *, began_at: datetime, seen_at: datetime, privileged: bool) -> datetime:
        """When a session that is used at ``seen_at`` will be over."""
        return min(seen_at + self.idle, began_at + (self.staff if privileged else self.absolute))


def policy() -> Policy:
    """The policy of this process."""
    known: Policy = apps.get_app_config("hall_sessions").policy  # type: ignore[attr-defined]
    return known
