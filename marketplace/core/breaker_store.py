"""Where breakers agree: a Redis that decides in one script by its own clock. Its silence costs one caller 0.25 s."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias, cast

from redis import Redis

from marketplace.core.side_redis import Away, SideRedis

Op: TypeAlias = Literal["ask", "ok", "fail", "drop", "reset", "read"]
State: TypeAlias = Literal["closed", "half_open", "open"]

# Seconds: SAFETY 14's time-out.
PATIENCE = 0.25
_SCRIPT = Path(__file__).with_name("breaker.lua")


class StoreDown(Exception):
    """Redis does not answer, or has not answered a moment ago: decide without it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """When to stop calling, and when to try again. Times are seconds.

    Opens after ``failures`` in a row (each within ``window`` of the one before), or as many within ``window`` that are at
    least ``share`` of its calls: five slow answers among a thousand good ones must not close a till. A provider that names
    a time (Retry-After) opens it at once, until then but for no longer than ``longest``. ``probe`` is the lease of the one
    call that tries again: longer than any call lasts, because after it the next caller may try.
    """

    failures: int = 5
    window: float = 60.0
    share: float = 0.5
    rest: float = 300.0
    longest: float = 3600.0
    probe: float = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the script says; ``wait`` and all times are seconds, times since the epoch by Redis' clock, 0 for never."""

    allowed: bool
    probe: bool
    wait: float
    state: State
    transition: str
    now: float
    since: float
    until: float
    last_success: float
    last_failure: float
    failures: int
    cause: str


class Store:
    """The script on one server. After a failure it is left alone for some seconds, and one caller tries again."""

    def __init__(self, url: str, *, prefix: str) -> None:
        self._prefix = prefix
        self._redis = SideRedis(url, answer=PATIENCE)
        self._script = self._redis.script(_SCRIPT.read_text(encoding="utf-8"))

    def run(
        self,
        op: Op,
        *,
        name: str,
        policy: Policy,
        token: str = "",
        count: int = 0,
        retry_after: float = 0.0,
        cause: str = "",
    ) -> Answer:
        """One decision. Raises StoreDown, after at most ``PATIENCE`` and at once while the server is left alone."""
        arguments: list[str | int | float] = [op, token, count, _ms(retry_after), cause]
        arguments += [policy.failures, _ms(policy.window), policy.share]
        arguments += [_ms(policy.rest), _ms(policy.longest), _ms(policy.probe)]

        def decide(redis: Redis) -> "list[int | bytes]":
            reply = self._script(keys=[f"{self._prefix}:breaker:{name}"], args=arguments, client=redis)
            return cast("list[int | bytes]", reply)

        try:
            return _answer(self._redis.call(decide))
        except Away as away:
            raise StoreDown("Redis does not decide, or has not decided a moment ago.") from away


@lru_cache(maxsize=8)
def store(url: str, prefix: str) -> Store:
    """The one store of this process at an address."""
    return Store(url, prefix=prefix)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _answer(reply: "list[int | bytes]") -> Answer:
    verdict, wait, state, transition, now, since, until, success, failure, failures, cause = (
        part.decode(errors="replace") if isinstance(part, bytes) else part for part in reply
    )
    return Answer(
        allowed=verdict != 0,
        probe=verdict == 2,
        wait=int(wait) / 1000,
        state=cast(State, state),
        transition=str(transition),
        now=int(now) / 1000,
        since=int(since) / 1000,
        until=int(until) / 1000,
        last_success=int(success) / 1000,
        last_failure=int(failure) / 1000,
        failures=int(failures),
        cause=str(cause),
    )
