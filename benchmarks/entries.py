"""The shape of a figure, and the small statistics that all benchmarks share."""

import statistics
import time
from collections.abc import Callable
from typing import TypedDict


class Entry(TypedDict):
    """``target`` is text such as "<= 500"; ``reference`` says what it was measured beside, or None."""

    value: float
    unit: str
    target: str
    ok: bool
    reference: str | float | None


def at_most(value: float, limit: float, unit: str, reference: str | float | None = None) -> Entry:
    """A figure that is good when it is small."""
    return Entry(value=round(value, 4), unit=unit, target=f"<= {limit:g}", ok=value <= limit, reference=reference)


def at_least(value: float, limit: float, unit: str, reference: str | float | None = None) -> Entry:
    """A figure that is good when it is large."""
    return Entry(value=round(value, 4), unit=unit, target=f">= {limit:g}", ok=value >= limit, reference=reference)


def milliseconds(call: Callable[[], object], *, runs: int, warm_up: int = 3) -> list[float]:
    """Wall times of ``runs`` calls in milliseconds, sorted, after ``warm_up`` calls that do not count."""
    for _ in range(warm_up):
        call()
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        call()
        times.append((time.perf_counter() - begin) * 1000)
    return sorted(times)


def p95(sorted_values: list[float]) -> float:
    """The 95th percentile of sorted values (nearest rank)."""
    return sorted_values[min(len(sorted_values) - 1, round(0.95 * len(sorted_values)) - 1)]


def p50(values: list[float]) -> float:
    """The median."""
    return statistics.median(values)
