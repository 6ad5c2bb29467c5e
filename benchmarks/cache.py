"""The cache: one load for two hundred, what a hit costs beside django-redis, and pages while its Redis is away."""

import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from django.core.cache import cache as stock
from django.test import Client

from benchmarks.data.catalogue import catalogue_of
from benchmarks.entries import Entry, at_most, p50
from config.embedded.redis import CACHE, RedisPlan, RedisServer
from marketplace.core import cache
from marketplace.core.cache import engines
from marketplace.core.cache.family import Family
from marketplace.core.cache.terms import Terms

NAMES = ("cache.",)
PROCESSES, THREADS, EXPIRIES = 4, 50, 5
# Seconds: a load that is worth a cache.
LOAD = 0.1
PRODUCTS, VISITS = 2_000, 250
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Row:
    """What is kept: as large as a product's row."""

    pk: int
    title: str
    description: str
    attributes: dict[str, str]


ROW = Row(12, "Tall vase", "<p>Thrown by hand.</p>" * 30, {f"attribute-{n}": "value" for n in range(8)})


def run() -> dict[str, Entry]:
    """Recomputations, microseconds, ratios."""
    return {**_stampede(), **_hits(), **_pages()}


# --- one load for all who wait --------------------------------------------------------------------------------------


def _stampede() -> dict[str, Entry]:
    most = max(_loads_of_one_expiry() for _ in range(EXPIRIES))
    reference = f"{PROCESSES} processes × {THREADS} threads at once, most of {EXPIRIES} expiries"
    return {"cache.stampede": at_most(most, 1, "loads", reference)}


def _loads_of_one_expiry() -> int:
    fork = multiprocessing.get_context("fork")
    family: Family[int] = Family(_name(), int, Terms(60.0, 120.0))
    loads, start = fork.Value("i", 0), fork.Barrier(PROCESSES * THREADS)
    processes = [fork.Process(target=_all_want, args=(family, loads, start)) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return int(loads.value)


def _all_want(family: "Family[int]", loads: Any, start: Any) -> None:
    def load() -> int:
        with loads.get_lock():
            loads.value += 1
        time.sleep(LOAD)
        return 1

    def want() -> None:
        start.wait()
        family.get("a", load)

    threads = [threading.Thread(target=want) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# --- what a hit costs -----------------------------------------------------------------------------------------------


def _hits() -> dict[str, Entry]:
    """CPU µs of a hit in memory, of a hit in Redis and of django-redis, interleaved."""
    at_hand: Family[Row] = Family(_name(), Row, Terms(60.0, 120.0))
    shared: Family[Row] = Family(_name(), Row, Terms(60.0, 120.0, local=0.0))
    stock.set("bench-row", ROW, 60)
    calls: tuple[Callable[[], object], ...] = (
        lambda: stock.get("bench-row"),
        lambda: at_hand.get("a", lambda: ROW, depends=("product:1",)),
        lambda: shared.get("a", lambda: ROW, depends=("product:1", "stall:1")),
    )
    times: tuple[list[float], ...] = ([], [], [])
    for _ in range(7):
        for kept, call in zip(times, calls, strict=True):
            kept.append(_cpu_us(call))
    reference, local, remote = (p50(kept) for kept in times)
    beside = f"{reference:.0f} µs CPU per django-redis get"
    return {
        "cache.local_hit": at_most(local, 10, "µs", beside),
        "cache.shared_hit_vs_django_redis": at_most(remote / reference, 1.5, "×", f"{remote:.0f} µs, {beside}"),
    }


def _cpu_us(call: Callable[[], object], *, runs: int = 400) -> float:
    call()
    begin = time.process_time()
    for _ in range(runs):
        call()
    return (time.process_time() - begin) / runs * 1e6


# --- pages while Redis is away --------------------------------------------------------------------------------------


def _pages() -> dict[str, Entry]:
    """p99 of product pages, each visited for the first time, by the state of the cache's Redis."""
    with tempfile.TemporaryDirectory() as home, catalogue_of(PRODUCTS), _own_redis(Path(home)) as server:
        client = Client(SERVER_NAME="127.0.0.1")
        numbers = count(1)
        _p99(client, numbers, visits=20)
        normal = _p99(client, numbers)
        os.kill(server.process.pid, signal.SIGSTOP)
        hung = _p99(client, numbers)
        os.kill(server.process.pid, signal.SIGCONT)
        os.kill(server.process.pid, signal.SIGKILL)
        down = _p99(client, numbers)
    reference = f"{normal:.0f} ms p99 of {VISITS} pages that are visited for the first time, Redis well"
    return {
        "cache.page_p99_redis_hung": at_most(hung / normal, 2, "×", reference),
        "cache.page_p99_redis_down": at_most(down / normal, 2, "×", reference),
    }


def _p99(client: Client, numbers: Iterator[int], *, visits: int = VISITS) -> float:
    times = []
    for number in (next(numbers) for _ in range(visits)):
        begin = time.perf_counter()
        response = client.get(f"/p/thing-{number}/")
        times.append((time.perf_counter() - begin) * 1000)
        assert response.status_code == 200, number
    return sorted(times)[round(0.99 * visits) - 1]


@contextmanager
def _own_redis(home: Path) -> Iterator[RedisServer]:
    """The cache of this process at a Redis that may be stopped."""
    server = RedisServer(
        RedisPlan(name="cache", directory=home / "cache", log=home / "cache.log", settings=CACHE, password="x")
    )
    before = engines.engine()
    made = cache.configure(server.url(), prefix="bench", in_background=False)
    made.link.before_return = cache.make_good
    try:
        yield server
    finally:
        engines._engines[:] = [before]
        made.link.hang_up()
        if server.process.poll() is None:
            os.kill(server.process.pid, signal.SIGCONT)
        server.stop()


def _name() -> str:
    return f"bench{os.getpid()}-{time.time_ns()}-{next(_numbers)}"
