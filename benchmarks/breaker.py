"""What a closed breaker costs beside one PING, and what an outage costs with and without it."""

import os
import time
from collections.abc import Callable

import redis

from benchmarks.entries import Entry, at_most, p50
from marketplace.core.breaker import Breaker, BreakerOpen, Failure
from marketplace.core.breaker_store import Policy, Store

NAMES = ("breaker.",)
# A shop that calls ten times a second while the provider is away for five minutes.
OUTAGE_SECONDS, CALLS_PER_SECOND = 300, 10
# The outage is played a hundred times faster than it happens.
FASTER = 100


class Away(Exception):
    """What every call to the provider ends in."""


def run() -> dict[str, Entry]:
    """Ratios to one PING, and calls that reach a provider that is away."""
    place = Store(os.environ["RATE_LIMIT_REDIS_URL"], prefix="bench")
    ping, closed, asked = _interleaved(place)
    with_breaker = _outage(place)
    without = OUTAGE_SECONDS * CALLS_PER_SECOND
    return {
        "breaker.closed_vs_ping": at_most(closed / ping, 0.5, "× PING", f"{ping * 1e6:.0f} µs per PING"),
        "breaker.asking_vs_ping": at_most(
            asked / ping, 5, "× PING", "once a second and process: EVALSHA of the script"
        ),
        "breaker.outage_calls": at_most(with_breaker, 20, "calls", f"{without} without, 5 min at {CALLS_PER_SECOND}/s"),
    }


def _interleaved(place: Store) -> tuple[float, float, float]:
    """Median seconds of a PING, of a call through a closed breaker, and of one that must ask Redis."""
    breaker = Breaker("cost", Policy(), place=lambda: place)
    rounds: tuple[list[float], list[float], list[float]] = ([], [], [])
    with redis.Redis.from_url(os.environ["RATE_LIMIT_REDIS_URL"]) as client:
        for _ in range(7):
            for times, call in zip(rounds, (client.ping, lambda: _call(breaker), lambda: _ask(breaker)), strict=True):
                times.append(_each(call, runs=500))
    ping, closed, asked = (p50(times) for times in rounds)
    return ping, closed, asked


def _each(call: Callable[[], object], *, runs: int) -> float:
    begin = time.perf_counter()
    for _ in range(runs):
        call()
    return (time.perf_counter() - begin) / runs


def _call(breaker: Breaker) -> None:
    with breaker.watching(lambda error: None):
        pass


def _ask(breaker: Breaker) -> None:
    """A call for which a second has passed since Redis was asked."""
    breaker._told = None
    _call(breaker)


def _outage(place: Store) -> int:
    """How many calls reach the provider: those that open the breaker, and one per rest."""
    policy = Policy(rest=300 / FASTER / 10, probe=5)
    breaker, sent = Breaker("outage", policy, place=lambda: place), 0
    breaker.reset(by="benchmark")
    end = time.monotonic() + OUTAGE_SECONDS / FASTER
    while time.monotonic() < end:
        try:
            with breaker.watching(lambda error: Failure("away")):
                sent += 1
                raise Away
        except (Away, BreakerOpen):
            time.sleep(1 / CALLS_PER_SECOND / FASTER)
    breaker.reset(by="benchmark")
    return sent
