"""Who may send periodic tasks: one holder at a time, by a lease in PostgreSQL. Its clock is the database's."""

import time
from collections.abc import Callable
from typing import Final

from django.db import connection

BEAT: Final = "beat"

# One statement: a holder that is paused in between keeps no lock, and no second one gets through.
_TAKE = """
INSERT INTO jobs_lease AS held (name, holder, fence, expires_at)
VALUES (%(name)s, %(holder)s, 1, clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (name) DO UPDATE SET
    fence = held.fence + (held.holder <> excluded.holder)::int,
    holder = excluded.holder, expires_at = excluded.expires_at
WHERE held.holder = excluded.holder OR held.expires_at <= clock_timestamp()
RETURNING fence
"""
_LEAVE = "UPDATE jobs_lease SET expires_at = clock_timestamp() WHERE name = %s AND holder = %s AND fence = %s"


class Lease:
    """What one process holds of it. ``seconds`` is how long it lasts unless it is renewed."""

    def __init__(
        self, holder: str, *, seconds: float, name: str = BEAT, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name, self.holder, self.seconds, self._clock = name, holder, seconds, clock
        self.fence = 0
        self._until = float("-inf")
        self._renew_at = float("-inf")

    def held(self) -> bool:
        """Whether it surely is ours: by this machine's clock, from before we asked, so it ends here first.

        The clock also runs while the process is stopped: who wakes after a takeover knows at once.
        """
        return self._clock() < self._until

    def take(self) -> bool:
        """Takes or renews it, asking only when a third of its time has passed; whether it is ours."""
        asked = self._clock()
        if self.held() and asked < self._renew_at:
            return True
        values: dict[str, str | float] = {"name": self.name, "holder": self.holder, "seconds": self.seconds}
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, values)
            row = cursor.fetchone()
        if row is None:
            self._until = float("-inf")
            return False
        self.fence = int(row[0])
        self._until, self._renew_at = asked + self.seconds, asked + self.seconds / 3
        return True

    def leave(self) -> None:
        """Gives it up, so that nobody has to wait for its end."""
        if self.fence:
            self._until = float("-inf")
            with connection.cursor() as cursor:
                cursor.execute(_LEAVE, [self.name, self.holder, self.fence])
