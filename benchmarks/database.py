"""What the watch over statements costs: the time of a small SELECT with it and without, and the watch by itself."""

import time

from benchmarks.entries import Entry, at_most, p50

NAMES = ("database.",)
STATEMENTS = 4000


def run() -> dict[str, Entry]:
    """The ratio of the medians, statements taken in turn, and the microseconds per statement."""
    from django.db import connection

    from monitoring.database import watch

    times: dict[bool, list[float]] = {True: [], False: []}
    with connection.cursor() as cursor:
        for number in range(2 * STATEMENTS):
            watched = number % 2 == 0
            connection.execute_wrappers[:] = [watch.timed] if watched else []
            begin = time.perf_counter()
            cursor.execute("SELECT 1")
            times[watched].append(time.perf_counter() - begin)
        connection.execute_wrappers[:] = [watch.timed]
    plain = p50(times[False]) * 1e6
    alone = _alone()
    return {
        "database.watch_ratio": at_most(
            p50(times[True]) / p50(times[False]), 1.05, "× a SELECT 1", f"{plain:.0f} µs without the watch"
        ),
        "database.watch_cost": at_most(alone, 5, "µs per statement", f"{plain:.0f} µs for a SELECT 1"),
    }


def _alone(runs: int = 100_000) -> float:
    """Microseconds per call of the watch around nothing, less the nothing."""
    from monitoring.database import watch

    context: dict[str, object] = {}
    begin = time.perf_counter()
    for _ in range(runs):
        _nothing("", None, False, context)
    plain = time.perf_counter() - begin
    begin = time.perf_counter()
    for _ in range(runs):
        watch.timed(_nothing, "", None, False, context)
    return (time.perf_counter() - begin - plain) / runs * 1e6


def _nothing(sql: str, params: object, many: bool, context: dict[str, object]) -> None:
    """A statement that takes no time."""
