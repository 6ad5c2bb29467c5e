"""Requests that an address may make without asking the store: some are counted ahead for who asks often.

Exact where it matters: what is counted ahead stands in the shared windows before it is spent, under the latest time at which
it may be, and what is not spent goes back. So never more than a limit pass, in all processes together; and only who makes
many requests within a quarter of a second has any at all. As a window fills, less is counted ahead: the last seven of a
limit are asked for one by one.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from monitoring.limits import instruments
from monitoring.limits.engine import PASS, Decision, Engine
from monitoring.limits.keys import Who

# Seconds for which requests that were counted ahead may be made; how many at most.
KEPT: Final = 0.25
MOST: Final = 512


@dataclass(slots=True)
class Allowance:
    """What one address has left: ``tokens`` shrinks by one per request; ``until`` is of the monotonic clock."""

    until: float
    given: int
    tiers: tuple[str, ...]
    keys: tuple[str, ...] = ()
    stamps: tuple[str, ...] = ()
    tokens: list[None] = field(default_factory=list)
    # Taken by the one thread that asks for more; the next allowance has its own.
    renewing: threading.Lock = field(default_factory=threading.Lock)


class Allowances:
    """Those of this process; ``clock`` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.forget()

    def forget(self) -> None:
        """Empties it, without giving anything back: after a fork it is the parent's."""
        self._of: dict[str, Allowance] = {}
        self._lock = threading.Lock()

    def spend(self, engine: Engine, tiers: tuple[str, ...], address: str) -> Decision:
        """Counts one request of a stranger: out of what was counted ahead, else in the store."""
        own = self._of.get(address)
        if own is not None and own.until > self._clock() and own.tiers == tiers:
            try:
                # One step to Python: no two threads spend the same.
                own.tokens.pop()
            except IndexError:
                pass
            else:
                return PASS
        return self._ask(engine, tiers, address, own)

    def _ask(self, engine: Engine, tiers: tuple[str, ...], address: str, own: Allowance | None) -> Decision:
        # Twice as many as last time for who has spent them all in their time; else one.
        now = self._clock()
        if own is not None and own.until > now and not own.renewing.acquire(blocking=False):
            # Another thread asks for more already: what two bring would have to go back in part.
            return engine.check(tiers, Who(address=address))
        wanted = min(MOST, own.given * 2) if own is not None and own.until > now else 1
        ahead = engine.check_ahead(tiers, Who(address=address), count=wanted, kept=KEPT)
        if ahead.decision.source == "store" and ahead.decision.allowed:
            new = Allowance(now + KEPT, ahead.given, tiers, ahead.keys, ahead.stamps, [None] * (ahead.given - 1))
            with self._lock:
                old, self._of[address] = self._of.get(address), new
            if old is not None:
                self._settle(engine, old)
        return ahead.decision

    def sweep(self, engine: Engine, *, all_of_them: bool = False) -> int:
        """Gives back what was not spent in its time; returns how many requests. For a background job, every KEPT."""
        if not self._of:
            return 0
        now = self._clock()
        with self._lock:
            over = [address for address, own in self._of.items() if all_of_them or own.until <= now]
            taken = [self._of.pop(address) for address in over]
        return sum(self._settle(engine, own) for own in taken)

    def _settle(self, engine: Engine, own: Allowance) -> int:
        """Counts what was spent without asking, and gives the rest back."""
        left = 0
        try:
            while True:
                own.tokens.pop()
                left += 1
        except IndexError:
            pass
        spent = own.given - 1 - left
        if spent:
            for tier in own.tiers:
                instruments.checks.labels(tier=tier, outcome="allowed").inc(spent)
        if left:
            engine.store.give_back(left, own.keys, own.stamps)
        return left
