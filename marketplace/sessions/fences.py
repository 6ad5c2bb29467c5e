"""What this process knows of ended and rewritten sessions, from PostgreSQL: Redis may have slept through it.

No copy is believed by a process that has not asked for news within ``HARD`` seconds. One small query a second, and none
while nobody is signed in, is what it takes that a sign-out holds when Redis missed it: paused, cut off from one of us, or
brought back from an old snapshot.
"""

import threading
from collections.abc import Sequence
from time import monotonic
from typing import Final

from django.db import connection

from marketplace.sessions.policy import policy

# Larger than any version: nothing of the session is believed any more.
ENDED: Final = 2**62
# Seconds. News older than SOFT are asked for by one request, while the others go on; older than HARD, by each.
SOFT: Final = 1.0
HARD: Final = 2.0
# News are read again for as long as a transaction may take to commit them; after a longer silence, all that matter.
_OVERLAP: Final = 120
_SILENCE: Final = 60.0

_NEWS = """
SELECT session_key, version FROM hall_sessions_copyfence
WHERE created_at > clock_timestamp() - %s * interval '1 second'
"""
_RAISE = """
INSERT INTO hall_sessions_copyfence (session_key, version, created_at)
SELECT digest, %s, clock_timestamp() FROM unnest(%s::text[]) AS digest ORDER BY digest
ON CONFLICT (session_key) DO UPDATE
SET version = greatest(hall_sessions_copyfence.version, excluded.version), created_at = excluded.created_at
"""


class Fences:
    """The lowest version that is believed, by digest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._known: dict[str, tuple[int, float]] = {}
        self._asked_at: float | None = None

    def allows(self, digest: str, version: int) -> bool:
        """Whether a copy of this version may be believed. Raises what PostgreSQL raises when there are no news."""
        if self._age() > SOFT and self._asking.acquire(blocking=False):
            try:
                self._ask()
            finally:
                self._asking.release()
        elif self._age() > HARD:
            # Whoever waits for a database that does not answer waits for itself, not behind all the others.
            self._ask()
        lowest, _ = self._known.get(digest, (0, 0.0))
        return version >= lowest

    def note(self, digest: str, version: int) -> None:
        """What this process has done itself."""
        with self._lock:
            self._note(digest, version, monotonic())

    def _age(self) -> float:
        return float("inf") if self._asked_at is None else monotonic() - self._asked_at

    def _ask(self) -> None:
        """Reads the news. Their age counts from before the question."""
        begin = monotonic()
        kept = kept_seconds()
        since = kept if self._age() > _SILENCE else _OVERLAP
        with connection.cursor() as cursor:
            cursor.execute(_NEWS, [since])
            news = cursor.fetchall()
        with self._lock:
            for digest, version in news:
                self._note(digest, version, begin)
            self._known = {digest: (low, at) for digest, (low, at) in self._known.items() if at > begin - kept}
            self._asked_at = begin

    def _note(self, digest: str, version: int, at: float) -> None:
        lowest, _ = self._known.get(digest, (0, 0.0))
        self._known[digest] = (max(lowest, version), at)


fences: Final = Fences()


def raise_fences(digests: Sequence[str], version: int) -> None:
    """Part of the open transaction: from its commit on, no copies below ``version`` are believed."""
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, [version, list(digests)])


def kept_seconds() -> int:
    """For how long a fence matters: the life of a copy, and a while for clocks that differ."""
    return int(policy().copy.total_seconds()) + 300
