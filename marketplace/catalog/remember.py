"""Small answers that every page needs, remembered in this process for a few seconds."""

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from monitoring.metrics.cache import local_hits, local_misses

T = TypeVar("T")

_all: list["Remembered[Any]"] = []


class Remembered(Generic[T]):
    """Calls ``load`` at most every ``seconds``; two threads that find it stale may both call it, which is harmless."""

    def __init__(self, load: Callable[[], T], *, seconds: float) -> None:
        self._load = load
        self._seconds = seconds
        self._held: tuple[float, T] | None = None
        _all.append(self)

    def __call__(self) -> T:
        held = self._held
        if held is not None and time.monotonic() < held[0]:
            local_hits.inc()
            return held[1]
        local_misses.inc()
        value = self._load()
        self._held = (time.monotonic() + self._seconds, value)
        return value

    def forget(self) -> None:
        """Makes the next call load anew."""
        self._held = None


def forget_all() -> None:
    """Makes every remembered answer of this process load anew: after a change that must show at once, and in tests."""
    for remembered in _all:
        remembered.forget()
