"""One question per request: may it pass? Answered by the store, or without it by SAFETY's failure policy."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from typing import Literal, TypeAlias

from monitoring.limits import fixed, instruments
from monitoring.limits.keys import Who, masked, name, subjects
from monitoring.limits.local import LocalCount
from monitoring.limits.store import Entry, Store, StoreAway, Verdict
from monitoring.limits.tiers import Policy, Tier

# store: counted; local: counted in this process only; open: not counted, the store is away; none: nothing to count.
Source: TypeAlias = Literal["store", "local", "open", "none"]


@dataclass(frozen=True, slots=True)
class Quota:
    """One window as a client may see it; ``reset`` is in seconds until it has room again or more of it."""

    name: str
    limit: int
    seconds: int
    left: int
    reset: int


@dataclass(frozen=True, slots=True)
class Decision:
    """``tier`` is the one that refused. ``retry_after`` is in whole seconds. ``places`` are to be given back."""

    allowed: bool = True
    tier: str = ""
    retry_after: int = 0
    denied: bool = False
    source: Source = "none"
    quotas: tuple[Quota, ...] = ()
    places: tuple[str, ...] = ()
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Ahead:
    """A decision, and how many requests were counted with it: under these keys, at these times of the store."""

    decision: Decision
    given: int = 0
    keys: tuple[str, ...] = ()
    stamps: tuple[str, ...] = ()


PASS = Decision()
DENIED = Decision(allowed=False, denied=True)


class Engine:
    """The table, its store and its local count."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.store = Store(policy.store_url)
        self.local = LocalCount(policy.processes)

    def check(self, tiers: Iterable[str], who: Who, *, look: bool = False) -> Decision:
        """Counts one request in all tiers, or in none if one refuses; ``look`` only asks. Raises KeyError for no tier."""
        table = [self.policy.tiers[tier] for tier in dict.fromkeys(tiers)]
        alone = next((tier for tier in table if tier.algorithm == "fixed"), None)
        if alone is not None:
            return self._fixed(alone, who, look=look)
        entries = [entry for tier in table for entry in self._entries(tier, who)]
        if not entries:
            return PASS
        token = uuid.uuid4().hex
        try:
            verdict = self.store.take(entries, token=token, label=masked(who.address), look=look)
        except StoreAway:
            return self._without_store(entries, look=look)
        return _decision(entries, verdict, source="store", token=token)

    def check_ahead(self, tiers: Iterable[str], who: Who, *, count: int, kept: float) -> "Ahead":
        """``check`` of one request and up to ``count`` - 1 more, which may be made within ``kept`` seconds. No places."""
        entries = [entry for tier in tiers for entry in self._entries(self.policy.tiers[tier], who)]
        if not entries:
            return Ahead(PASS)
        try:
            verdict = self.store.take(entries, token="", label=masked(who.address), count=count, kept=kept)
        except StoreAway:
            return Ahead(self._without_store(entries, look=False))
        keys = tuple(entry.key for entry in entries)
        return Ahead(_decision(entries, verdict, source="store"), verdict.given, keys, verdict.stamps)

    def release(self, decision: Decision) -> None:
        """Gives the places of an admitted request back; once is enough, twice does no harm."""
        if decision.places:
            self.store.release(decision.places, decision.token)

    def _entries(self, tier: Tier, who: Who) -> Iterable[Entry]:
        for key in tier.key:
            for subject in subjects(key, who):
                for window in tier.rate:
                    yield Entry(
                        tier=tier.name,
                        kind="place" if tier.algorithm == "concurrent" else "window",
                        key=name(self.policy.secret, tier.name, key, subject.text, window.seconds),
                        limit=window.amount * subject.share,
                        seconds=window.seconds,
                        scales=tier.scales,
                        # How busy the neighbours of a /48 are is nobody's business.
                        shown=subject.share == 1,
                    )

    def _without_store(self, entries: list[Entry], *, look: bool) -> Decision:
        guarded = [entry for entry in entries if self.policy.tiers[entry.tier].guarded]
        for tier in {entry.tier for entry in entries}:
            instruments.checks.labels(tier=tier, outcome="fallback").inc()
        if not guarded:
            return Decision(source="open")
        return _decision(guarded, self.local.take(guarded, look=look), source="local")

    def _fixed(self, tier: Tier, who: Who, *, look: bool) -> Decision:
        (window,) = tier.rate
        for subject in subjects(tier.key[0], who):
            key = name(self.policy.secret, tier.name, tier.key[0], subject.text, window.seconds)
            limit = window.amount * subject.share
            try:
                counting = partial(fixed.count, tier.name, key, limit, window.seconds, look=look)
                count = self.store.through(counting)
            except StoreAway:
                entry = Entry(tier=tier.name, kind="window", key=key, limit=limit, seconds=window.seconds)
                return self._without_store([entry], look=look)
            if count.full:
                instruments.checks.labels(tier=tier.name, outcome="limited").inc()
                return Decision(False, tier.name, max(1, count.seconds_left), source="store")
        instruments.checks.labels(tier=tier.name, outcome="allowed").inc()
        return Decision(source="store")


def _decision(entries: list[Entry], verdict: Verdict, *, source: Source, token: str = "") -> Decision:
    refusing = entries[verdict.refused] if verdict.refused >= 0 else None
    for tier in {entry.tier for entry in entries}:
        if refusing is None or tier == refusing.tier:
            instruments.checks.labels(tier=tier, outcome="limited" if refusing else "allowed").inc()
    return Decision(
        allowed=refusing is None,
        tier=refusing.tier if refusing else "",
        retry_after=max(1, ceil(verdict.wait)) if refusing else 0,
        source=source,
        quotas=_quotas(entries, verdict),
        places=tuple(entry.key for entry in entries if entry.kind == "place") if refusing is None and token else (),
        token=token,
    )


def _quotas(entries: list[Entry], verdict: Verdict) -> tuple[Quota, ...]:
    """The tightest counter of each window: a sign-in is counted by account and by address under one name."""
    found: dict[str, Quota] = {}
    for entry, left, reset in zip(entries, verdict.left, verdict.resets, strict=False):
        if entry.kind != "window" or not entry.shown:
            continue
        limit = max(1, int(entry.limit * verdict.factor)) if entry.scales else entry.limit
        quota = Quota(f"{entry.tier}-{entry.seconds}", limit, entry.seconds, left, ceil(reset))
        known = found.get(quota.name)
        if known is None or quota.left < known.left:
            found[quota.name] = quota
    return tuple(found.values())
