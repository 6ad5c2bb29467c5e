"""Requests that are answered in microseconds: noted as they come, counted together every second.

A counter that several processes add up costs more than such an answer does. What the figures say is the same, a second
later; a process that is killed takes its last second along.
"""

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
    counts: dict[tuple[str, str, str], int] = {}
    variants: dict[str, int] = {}
    times: dict[str, list[float]] = {}
    tally, taken = Tally(), len(_waiting)
    for _ in range(taken):
        route, method, status, seconds, variant = _waiting.popleft()
        label = routes.known(route or "/")
        key = (label, method, routes.class_of(status))
        counts[key] = counts.get(key, 0) + 1
        variants[variant] = variants.get(variant, 0) + 1
        times.setdefault(label, []).append(seconds)
        tally.add(seconds, bad=False)
    for labels, count in counts.items():
        requests_total.labels(*labels).inc(count)
    for variant, count in variants.items():
        whole_pages_total.labels(variant).inc(count)
    for label, seconds_of in times.items():
        _observe(duration.labels(label), seconds_of)
    if taken:
        samples.merge("request", tally)
    return taken


def _observe(timer: Histogram, values: list[float]) -> None:
    """The library's ``observe`` for each value, with one addition per bucket and one to the sum."""
    values.sort()
    start = 0
    for bucket, bound in zip(timer._buckets, timer._upper_bounds, strict=True):
        end = start
        while end < len(values) and values[end] <= bound:
            end += 1
        if end > start:
            bucket.inc(end - start)
            start = end
    timer._sum.inc(sum(values))
