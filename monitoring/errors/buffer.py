"""What waits in this process to be sent: a bounded queue of samples, and how often each error happened meanwhile.

Every occurrence is counted; of each kind of error the first is kept whole, later ones at most once per window. A full
queue refuses the newest sample: the first ones tell how it began.
"""

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime

from monitoring.errors.traces import Link

# A request waits for another thread's few dictionary steps no longer than this (seconds); then its error is dropped.
PATIENCE = 0.0005


@dataclass(frozen=True, slots=True)
class Sample:
    """One occurrence with all we keep of it; texts and facts have not been scrubbed yet."""

    id: str
    fingerprint: str
    at: datetime
    links: list[Link]
    handled: bool
    request_id: str
    origin: str
    user: str
    facts: dict[str, str | int | float | bool | None]


@dataclass(slots=True)
class Tally:
    """How often one kind of error happened since the last look."""

    fingerprint: str
    type: str
    first_at: datetime
    last_at: datetime
    times: int = 1


@dataclass(frozen=True, slots=True)
class Taken:
    """What a consumer takes; ``dropped`` counts samples and occurrences for which there was no room."""

    samples: list[Sample]
    tallies: list[Tally]
    dropped: int


@dataclass
class Buffer:
    """``window`` is in seconds; ``kinds`` bounds how many fingerprints are remembered and how many are counted."""

    capacity: int = 500
    kinds: int = 1000
    window: float = 10.0
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _samples: deque[Sample] = field(default_factory=deque)
    _tallies: dict[str, Tally] = field(default_factory=dict)
    _next: OrderedDict[str, float] = field(default_factory=OrderedDict)
    _dropped: int = 0

    def count(self, fingerprint: str, type_: str, *, at: datetime, tick: float) -> bool:
        """Counts an occurrence at the monotonic time ``tick``; True when a sample of it is wanted."""
        # A signal may come while its own thread holds the lock (hence reentrant), a thread may lose its turn holding it.
        if not self._lock.acquire(timeout=PATIENCE):
            self._dropped += 1
            return False
        try:
            tally = self._tallies.get(fingerprint)
            if tally is not None:
                tally.times += 1
                tally.last_at = max(tally.last_at, at)
            elif len(self._tallies) < self.kinds:
                self._tallies[fingerprint] = Tally(fingerprint, type_, at, at)
            else:
                self._dropped += 1
                return False
            return self._wanted(fingerprint, tick)
        finally:
            self._lock.release()

    def keep(self, sample: Sample) -> bool:
        """Queues a sample; False when there is no room."""
        if len(self._samples) >= self.capacity:
            self._dropped += 1
            return False
        self._samples.append(sample)
        return True

    def take(self, limit: int) -> Taken:
        """Up to ``limit`` samples, the oldest first, and all counts; they are forgotten here."""
        with self._lock:
            samples = [self._samples.popleft() for _ in range(min(limit, len(self._samples)))]
            tallies, self._tallies = list(self._tallies.values()), {}
            dropped, self._dropped = self._dropped, 0
        return Taken(samples, tallies, dropped)

    def samples_wait(self) -> bool:
        """Whether a sample is queued."""
        return bool(self._samples)

    def __len__(self) -> int:
        return max(len(self._samples), len(self._tallies))

    def _wanted(self, fingerprint: str, tick: float) -> bool:
        due = self._next.get(fingerprint)
        if due is not None and (tick < due or len(self._samples) * 2 >= self.capacity):
            return False
        self._next[fingerprint] = tick + self.window
        self._next.move_to_end(fingerprint)
        if len(self._next) > self.kinds:
            self._next.popitem(last=False)
        return True
