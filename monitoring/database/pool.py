"""The connection pool of this process: how full it is, who waits, and for how long."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DEFAULT_DB_ALIAS, connections

from monitoring.metrics import samples
from monitoring.metrics.instruments import counter, gauge

size = gauge("db_pool_connections", "Connections of the pool, by what they do.", ["state"])
most = gauge("db_pool_max_connections", "The most connections that the pool opens.")
waiting = gauge("db_pool_waiting", "Threads that wait for a connection now.")
waits_total = counter("db_pool_waits", "Requests for a connection that had to wait.")
waited_seconds = counter("db_pool_waited_seconds", "Time spent waiting for a connection.")
errors_total = counter("db_pool_errors", "Connections asked for and not got, lost, or not established.", ["what"])


@dataclass(frozen=True, slots=True)
class PoolState:
    """``in_use`` of at most ``limit``; the counts and the milliseconds are since the start of the process."""

    limit: int
    open: int
    in_use: int
    waiting: int
    waits: int
    waited_ms: int
    errors: int
    lost: int
    failed_to_connect: int

    @property
    def share(self) -> float:
        """How much of the pool is in use, 0 to 1. A thread that waits while the pool may still grow does not make it full."""
        return min(1.0, self.in_use / self.limit)


@dataclass
class _Seen:
    """The counts that were added to the instruments already, and whether threads waited at the last look."""

    counts: dict[str, float] = field(default_factory=dict)
    waited: bool = False

    def more(self, name: str, count: float) -> float:
        before = self.counts.get(name, 0)
        self.counts[name] = count
        # A pool that was closed and opened again counts from zero.
        return count - before if count >= before else count

    def level(self, state: PoolState) -> float:
        """How full the pool is. An idle pool keeps few connections and makes more in milliseconds, while threads wait:
        only who waits at two looks in a row waits for a pool that cannot grow."""
        waited, self.waited = self.waited, state.waiting > 0
        return 1.0 if waited and self.waited else state.share


_seen = _Seen()


def pool_state(alias: str = DEFAULT_DB_ALIAS) -> PoolState | None:
    """The pool as it is now; None in a process without one (workers and commands). Asks nothing of PostgreSQL."""
    pool = getattr(connections[alias], "pool", None)
    return None if pool is None else _state(pool.get_stats())


def measure(now: datetime) -> None:
    """Brings the instruments up to date and notes the level for alerts."""
    state = pool_state()
    if state is None:
        return
    size.labels("in_use").set(state.in_use)
    size.labels("idle").set(max(0, state.open - state.in_use))
    most.set(state.limit)
    waiting.set(state.waiting)
    waits_total.inc(_seen.more("waits", state.waits))
    waited_seconds.inc(_seen.more("waited", state.waited_ms / 1000))
    errors_total.labels("not_got").inc(_seen.more("errors", state.errors))
    errors_total.labels("lost").inc(_seen.more("lost", state.lost))
    errors_total.labels("not_connected").inc(_seen.more("failed", state.failed_to_connect))
    samples.level("pool", _seen.level(state))


def _state(stats: Mapping[str, int]) -> PoolState:
    """psycopg's counters appear once they are not zero."""
    opened = stats.get("pool_size", 0)
    return PoolState(
        limit=max(1, stats.get("pool_max", 1)),
        open=opened,
        in_use=max(0, opened - stats.get("pool_available", 0)),
        waiting=stats.get("requests_waiting", 0),
        waits=stats.get("requests_queued", 0),
        waited_ms=stats.get("requests_wait_ms", 0),
        errors=stats.get("requests_errors", 0),
        lost=stats.get("connections_lost", 0),
        failed_to_connect=stats.get("connections_errors", 0),
    )
