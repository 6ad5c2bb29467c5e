"""Requests that are answered in microseconds: noted as they come, counted together every second.

A counter that several processes add up costs more than such an answer does. What the figures say is the same, a second
later; a process that is killed takes its last second along.
"""

from bisect import bisect_right
from collections import deque
from typing import Final, TypeAlias

from prometheus_client import Histogram

from monitoring.metrics import routes, samples
from monitoring.metrics.instruments import counter
from monitoring.metrics.middleware import duration, requests_total
from monitoring.metrics.tally import Tally

# Route, method, status, seconds, variant.
Answered: TypeAlias = tuple[str, str, int, float, str]

whole_pages_total = counter(
    "whole_pages", "Pages answered before Django, by what they were made for: shared, local or guest.", ["variant"]
)
EVERY: Final = 1.0
_waiting: deque[Answered] = deque()


def note(route: str, method: str, status: int, seconds: float, variant: str) -> None:
    """One answered request; ``variant`` is what the page was made for."""
    _waiting.append((route, method, status, seconds, variant))


def flush(now: object = None) -> int:
    """Counts what has been noted; returns how many that were."""
    taken = len(_waiting)
    groups: dict[tuple[str, str, int, str], list[float]] = {}
    for _ in range(taken):
        route, method, status, seconds, variant = _waiting.popleft()
        groups.setdefault((route, method, status, variant), []).append(seconds)
    tally = Tally()
    for (route, method, status, variant), times in groups.items():
        label = routes.known(route or "/")
        requests_total.labels(label, method, routes.class_of(status)).inc(len(times))
        whole_pages_total.labels(variant).inc(len(times))
        times.sort()
        _observe(duration.labels(label), times)
        tally.add_sorted(times)
    if taken:
        samples.merge("request", tally)
    return taken


def _observe(timer: Histogram, times: list[float]) -> None:
    """The library's ``observe`` for each value, smallest first, with one addition per bucket and one to the sum."""
    start = 0
    for bucket, bound in zip(timer._buckets, timer._upper_bounds, strict=True):
        end = bisect_right(times, bound, start)
        if end > start:
            bucket.inc(end - start)
            start = end
    timer._sum.inc(sum(times))
