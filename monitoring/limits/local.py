"""The strict count of one process, for what must be limited also while the store is away."""

import threading
import time
from collections.abc import Sequence

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from monitoring.limits.store import Entry, Verdict

# A flood of invented accounts must not fill memory: names share this many counters, by a hash no one outside knows.
COUNTERS = 16_384


class LocalCount:
    """Sliding windows in memory, shared by the threads of a process; each gives out 1/``processes`` of a limit."""

    def __init__(self, processes: int) -> None:
        self._share = max(1, processes)
        self._lock = threading.Lock()
        self._limiter: MovingWindowRateLimiter | None = None

    def take(self, entries: Sequence[Entry], *, look: bool = False) -> Verdict:
        """Counts the request in all windows or, if one is full, in none; places are not counted here."""
        windows = [(index, entry) for index, entry in enumerate(entries) if entry.kind == "window"]
        with self._lock:
            limiter = self._limiter = self._limiter or MovingWindowRateLimiter(MemoryStorage())
            refused, wait = -1, 0.0
            for index, entry in windows:
                item, name = self._item(entry)
                if not limiter.test(item, name):
                    left = max(0.0, limiter.get_window_stats(item, name).reset_time - time.time())
                    refused, wait = (index, left) if refused < 0 or left > wait else (refused, wait)
            if refused < 0 and not look:
                for _, entry in windows:
                    item, name = self._item(entry)
                    limiter.hit(item, name)
        return Verdict(refused=refused, wait=wait, at=0, factor=1.0, left=(), resets=())

    def _item(self, entry: Entry) -> tuple[RateLimitItem, str]:
        counter = f"{entry.tier}:{entry.seconds}:{hash(entry.key) % COUNTERS}"
        return RateLimitItemPerSecond(max(1, entry.limit // self._share), entry.seconds), counter
