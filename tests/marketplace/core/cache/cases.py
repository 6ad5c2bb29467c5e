"""Families, sources and clocks of the cache's tests."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar

from prometheus_client import REGISTRY

from marketplace.core import cache
from marketplace.core.cache.background import Work
from marketplace.core.cache.family import Family
from marketplace.core.cache.figures import ANSWERS
from marketplace.core.cache.terms import Terms

T = TypeVar("T")
_numbers = count(1)


def family(type_: Any, *, soft: float = 100.0, hard: float = 200.0, **terms: float) -> "Family[Any]":
    """A family of this test alone; it is in no register."""
    return Family(f"test{next(_numbers)}", type_, Terms(soft, hard, **terms))


class Source:
    """Gives these one after another; raises those that are errors."""

    def __init__(self, values: Iterable[Any]) -> None:
        self._values = iter(values)
        self.calls = 0

    def __call__(self) -> Any:
        self.calls += 1
        value = next(self._values)
        if isinstance(value, Exception):
            raise value
        return value


@dataclass
class Clock:
    at: float

    def __call__(self) -> float:
        return self.at


def clock_at(engine: cache.Engine, at: float) -> Clock:
    """A clock that moves by hand; values of one moment end together."""
    clock = Clock(at)
    engine.clock, engine.chance = clock, lambda: 0.0
    return clock


def queued(jobs: list[Work]) -> Callable[[Work], bool]:
    """A background that works when the test says so."""

    def submit(work: Work) -> bool:
        jobs.append(work)
        return True

    return submit


def answered(of: "Family[Any]") -> dict[str, int]:
    """How the family has answered, so far."""
    of.tally.write_down(now=0.0)
    found = {kind: _value("awning_cache_answers_total", family=of.name, answer=kind) for kind in ANSWERS}
    return {kind: number for kind, number in found.items() if number}


def events(of: "Family[Any]", event: str) -> int:
    """How often that befell values of the family."""
    return _value("awning_cache_events_total", family=of.name, event=event)


def _value(name: str, **labels: str) -> int:
    return int(REGISTRY.get_sample_value(name, labels) or 0)
