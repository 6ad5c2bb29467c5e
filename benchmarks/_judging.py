"""What the adversarial run showed: rates that should not be there, calls too close together, probes too many."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from benchmarks._liars import Liars, is_true
from marketplace.rates.coins import Pair
from marketplace.rates.models import Rate


def invalid() -> list[Rate]:
    """Kept rates that were not true at their time, or whose time was not near."""
    return [
        rate
        for rate in Rate.objects.all()
        if not is_true(Pair(rate.coin, rate.currency), float(rate.price), rate.quoted_at.timestamp())
        or not -302 <= (rate.quoted_at - rate.taken_at).total_seconds() <= 62
    ]


def closest(liars: Liars) -> float:
    """Seconds between the two calls to one house that came closest."""
    gaps = [later - earlier for house in liars.houses.values() for (earlier, _), (later, _) in pairwise(house.calls)]
    return min(gaps, default=float("inf"))


def most_in(liars: Liars, seconds: float) -> int:
    """The most calls to one house within so many seconds."""
    most = 0
    for house in liars.houses.values():
        times = [at for at, _ in house.calls]
        most = max([most, *(sum(begin <= at < begin + seconds for at in times) for begin in times)])
    return most


def probes(liars: Liars, events: Sequence[Mapping[str, Any]], name: str) -> tuple[list[int], int]:
    """Calls in each half-open period, by the houses' own log; and calls that came while the breaker was open."""
    counts, while_open = [], 0
    for house in liars.houses.values():
        mine = [(float(event["at"]), str(event["what"])) for event in events if event["who"] == f"{name}-{house.name}"]
        for (begin, what), (end, _) in pairwise(mine):
            calls = sum(begin < at < end for at, _ in house.calls)
            if what == "breaker.half_open":
                counts.append(calls)
            elif what == "breaker.open":
                while_open += calls
    return counts, while_open
