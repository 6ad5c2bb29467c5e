"""Keeping what was loaded: in Redis while its lease and its generations hold, and in this process's memory."""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from time import monotonic
from typing import Any, Generic, TypeVar

from marketplace.core import replica
from marketplace.core.cache import depends as made_of
from marketplace.core.cache.depends import Collected
from marketplace.core.cache.engines import Engine
from marketplace.core.cache.figures import Tally
from marketplace.core.cache.link import LinkDown, Refused
from marketplace.core.cache.local import Entry
from marketplace.core.cache.packing import Misfit, Packer, TooLarge, Unpacked
from marketplace.core.cache.store import Lease, Reading, named
from marketplace.core.cache.terms import JITTER, RETRY, STALE_LOCAL, Terms, ms

T = TypeVar("T")
R = TypeVar("R")
logger = logging.getLogger(__name__)

# What an entry takes in memory beside its packed size, and how much larger objects are than their bytes.
_ENTRY, _OBJECTS = 600, 3


class Load(Generic[T]):
    """One load of one value: under which lease, since which moment of this process, made of what."""

    __slots__ = ("collected", "key", "lease", "moment", "replicated")

    def __init__(self, key: str, lease: Lease | None, moment: int, *, depends: tuple[str, ...]) -> None:
        self.key, self.lease, self.moment = key, lease, moment
        self.collected = Collected()
        self.collected.add(lease.tags if lease else dict.fromkeys(depends, ""))
        self.replicated = False

    def run(self, load: Callable[[], T]) -> T:
        """Calls ``load``, from the primary when what it reads was changed a moment ago or nobody can say."""
        doubtful = self.lease is None or self.lease.recent
        with made_of.alone(self.collected), replica.primary() if doubtful else nullcontext():
            self.replicated = replica.reading()
            return load()


class Keeper(Generic[T]):
    """The values of one family on their way in and out of memory and Redis."""

    def __init__(self, family: str, type_: type[T], terms: Terms) -> None:
        self.family, self.terms, self.tally = family, terms, Tally(family)
        self._type = type_
        self._packer: Packer[T] | None = None

    @property
    def packer(self) -> Packer[T]:
        """Made at the first use: a type may be complete only then."""
        if self._packer is None:
            self._packer = Packer(self._type, compress=self.terms.compress)
        return self._packer

    def name(self, key: str) -> str:
        """The value's name in Redis."""
        return named(self.family, self.packer.shape, key)

    def opened(self, here: Engine, reading: Reading) -> Unpacked[T] | None:
        """The value in the bytes; None when there are none, when they do not fit, or when their time is over."""
        if reading.packed is None:
            return None
        try:
            found = self.packer.unpack(reading.packed)
        except Misfit:
            self.tally.event("misfit")
            return None
        return found if found.hard_at > here.clock() else None

    def remember(self, here: Engine, key: str, moment: int, found: Unpacked[T], tags: dict[str, str]) -> None:
        """Puts a value into memory, unless what it is made of was touched here after ``moment``."""
        if not self.terms.local:
            return
        now = here.clock()
        until = min(now + self.terms.local, found.soft_at) if found.soft_at > now else now + STALE_LOCAL
        entry = Entry(found.value, min(until, found.hard_at), found.soft_at, tags, _ENTRY + _OBJECTS * found.size)
        here.local.put((self.family, key), entry, since=moment)

    def timed(self, load: Callable[[], R]) -> R:
        """Calls ``load`` and notes how long it took."""
        began = monotonic()
        value = load()
        self.tally.loaded(began)
        return value

    def keep(self, here: Engine, load: "Load[Any]", value: Any) -> bool:
        """Keeps a loaded value; False when something it is made of was touched meanwhile, or it may not be kept."""
        collected = load.collected
        if collected.spoiled:
            self.release(here, load)
            return False
        soft_at, hard_at = self._ends(here, value, collected)
        try:
            packed, size = self.packer.pack(value, soft_at=soft_at, hard_at=hard_at)
        except TooLarge:
            self.tally.event("too_large")
            self.release(here, load)
            return True
        if load.lease is not None and not self._put(here, load, load.lease, packed, ms(hard_at - here.clock())):
            return False
        collected.soft_at = soft_at
        self.remember(here, load.key, load.moment, Unpacked(value, soft_at, hard_at, size), dict(collected.tags))
        return True

    def _put(self, here: Engine, load: "Load[Any]", lease: Lease, packed: bytes, life_ms: int) -> bool:
        tags = load.collected.tags
        try:
            verdict, generations = here.store.keep(
                self.name(load.key), lease, packed, tags, life_ms=life_ms, replica=load.replicated
            )
        except LinkDown:
            self.tally.event("unreachable")
            return True
        except Refused:
            self.tally.event("refused")
            return True
        if verdict != "kept":
            self.tally.event(verdict)
            return verdict == "older"
        tags.update(generations)
        return True

    def _ends(self, here: Engine, value: T | None, collected: Collected) -> tuple[float, float]:
        """Soft and hard end of a value loaded now: spread a little, and not fresher than what it is made of."""
        now, terms = here.clock(), self.terms
        soft = (terms.negative if value is None else terms.soft) * (1 - JITTER * here.chance())
        hard = soft if value is None else terms.hard
        return min(now + soft, max(collected.soft_at, now + STALE_LOCAL)), now + hard

    def release(self, here: Engine, load: "Load[Any]", *, after: float = 0.0) -> None:
        """Lets others load the value, at once or after so many seconds."""
        if load.lease is None:
            return
        try:
            here.store.release(self.name(load.key), load.lease, after_ms=ms(after))
        except (LinkDown, Refused):
            return

    def refresh(self, here: Engine, load: "Load[Any]", source: Callable[[], object]) -> None:
        """Loads an old value anew; when that fails it is shown on, until its hard end."""
        try:
            value = load.run(lambda: self.timed(source))
        except Exception:
            self.tally.event("refresh_failed")
            self.release(here, load, after=RETRY)
            logger.warning("cache.refresh_failed", extra={"code": self.family}, exc_info=True)
            return
        self.tally.event("refresh")
        self.keep(here, load, value)
