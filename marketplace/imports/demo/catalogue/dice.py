"""Repeatable chance: the same name and seed give the same rolls on every machine and Python version."""

import hashlib
import math
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")

_MASK = (1 << 64) - 1


class Dice:
    """A splitmix64 stream named by text, so that one family's rolls never shift another's."""

    def __init__(self, name: str, seed: int) -> None:
        digest = hashlib.blake2b(f"{name}/{seed}".encode(), digest_size=8).digest()
        self._state = int.from_bytes(digest, "big")

    def bits(self) -> int:
        """Return the next 64 random bits (constants of Steele, Lea and Flood's splitmix64)."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def unit(self) -> float:
        """Return a number in [0, 1)."""
        return (self.bits() >> 11) / (1 << 53)

    def between(self, low: float, high: float) -> float:
        """Return a number in [low, high)."""
        return low + (high - low) * self.unit()

    def whole(self, low: int, high: int) -> int:
        """Return an integer from low to high, both included."""
        return low + self.bits() % (high - low + 1)

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self.unit() < probability

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one of the items."""
        return items[self.bits() % len(items)]

    def weighted(self, items: Sequence[Item], weights: Sequence[float]) -> Item:
        """Return one of the items, each as likely as its weight."""
        mark = self.unit() * sum(weights)
        for item, weight in zip(items, weights, strict=True):
            mark -= weight
            if mark < 0:
                return item
        return items[-1]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """Return the items in a new order."""
        order = list(items)
        for place in range(len(order) - 1, 0, -1):
            other = self.bits() % (place + 1)
            order[place], order[other] = order[other], order[place]
        return order

    def sample(self, items: Sequence[Item], count: int) -> list[Item]:
        """Return `count` different items (all of them if there are fewer)."""
        return self.shuffled(items)[:count]

    def skewed(self, median: float, spread: float) -> float:
        """Return a log-normal number with this median; `spread` is the deviation of its logarithm."""
        normal = math.sqrt(-2 * math.log(1 - self.unit())) * math.cos(math.tau * self.unit())
        return median * math.exp(spread * normal)
