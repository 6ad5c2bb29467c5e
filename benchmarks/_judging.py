"""What the adversarial run showed: rates that should not be there, calls too close together, probes too many."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from benchmarks._liars import HOUSES, is_true
from marketplace.rates.coins import Pair
from marketplace.rates.models import Rate

# A line of benchmarks._pollers.
Event: TypeAlias = Mapping[str, Any]


def invalid() -> list[Rate]:
    """Kept rates that were not true at their time, or whose time was not near."""
    return [
        rate
        for rate in Rate.objects.all()
        if not is_true(Pair(rate.coin, rate.currency), float(rate.price), rate.quoted_at.timestamp())
        or not -302 <= (rate.quoted_at - rate.taken_at).total_seconds() <= 62
    ]


def calls(events: Sequence[Event]) -> dict[str, list[float]]:
    """When each house was called, by those who called."""
    found: dict[str, list[float]] = {house: [] for house in HOUSES}
    for event in events:
        if event["what"] == "called":
            found[str(event["who"])].append(float(event["at"]))
    return found


def closest(events: Sequence[Event]) -> float:
    """Seconds between the two calls to one house that came closest."""
    gaps = [later - earlier for times in calls(events).values() for earlier, later in pairwise(times)]
    return min(gaps, default=float("inf"))


def most_in(events: Sequence[Event], seconds: float) -> int:
    """The most calls to one house within so many seconds."""
    most = 0
    for times in calls(events).values():
        most = max([most, *(sum(begin <= at < begin + seconds for at in times) for begin in times)])
    return most


def probes(events: Sequence[Event], name: str) -> tuple[list[int], int]:
    """Calls in each half-open period; and calls that began while the breaker was open."""
    counts, while_open = [], 0
    for house, times in calls(events).items():
        mine = [(float(event["at"]), str(event["what"])) for event in events if event["who"] == f"{name}-{house}"]
        for (begin, what), (end, _) in pairwise(mine):
            made = sum(begin < at < end for at in times)
            if what == "breaker.half_open":
                counts.append(made)
            elif what == "breaker.open":
                while_open += made
    return counts, while_open
