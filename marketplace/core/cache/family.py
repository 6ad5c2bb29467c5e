"""A family of values: one type, one life. The way to get one: memory, Redis, or the database, loaded once."""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, Generic, TypeVar, cast, overload

from marketplace.core.cache import depends as made_of
from marketplace.core.cache.depends import Collected, checked
from marketplace.core.cache.engines import Engine, Flight, Place, engine
from marketplace.core.cache.keeping import Keeper, Load
from marketplace.core.cache.link import LinkDown, Refused
from marketplace.core.cache.packing import Unpacked
from marketplace.core.cache.store import LONGEST_HARD, Lease, Reading
from marketplace.core.cache.terms import LEASE, LOCAL, LOOK_AGAIN, WAIT, Found, Terms, ms
from marketplace.core.cache.touching import EVERYTHING
from marketplace.core.db import in_transaction

T = TypeVar("T")
# What a load gives: the family's type, or that or None.
R = TypeVar("R")
Source = Callable[[], T]
Tags = tuple[str, ...]


class Family(Generic[T]):
    """Made by ``declare``. Keys carry whatever the value depends on: currency, locale, audience."""

    def __init__(self, name: str, type_: type[T], terms: Terms) -> None:
        self.name, self.terms = name, terms
        self.keeper = Keeper(name, type_, terms)
        self.tally = self.keeper.tally

    # --- get or load ------------------------------------------------------------------------------------------------

    def get(self, key: str, load: Callable[[], R], *, depends: Sequence[str] = ()) -> R:
        """The value, loaded by at most one caller of all processes at a time.

        It is shared by everybody who asks: never change it. Inside a transaction nothing is cached, because it would show
        what is not committed. A load that raises keeps nothing, and its error reaches everybody who waited for it.
        """
        here = engine()
        if not here.serves(self.name) or in_transaction():
            self.tally.answer("bypass")
            made_of.spoil()
            return load()
        place = (self.name, key)
        entry = here.local.get(place, here.clock())
        if entry is None:
            return self._together(here, place, load, _with_everything(depends))
        self.tally.local_hit()
        made_of.note(entry.tags, soft_at=entry.soft_at)
        return cast(R, entry.value)

    def _together(self, here: Engine, place: Place, load: Source[R], depends: Tags) -> R:
        """One thread of this process fetches or loads; the others take what it finds."""
        arrived, moment = monotonic(), here.local.moment()
        while True:
            flight, mine = here.flights.join(place, here.local.moment())
            if mine:
                return self._fly(here, place, flight, load, depends)
            if not flight.done.wait(max(0.0, arrived + self.terms.lease - monotonic())):
                # Whoever loads is stuck: this caller does its own work, and keeps none of it.
                made_of.spoil()
                return self.keeper.timed(load)
            if flight.error is not None:
                raise flight.error
            # What began before us may be older than a change that we have seen made.
            if flight.began >= arrived or (flight.sound and flight.moment >= moment):
                self.tally.answer("waited")
                made_of.note(flight.collected.tags, soft_at=flight.collected.soft_at)
                return cast(R, flight.value)

    def _fly(self, here: Engine, place: Place, flight: Flight, load: Source[R], depends: Tags) -> R:
        try:
            value = self._fetch(here, place[1], flight, load, depends)
            flight.value = value
        except BaseException as error:
            flight.error = error
            raise
        finally:
            here.flights.land(place, flight)
        made_of.note(flight.collected.tags, soft_at=flight.collected.soft_at)
        return value

    def _fetch(self, here: Engine, key: str, flight: Flight, load: Source[R], depends: Tags) -> R:
        deadline = monotonic() + self.terms.wait
        lease: Lease | None = None
        try:
            while here.enabled and lease is None and monotonic() < deadline:
                reading, lease = self._asked(here, key, depends)
                found = self.keeper.opened(here, reading)
                if found is not None:
                    return self._serve(here, key, flight, found, reading, load, depends)
                if reading.packed is not None:
                    # Bytes that say nothing: whoever may, loads.
                    lease = here.store.claim(self.keeper.name(key), depends, lease_ms=ms(self.terms.lease))
                if lease is None:
                    flight.done.wait(LOOK_AGAIN)
        except LinkDown:
            self.tally.event("unreachable")
        except Refused:
            self.tally.event("refused")
        self.tally.answer("miss")
        return self._load(here, flight, Load(key, lease, flight.moment, depends=depends), load)

    def _asked(self, here: Engine, key: str, depends: Tags) -> tuple[Reading, Lease | None]:
        reading = here.store.read(self.keeper.name(key), depends, lease_ms=ms(self.terms.lease))
        return reading, reading.lease

    def _serve(
        self,
        here: Engine,
        key: str,
        flight: Flight,
        found: Unpacked[T],
        reading: Reading,
        load: Source[R],
        depends: Tags,
    ) -> R:
        stale = found.soft_at <= here.clock()
        self.tally.answer("stale" if stale else "hit")
        flight.collected.add(reading.tags, soft_at=found.soft_at)
        flight.sound = True
        self.keeper.remember(here, key, flight.moment, found, reading.tags)
        if stale:
            self._refresh(here, key, load, depends)
        return cast(R, found.value)

    def _load(self, here: Engine, flight: Flight, loading: Load[R], load: Source[R]) -> R:
        try:
            value = loading.run(lambda: self.keeper.timed(load))
        except BaseException:
            self.tally.event("load_failed")
            self.keeper.release(here, loading)
            raise
        flight.collected = loading.collected
        flight.sound = self.keeper.keep(here, loading, value)
        return value

    def _refresh(self, here: Engine, key: str, load: Source[R], depends: Tags) -> None:
        """One caller of all processes sees to it that the old value is loaded anew, beside its own request."""
        moment = here.local.moment()
        try:
            lease = here.store.claim(self.keeper.name(key), depends, lease_ms=ms(self.terms.lease))
        except (LinkDown, Refused):
            return
        if lease is None:
            return
        loading: Load[R] = Load(key, lease, moment, depends=depends)
        if here.submit is None:
            self.keeper.refresh(here, loading, load)
        elif not here.submit(lambda: self.keeper.refresh(here, loading, load)):
            self.tally.event("not_queued")
            self.keeper.release(here, loading)

    # --- for whole pages: look first, load elsewhere ----------------------------------------------------------------

    def look(self, key: str) -> Found[T] | None:
        """The value if it is there, without loading it: memory, else one round trip. None also when Redis is away."""
        here = engine()
        if not here.enabled:
            return None
        now = here.clock()
        entry = here.local.get((self.name, key), now)
        if entry is not None:
            self.tally.local_hit()
            return Found(entry.value, entry.soft_at <= now, entry.tags)
        moment = here.local.moment()
        try:
            reading = here.store.look(self.keeper.name(key))
        except (LinkDown, Refused) as error:
            self.tally.event("unreachable" if isinstance(error, LinkDown) else "refused")
            return None
        found = self.keeper.opened(here, reading)
        if found is None:
            return None
        stale = found.soft_at <= now
        self.tally.answer("stale" if stale else "hit")
        self.keeper.remember(here, key, moment, found, reading.tags)
        return Found(found.value, stale, reading.tags)

    def claim(self, key: str, *, depends: Sequence[str] = ()) -> "Claim[T] | None":
        """The right to load the value now; None when somebody else is doing it. Without Redis everybody has it."""
        here, tags = engine(), _with_everything(depends)
        moment = here.local.moment()
        try:
            lease = here.store.claim(self.keeper.name(key), tags, lease_ms=ms(self.terms.lease))
            if lease is None:
                return None
        except (LinkDown, Refused) as error:
            self.tally.event("unreachable" if isinstance(error, LinkDown) else "refused")
            lease = None
        return Claim(self.keeper, Load(key, lease, moment, depends=tags))


class Claim(Generic[T]):
    """The right to load one value: ``run`` its load, then ``keep`` the value or ``drop`` the claim."""

    def __init__(self, keeper: Keeper[T], load: Load[T]) -> None:
        self._keeper, self._load = keeper, load

    def run(self, load: Source[T]) -> T:
        """Calls ``load`` and notes what it read; from the primary when that was changed a moment ago."""
        return self._load.run(lambda: self._keeper.timed(load))

    @property
    def collected(self) -> Collected:
        """What was read inside ``run``."""
        return self._load.collected

    def keep(self, value: T) -> bool:
        """Keeps what was loaded; False when something it is made of was touched meanwhile, or it may not be kept."""
        here = engine()
        self._keeper.tally.answer("miss")
        if not here.enabled:
            self.drop()
            return False
        return self._keeper.keep(here, self._load, value)

    def drop(self) -> None:
        """Lets others load it."""
        self._keeper.release(engine(), self._load)


# --- all of them ----------------------------------------------------------------------------------------------------

_families: dict[str, Family[Any]] = {}


@overload
def declare(
    name: str, type_: type[T], *, soft: float, hard: float, local: float = ..., negative: float | None = ...,
    lease: float = ..., wait: float = ..., compress: bool = ...,
) -> Family[T]: ...  # fmt: skip
@overload
def declare(
    name: str, type_: object, *, soft: float, hard: float, local: float = ..., negative: float | None = ...,
    lease: float = ..., wait: float = ..., compress: bool = ...,
) -> Family[Any]: ...  # fmt: skip
def declare(
    name: str,
    type_: Any,
    *,
    soft: float,
    hard: float,
    local: float = LOCAL,
    negative: float | None = None,
    lease: float = LEASE,
    wait: float = WAIT,
    compress: bool = True,
) -> Family[Any]:
    """The family of that name; call it once, at the top of the module that reads these values. Times are seconds.

    Raises ValueError for a second one of the same name and for lives that make no sense.
    """
    if name in _families:
        raise ValueError(f"Two families are called {name!r}: give one another name.")
    if not 0 <= local <= LOCAL or not 0 < soft < hard <= LONGEST_HARD:
        raise ValueError(f"{name}: memory ≤ {LOCAL:g} s, 0 < soft < hard ≤ {LONGEST_HARD:g} s.")
    terms = Terms(soft, hard, local, min(60.0, soft) if negative is None else negative, lease, wait, compress)
    family: Family[Any] = Family(name, type_, terms)
    _families[name] = family
    return family


def families() -> list[Family[Any]]:
    """All families of this process, by name."""
    return sorted(_families.values(), key=lambda family: family.name)


def _with_everything(depends: Sequence[str]) -> Tags:
    return (EVERYTHING, *(checked(tag) for tag in depends))
