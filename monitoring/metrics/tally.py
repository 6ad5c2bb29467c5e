"""The arithmetic of samples: what is kept of many observations, how two of them add up, and what they say."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

# Upper edges, each a half larger than the last; the limits that alerts speak of (0.5, 1, 2, 5) are among them.
EDGES = (
    0.001, 0.0015, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7,
    1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0,
)  # fmt: skip
SLOTS = len(EDGES) + 1


@dataclass(slots=True)
class Tally:
    """Observations added up; ``buckets`` counts those that had a value by EDGES, the last those above them all."""

    count: int = 0
    bad: int = 0
    total: float = 0.0
    highest: float | None = None
    buckets: list[int] = field(default_factory=lambda: [0] * SLOTS)

    def add(self, value: float | None, *, bad: bool) -> None:
        """One observation; a value of None counts it without a size."""
        self.count += 1
        self.bad += bad
        if value is not None:
            self.total += value
            self.highest = value if self.highest is None or value > self.highest else self.highest
            self.buckets[bisect_left(EDGES, value)] += 1

    def add_sorted(self, values: Sequence[float]) -> None:
        """Observations without a fault, smallest first: ``add`` for each, with one addition per bucket."""
        if not values:
            return
        self.count += len(values)
        self.total += sum(values)
        self.highest = values[-1] if self.highest is None else max(self.highest, values[-1])
        start = 0
        for slot, edge in enumerate(EDGES):
            end = bisect_right(values, edge, start)
            self.buckets[slot] += end - start
            start = end
        self.buckets[-1] += len(values) - start

    def merge(self, other: "Tally") -> None:
        """Takes in what the other has counted."""
        self.count += other.count
        self.bad += other.bad
        self.total += other.total
        if other.highest is not None:
            self.highest = other.highest if self.highest is None else max(self.highest, other.highest)
        self.buckets = [mine + theirs for mine, theirs in zip(self.buckets, other.buckets, strict=True)]


def quantile(q: float, buckets: Sequence[int], highest: float | None) -> float | None:
    """The value below which the share ``q`` of the sized observations lie, straight between two edges; None without any.

    Never more than ``highest``. Raises ValueError when q is not in 0..1.
    """
    if not 0 <= q <= 1:
        raise ValueError(f"A quantile is between 0 and 1, not {q!r}: write 0.95 for the 95th percentile.")
    sized = sum(buckets)
    if not sized or highest is None:
        return None
    wanted, below = q * sized, 0
    for slot, count in enumerate(buckets):
        if count and below + count >= wanted:
            floor = EDGES[slot - 1] if slot else 0.0
            ceiling = EDGES[slot] if slot < len(EDGES) else highest
            return min(floor + (ceiling - floor) * (wanted - below) / count, highest)
        below += count
    return highest
