"""The policy table: which tiers there are, what they count by, and which requests they guard."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, TypeAlias

from django.http import HttpRequest

from monitoring.limits.rates import Window

# user: who is signed in. address: the client's network. client: the user, else the network.
# account: whom a sign-in is about, signed in or not.
Key: TypeAlias = Literal["user", "address", "client", "account"]
Algorithm: TypeAlias = Literal["sliding", "fixed", "concurrent"]
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# What every request counts in, as a stranger or as who is signed in.
BURST, ANONYMOUS, USER = "burst", "anonymous", "user"
PLACES_ADDRESS, PLACES_USER = "concurrent-address", "concurrent-user"
GENERAL = frozenset({BURST, ANONYMOUS, USER, PLACES_ADDRESS, PLACES_USER})


@dataclass(frozen=True, slots=True)
class Tier:
    """One line of the table.

    ``guarded`` tiers are counted in the process while the store is away, the others let everybody through.
    ``spared`` tiers are skipped for addresses on the allow list. ``scales``: tightened when the hall is busy.
    ``alone`` counts instead of what every request counts, not besides it.
    """

    name: str
    rate: tuple[Window, ...]
    key: tuple[Key, ...]
    algorithm: Algorithm = "sliding"
    guarded: bool = False
    spared: bool = True
    scales: bool = False
    alone: bool = False

    def __post_init__(self) -> None:
        if not self.rate or not self.key:
            raise ValueError(f"Tier {self.name!r} needs a rate and a key.")
        if self.algorithm == "fixed" and not (self.alone and len(self.rate) == len(self.key) == 1):
            # Its count is no part of the one atomic call, so nothing may depend on both.
            raise ValueError(f"Tier {self.name!r}: a fixed window stands alone, with one rate and one key.")


@dataclass(frozen=True, slots=True)
class Mark:
    """A tier on a route: for these methods (empty: all), when ``when`` says so; ``account`` names the form's fields."""

    tier: str
    methods: frozenset[str] = frozenset()
    when: Callable[[HttpRequest], bool] | None = None
    account: tuple[str, ...] = ()

    def applies(self, request: HttpRequest) -> bool:
        """Whether the request counts here."""
        if self.methods and request.method not in self.methods:
            return False
        return self.when is None or self.when(request)


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that the limits are told from outside.

    ``routes`` are marks by URL name; ``exempt`` are paths, or prefixes where they end in ``*``, which cost and count
    nothing; ``problems`` are prefixes that are answered in JSON. ``processes``: how many share a local limit.
    """

    tiers: Mapping[str, Tier]
    store_url: str = field(repr=False)
    secret: bytes = field(repr=False)
    routes: Mapping[str, tuple[Mark, ...]] = field(default_factory=dict)
    exempt: tuple[str, ...] = ()
    problems: tuple[str, ...] = ("/api/",)
    session_cookie: str = "sessionid"
    processes: int = 1

    def __post_init__(self) -> None:
        unknown = {mark.tier for marks in self.routes.values() for mark in marks} - self.tiers.keys()
        if missing := GENERAL - self.tiers.keys():
            raise ValueError(f"The table lacks tiers that every request counts in: {sorted(missing)}.")
        if unknown:
            raise ValueError(f"Routes name tiers that are not in the table: {sorted(unknown)}.")

    def is_exempt(self, path: str) -> bool:
        """Whether requests of this path are never counted."""
        exact, prefixes = _told_apart(self.exempt)
        return path in exact or path.startswith(prefixes)


@lru_cache(maxsize=16)
def _told_apart(exempt: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Whole paths and prefixes: asked by every request."""
    prefixes = tuple(rule[:-1] for rule in exempt if rule[-1] == "*")
    return frozenset(rule for rule in exempt if rule[-1] != "*"), prefixes
