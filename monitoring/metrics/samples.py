"""What happened per minute, for alerts and pages: counted in memory, written to PostgreSQL beside the requests.

``observe`` and ``level`` cost a lock and a few additions. A background job calls ``flush`` every 10 s; while PostgreSQL
is away the minutes wait here, up to MOST_ENTRIES, and what no longer fits is counted as dropped.
"""

import json
import logging
import math
import os
import re
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from django.db import Error, connection

from monitoring.metrics.instruments import counter
from monitoring.metrics.tally import Tally

logger = logging.getLogger(__name__)

# Names are chosen by us; a mistake that makes one of something foreign must not fill memory or the table.
MOST_NAMES = 64
_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
# Two hours of 16 names.
MOST_ENTRIES = 2_000
MINUTE = 60

Key: TypeAlias = tuple[int, str]

dropped_total = counter("samples_dropped", "Observations for alerts that could not be kept, by reason.", ["reason"])

# Several processes of one kind on one machine share a row: they add to it.
_UPSERT = """
INSERT INTO metrics_sample AS kept (name, minute, instance, count, bad, total, highest, buckets)
SELECT name, to_timestamp(minute), %(instance)s, count, bad, total, highest, buckets
FROM jsonb_to_recordset(%(rows)s::jsonb) AS new(
    name text, minute bigint, count bigint, bad bigint, total float8, highest float8, buckets bigint[])
ORDER BY name, minute
ON CONFLICT (minute, name, instance) DO UPDATE SET
    count = kept.count + excluded.count,
    bad = kept.bad + excluded.bad,
    total = kept.total + excluded.total,
    highest = greatest(kept.highest, excluded.highest),
    buckets = (
        SELECT array_agg(coalesce(old, 0) + coalesce(more, 0) ORDER BY slot)
        FROM unnest(kept.buckets, excluded.buckets) WITH ORDINALITY AS pair(old, more, slot)
    )
"""


class Samples:
    """The minutes that this process has not written yet; ``clock`` gives seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.forget()

    def forget(self) -> None:
        """Empties it: the child of a fork must not write what its parent writes too, nor wait for its parent's lock."""
        self._lock = threading.Lock()
        self._tallies: dict[Key, Tally] = {}
        self._names: set[str] = set()
        self._dropped: dict[str, int] = {}
        self._away = False

    def add(self, name: str, value: float | None, *, bad: bool) -> None:
        """Counts one observation in the minute at hand."""
        if value is not None and not math.isfinite(value):
            value = None
        with self._lock:
            if name not in self._names and not self._admit(name):
                return
            key = (int(self._clock() // MINUTE), name)
            tally = self._tallies.get(key)
            if tally is None:
                self._make_room(1)
                tally = self._tallies[key] = Tally()
            tally.add(value, bad=bad)

    def merge(self, name: str, observed: Tally) -> None:
        """Counts many observations in the minute at hand."""
        with self._lock:
            if name not in self._names and not self._admit(name):
                return
            key = (int(self._clock() // MINUTE), name)
            if key not in self._tallies:
                self._make_room(1)
            self._tallies.setdefault(key, Tally()).merge(observed)

    def _admit(self, name: str) -> bool:
        if len(self._names) >= MOST_NAMES or not _NAME.fullmatch(name):
            self._drop("name", 1)
            return False
        self._names.add(name)
        return True

    def _make_room(self, entries: int) -> None:
        """The oldest minutes go first: an alert looks at the last ones."""
        while self._tallies and len(self._tallies) + entries > MOST_ENTRIES:
            oldest = min(self._tallies)
            self._drop("full", self._tallies.pop(oldest).count)

    def _drop(self, reason: str, count: int) -> None:
        self._dropped[reason] = self._dropped.get(reason, 0) + count
        dropped_total.labels(reason).inc(count)

    def dropped(self) -> dict[str, int]:
        """How many observations this process could not keep, by reason: ``name`` or ``full``."""
        with self._lock:
            return dict(self._dropped)

    def waiting(self) -> int:
        """How many observations are not written yet."""
        with self._lock:
            return sum(tally.count for tally in self._tallies.values())

    def flush(self, instance: str) -> int:
        """Writes what has been counted, in one statement; returns the rows. What cannot be written is kept."""
        with self._lock:
            taken, self._tallies = self._tallies, {}
        if not taken:
            return 0
        try:
            _write(taken, instance)
        except Error as error:
            self._take_back(taken)
            self._say(away=True, error=error)
            return 0
        except BaseException:
            self._take_back(taken)
            raise
        self._say(away=False)
        return len(taken)

    def _take_back(self, taken: dict[Key, Tally]) -> None:
        with self._lock:
            for key, tally in self._tallies.items():
                taken.setdefault(key, Tally()).merge(tally)
            self._tallies = taken
            self._make_room(0)

    def _say(self, *, away: bool, error: Error | None = None) -> None:
        """Once when the database goes and once when it is back, not every 10 s."""
        if away and not self._away:
            logger.warning("samples.waiting", extra={"error": type(error).__name__})
        elif self._away and not away:
            logger.info("samples.written_again")
        self._away = away


def _write(tallies: dict[Key, Tally], instance: str) -> None:
    rows = [
        {
            "name": name,
            "minute": minute * MINUTE,
            "count": tally.count,
            "bad": tally.bad,
            "total": tally.total,
            "highest": tally.highest,
            "buckets": tally.buckets,
        }
        for (minute, name), tally in tallies.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, {"rows": json.dumps(rows), "instance": instance})


def instance() -> str:
    """Who has seen it: the machine (or container) and the kind of process."""
    return f"{socket.gethostname()[:60]}/{os.environ.get('PROCESS_KIND', 'command')[:16]}"


_here = Samples()
os.register_at_fork(after_in_child=_here.forget)


def observe(name: str, *, seconds: float | None = None, bad: bool = False) -> None:
    """Counts one event, with its duration when it has one. Never raises."""
    try:
        _here.add(name, seconds, bad=bad)
    except Exception:
        logger.exception("samples.observe")


def merge(name: str, observed: Tally) -> None:
    """Counts many events that were added up elsewhere. Never raises."""
    try:
        _here.merge(name, observed)
    except Exception:
        logger.exception("samples.merge")


def level(name: str, value: float) -> None:
    """Notes how high something stands now; a minute keeps the mean and the highest. Never raises."""
    observe(name, seconds=value)


def flush(now: datetime) -> int:
    """Writes what this process has counted and returns the rows; with the database away it keeps them and returns 0."""
    return _here.flush(instance())


def dropped() -> dict[str, int]:
    """How many observations this process could not keep, by reason."""
    return _here.dropped()


def minute_of(moment: datetime) -> datetime:
    """The minute in which a moment lies."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)
