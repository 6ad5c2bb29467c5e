"""What is counted of each family: how it answers, how long its loads take, and what goes wrong."""

import threading
from itertools import count
from time import monotonic

from marketplace.core.cache.local import Local
from monitoring.metrics import cache as tiers
from monitoring.metrics.instruments import counter, histogram

# hit_local, hit, stale, miss (loaded), waited (got what another loaded), bypass (inside a transaction).
ANSWERS = ("hit_local", "hit", "stale", "miss", "waited", "bypass")
# What befell values: see docs/operations/cache.md.
EVENTS = (
    "refresh", "refresh_failed", "load_failed", "touched", "older", "too_large", "misfit", "unreachable", "refused",
    "not_queued",
)  # fmt: skip

_ANSWERS = counter("cache_answers", "Answers of the cache by family: hit_local, hit, stale, miss, waited, bypass.",
                   ["family", "answer"])  # fmt: skip
_EVENTS = counter("cache_events", "What befell values of a family, by what.", ["family", "event"])
_LOADS = histogram("cache_load_seconds", "Time to load a value of the family from PostgreSQL.", ["family"])
_REDIS = histogram(
    "cache_redis_seconds", "Round trips to Redis by the cache.", ["step"],
    buckets=(0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 0.5),
)  # fmt: skip
evicted_total = counter("cache_local_evictions", "Values that left a process's memory for want of room.")


class Tally:
    """Counts of one family. Hits in memory are counted without a lock and written down now and then."""

    def __init__(self, family: str) -> None:
        self._answers = {answer: _ANSWERS.labels(family, answer) for answer in ANSWERS}
        self._events = {event: _EVENTS.labels(family, event) for event in EVENTS}
        self._loads = _LOADS.labels(family)
        # next() on a count is one step of the interpreter: no hit is lost between two threads.
        self._local = count()
        self.local_hit = self._local.__next__
        self._told = 0
        self._due = 0.0
        self._lock = threading.Lock()

    def answer(self, kind: str) -> None:
        """One answer that was not found in memory."""
        self._answers[kind].inc()
        if kind == "miss":
            tiers.family_misses.inc()
        elif kind != "bypass":
            tiers.family_hits.inc()
        self.write_down()

    def event(self, kind: str) -> None:
        """Something befell a value."""
        self._events[kind].inc()
        if kind == "unreachable":
            tiers.family_errors.inc()

    def loaded(self, began: float) -> None:
        """A load that began at this moment of ``monotonic`` has ended."""
        self._loads.observe(monotonic() - began)

    def write_down(self, *, now: float | None = None) -> None:
        """Adds the hits in memory since the last time to the metrics, once a second at most unless ``now`` is given."""
        moment = monotonic() if now is None else now
        if now is None and moment < self._due:
            return
        with self._lock:
            self._due = moment + 1.0
            # A copy, so that looking at the number does not move it.
            reached = int(self._local.__reduce__()[1][0])
            new, self._told = reached - self._told, reached
        if new > 0:
            self._answers["hit_local"].inc(new)
            tiers.family_hits.inc(new)


def round_trip(step: str, began: float) -> None:
    """A round trip that began at this moment of ``monotonic``."""
    _REDIS.labels(step).observe(monotonic() - began)


def write_down_evictions(local: Local) -> None:
    """Adds what has left memory since the last time."""
    gone, local.evicted = local.evicted, 0
    if gone:
        evicted_total.inc(gone)
