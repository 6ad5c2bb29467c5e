"""The counters in Redis, behind a door that shuts for seconds when Redis does not answer."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from monitoring.limits import instruments
from monitoring.limits.keys import PREFIX
from monitoring.limits.script import GIVE_BACK, TAKE

# Together 0.25 s (SAFETY 14): what a request waits at most, once per REST.
CONNECT_SECONDS: Final = 0.1
ANSWER_SECONDS: Final = 0.15
# How long a process leaves a store alone that has just failed; then one request tries, the others still do without.
REST: Final = 3.0
FACTOR_KEY: Final = f"{PREFIX}factor"
TOP_KEY: Final = f"{PREFIX}top"

Kind: TypeAlias = Literal["window", "place"]
Answer = TypeVar("Answer")


class StoreAway(Exception):
    """Redis did not answer, or was just found not to answer: decide without it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One counter of one request; ``shown``: its figures may be told to the client."""

    tier: str
    kind: Kind
    key: str
    limit: int
    seconds: int
    scales: bool = False
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the store decided: ``refused`` is the index of the entry to wait for, -1 when all have room.

    ``wait`` is in seconds, ``at`` is the store's clock in microseconds; ``left`` and ``resets`` (seconds) go by entry.
    ``given``: how many requests were counted, ``stamps``: under which time, by entry.
    """

    refused: int
    wait: float
    at: int
    factor: float
    left: tuple[int, ...]
    resets: tuple[float, ...]
    given: int = 1
    stamps: tuple[str, ...] = ()


@dataclass
class Door:
    """Whether a call may be tried; times are those of ``time.monotonic``."""

    shut_until: float = 0.0
    failing: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def opens(self, moment: float) -> bool:
        """Whether this caller may try; of a failing store's callers one per REST."""
        if not self.failing:
            return True
        with self.lock:
            if moment < self.shut_until:
                return False
            self.shut_until = moment + REST
            return True

    def failed(self, moment: float) -> None:
        """The store did not answer."""
        with self.lock:
            self.failing, self.shut_until = True, moment + REST

    def answered(self) -> None:
        """The store is back."""
        if self.failing:
            with self.lock:
                self.failing, self.shut_until = False, 0.0


class Store:
    """The counters behind one URL."""

    def __init__(self, url: str) -> None:
        self.client: Redis = Redis.from_url(
            url,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        self.door = Door()
        self._take = self.client.register_script(TAKE)
        self._give_back = self.client.register_script(GIVE_BACK)

    def take(
        self,
        entries: Sequence[Entry],
        *,
        token: str,
        label: str = "",
        look: bool = False,
        count: int = 1,
        kept: float = 0,
    ) -> Verdict:
        """Counts the request in all entries, or in none if one is full; ``look`` only asks. Raises StoreAway.

        ``count``: up to so many requests are counted at once, to be spent within ``kept`` seconds; windows only.
        """
        keys = [FACTOR_KEY, _top_key(time.time()), *(entry.key for entry in entries)]
        args: list[str | int] = [0 if look else 1, token, label, count, int(kept * 1_000_000)]
        for entry in entries:
            args += [entry.kind, entry.limit, entry.seconds * 1_000_000, int(entry.scales)]
        answer: list[str] = self.through(lambda: self._take(keys=keys, args=args))
        return Verdict(
            refused=int(answer[1]) - 1,
            wait=int(answer[2]) / 1e6,
            at=int(answer[3]),
            factor=float(answer[4]),
            given=int(answer[5]),
            left=tuple(int(left) for left in answer[6::3]),
            resets=tuple(int(micros) / 1e6 for micros in answer[7::3]),
            stamps=tuple(answer[8::3]),
        )

    def through(self, call: Callable[[], Answer | None]) -> Answer:
        """What the call answers, unless the store is being left alone. Raises StoreAway, also for no answer."""
        if not self.door.opens(time.monotonic()):
            raise StoreAway
        begin = time.perf_counter()
        try:
            answer = call()
        except RedisError as error:
            self.door.failed(time.monotonic())
            raise StoreAway from error
        finally:
            instruments.store_seconds.observe(time.perf_counter() - begin)
        if answer is None:
            self.door.failed(time.monotonic())
            raise StoreAway
        self.door.answered()
        return answer

    def release(self, keys: Sequence[str], token: str) -> None:
        """Gives places back. A place that cannot be given back is given up when its time is over."""

        def remove() -> list[object]:
            with self.client.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.zrem(key, token)
                return list(pipeline.execute())

        if keys:
            with suppress(StoreAway):
                self.through(remove)

    def give_back(self, count: int, keys: Sequence[str], stamps: Sequence[str]) -> None:
        """Takes requests out of their windows that nobody has made. If it fails they count until their window is over."""
        with suppress(StoreAway):
            self.through(lambda: self._give_back(keys=list(keys), args=[count, *stamps]))

    def top(self, count: int) -> list[tuple[str, int]]:
        """The networks refused most in this hour and the last, masked. Raises StoreAway."""
        now = time.time()
        try:
            hours: list[dict[str, float]] = [
                dict(self.client.zrange(key, 0, -1, withscores=True))  # type: ignore[arg-type]
                for key in (_top_key(now), _top_key(now - 3600))
            ]
        except RedisError as error:
            raise StoreAway from error
        added: Counter[str] = Counter()
        for hour in hours:
            added.update({label: int(times) for label, times in hour.items()})
        return added.most_common(count)

    def ping(self) -> float:
        """Seconds of one PING. Raises StoreAway."""
        begin = time.perf_counter()
        try:
            self.client.ping()
        except RedisError as error:
            raise StoreAway from error
        return time.perf_counter() - begin

    def close(self) -> None:
        """Closes the connections."""
        with suppress(RedisError):
            self.client.close()


def _top_key(at: float) -> str:
    return f"{TOP_KEY}:{int(at // 3600)}"
