"""The limits: decisions against an exact model of sliding windows, the cost of one, and what fixed windows let through."""

import multiprocessing
import random
import time
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any
from uuid import uuid4

from benchmarks.entries import Entry, at_least, at_most, p50

NAMES = ("limits.accuracy", "limits.cost", "limits.edge", "limits.memory")
REQUESTS, KEYS, PROCESSES = 100_000, 200, 4
# Amount and seconds: either of the two refuses at times.
WINDOWS = ((12, 1), (60, 10))
PAIRS = 3_000


def run() -> dict[str, Entry]:
    """Accuracy in percent, costs as ratios to one PING of the same connection, requests across an edge, bytes."""
    results = _accuracy()
    results |= _costs()
    results |= _edges()
    results["limits.memory.user"] = at_most(_memory(), 16_384, "bytes", "a full window of 1000 requests in Redis")
    return results


# --- accuracy -------------------------------------------------------------------------------------------------------

Decided = tuple[int, int, bool]


def _ask(url: str, names: list[str], count: int, seed: int) -> list[Decided]:
    """In a process of its own: (store's time in µs, key, admitted) of each request."""
    from monitoring.limits.store import Entry as Counter
    from monitoring.limits.store import Store

    store, chance = Store(url), random.Random(seed)
    counters = [
        [Counter("user", "window", f"{name}:{seconds}", amount, seconds) for amount, seconds in WINDOWS]
        for name in names
    ]
    decided = []
    for _ in range(count):
        # Some keys are asked ten times as often as others.
        key = min(chance.randrange(len(names)), chance.randrange(len(names)))
        verdict = store.take(counters[key], token="")
        decided.append((verdict.at, key, verdict.refused < 0))
    return decided


def _accuracy() -> dict[str, Entry]:
    engine = _engine()
    # Redis rests between benchmarks; the first answer of a sleeping machine is no measurement.
    engine.store.ping()
    names = [f"limit:bench:{uuid4().hex}" for _ in range(KEYS)]
    share = REQUESTS // PROCESSES
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = [pool.submit(_ask, engine.policy.store_url, names, share, seed) for seed in range(PROCESSES)]
        decided = sorted(decision for job in jobs for decision in job.result())
    admitted = sum(passed for _, _, passed in decided)
    wrong = sum(passed != exact for (_, _, passed), exact in zip(decided, _model(decided), strict=True))
    told = f"{len(decided):,} requests, {KEYS} keys, {PROCESSES} processes, {admitted:,} admitted, {wrong} wrong"
    return {"limits.accuracy": at_least(100 * (1 - wrong / len(decided)), 99.9, "% right", told)}


def _model(decided: list[Decided]) -> list[bool]:
    """What exact sliding windows decide, one request after the other, in plain Python."""
    kept: dict[tuple[int, int], deque[int]] = defaultdict(deque)
    answers = []
    for at, key, _ in decided:
        windows = [(kept[key, seconds], amount, seconds * 1_000_000) for amount, seconds in WINDOWS]
        for stamps, _, span in windows:
            while stamps and stamps[0] <= at - span:
                stamps.popleft()
        free = all(len(stamps) < amount for stamps, amount, _ in windows)
        if free:
            for stamps, _, _ in windows:
                stamps.append(at)
        answers.append(free)
    return answers


# --- cost -----------------------------------------------------------------------------------------------------------


def _costs() -> dict[str, Entry]:
    from monitoring.limits import fixed
    from monitoring.limits.keys import Who
    from monitoring.limits.tiers import ANONYMOUS, BURST, PLACES_ADDRESS, PLACES_USER, USER

    engine = _engine()
    number = iter(range(10_000_000))

    def stranger() -> None:
        engine.check([BURST, ANONYMOUS], Who(address=f"203.0.113.{next(number) % 250}"))

    def signed_in() -> None:
        mine = next(number) % 250
        tiers = [BURST, USER, PLACES_USER, PLACES_ADDRESS]
        engine.release(engine.check(tiers, Who(address=f"203.0.113.{mine}", user=str(mine))))

    def library() -> None:
        fixed.count("bench", f"bench:{next(number) % 250}", 100_000, 60)

    told = "p50 of both, interleaved; the check is two windows in one call"
    whole = "p50 of both, interleaved; four windows and two places, taken and given back in two calls"
    return {
        "limits.cost.per_ping": at_most(_beside_ping(stranger), 5, "× PING", told),
        "limits.cost.signed_in_per_ping": at_most(_beside_ping(signed_in), 10, "× PING", whole),
        "limits.cost.fixed_per_ping": at_most(
            _beside_ping(library), 20, "× PING", "django-ratelimit, one fixed window"
        ),
    }


def _beside_ping(call: Callable[[], object]) -> float:
    client = _engine().store.client
    pings, calls = [], []
    for turn in range(PAIRS + 100):
        begin = time.perf_counter()
        client.ping()
        middle = time.perf_counter()
        call()
        end = time.perf_counter()
        if turn >= 100:
            pings.append(middle - begin)
            calls.append(end - middle)
    return p50(calls) / p50(pings)


# --- the edge of a window -------------------------------------------------------------------------------------------


def _edges() -> dict[str, Entry]:
    """Twenty requests within half a second around the edge of a fixed window of two seconds, limit ten."""
    from monitoring.limits import fixed
    from monitoring.limits.store import Entry as Counter

    store, name = _engine().store, f"bench:{uuid4().hex}"
    ours = Counter("user", "window", f"limit:{name}", 10, 2)

    def library() -> bool:
        counted = fixed.count("edge", name, 10, 2)
        return counted is not None and not counted.full

    def we() -> bool:
        return bool(store.take([ours], token="").refused < 0)

    _wait_for_edge(name, before=0.25)
    passed = {"fixed": 0, "sliding": 0}
    for pause in (0.5, 0.0):
        passed["fixed"] += sum(library() for _ in range(10))
        passed["sliding"] += sum(we() for _ in range(10))
        time.sleep(pause)
    return {
        "limits.edge.sliding": at_most(passed["sliding"], 10, "requests", "20 across the edge of 10/2 s"),
        "limits.edge.fixed": at_most(
            passed["fixed"], 20, "requests", "the same 20 by django-ratelimit: why it is not ours"
        ),
    }


def _wait_for_edge(name: str, *, before: float) -> None:
    """Returns ``before`` seconds ahead of the moment at which the library's window of this name begins anew."""
    from monitoring.limits import fixed

    def left() -> int:
        counted = fixed.count("edge", name, 10, 2, look=True)
        return counted.seconds_left if counted else 0

    seen = left()
    while (now := left()) <= seen:
        seen = now
        time.sleep(0.005)
    time.sleep(2 - before)


def _memory() -> int:
    from monitoring.limits.store import Entry as Counter

    store = _engine().store
    counter = Counter("user", "window", f"limit:bench:{uuid4().hex}", 1000, 900)
    for _ in range(1500):
        store.take([counter], token="")
    return int(store.client.memory_usage(counter.key, samples=0) or 0)


def _engine() -> Any:
    from monitoring.limits.guard import engine

    return engine()
