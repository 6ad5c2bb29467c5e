"""What the families of one process share: its memory, the way to Redis, and who loads what at this moment."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic, time
from typing import Any, Final

from marketplace.core.cache import background
from marketplace.core.cache.background import Work
from marketplace.core.cache.depends import Collected
from marketplace.core.cache.link import Link
from marketplace.core.cache.local import Local
from marketplace.core.cache.store import Store

# Bytes of memory per process for values at hand.
LOCAL_BYTES: Final = 32 * 1024 * 1024

Place = tuple[str, str]


@dataclass(slots=True, eq=False)
class Flight:
    """One load under way in this process, and what came of it."""

    began: float = field(default_factory=monotonic)
    moment: int = 0
    done: threading.Event = field(default_factory=threading.Event)
    value: Any = None
    collected: Collected = field(default_factory=Collected)
    sound: bool = False
    error: BaseException | None = None


class Flights:
    """At most one load of a value at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[Place, Flight] = {}

    def join(self, place: Place, moment: int) -> tuple[Flight, bool]:
        """The load under way, or a new one that is the caller's to make: True."""
        with self._lock:
            flight = self._open.get(place)
            if flight is not None:
                return flight, False
            flight = self._open[place] = Flight(moment=moment)
            return flight, True

    def land(self, place: Place, flight: Flight) -> None:
        """The load is over: who waited goes on."""
        with self._lock:
            if self._open.get(place) is flight:
                del self._open[place]
        flight.done.set()


class Engine:
    """``submit`` runs a refresh beside the requests; where it is None the caller refreshes itself."""

    def __init__(self, url: str, *, prefix: str, submit: Callable[[Work], bool] | None = None) -> None:
        self.local = Local(most=LOCAL_BYTES)
        self.link = Link(url, prefix=f"{prefix}:cache", in_background=background.crew.submit)
        self.store = Store(self.link)
        self.flights = Flights()
        self.submit = submit
        # Off: families keep nothing, but for those named here, which keep to this process's memory.
        self.enabled = True
        self.in_memory: frozenset[str] = frozenset()
        # Something was changed, and neither Redis nor PostgreSQL heard that it was.
        self.owes = False
        self.clock: Callable[[], float] = time
        self.chance: Callable[[], float] = random.random

    def serves(self, family: str) -> bool:
        """Whether values of the family are remembered at all."""
        return self.enabled or family in self.in_memory

    def forget(self) -> None:
        """Forgets what this process remembers."""
        self.local.clear()


_engines: list[Engine] = []


def configure(url: str, *, prefix: str, in_background: bool) -> Engine:
    """Sets the engine of this process. Call it when the app is ready."""
    made = Engine(url, prefix=prefix, submit=background.crew.submit if in_background else None)
    _engines[:] = [made]
    return made


def engine() -> Engine:
    """The engine of this process."""
    return _engines[0]
