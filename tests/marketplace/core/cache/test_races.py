"""Races: many who want one value, and changes that come while one is loaded."""

import multiprocessing
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest

from marketplace.core import cache, replica
from marketplace.core.cache.background import Crew
from marketplace.core.cache.engines import Engine
from marketplace.core.cache.family import Family
from tests.marketplace.core.cache.cases import Source, answered, clock_at, events, family, queued

pytestmark = pytest.mark.usefixtures("remembering")
# As long as a slow query: the others wait for it.
SLOW = 0.15


@pytest.fixture
def other(remembering: cache.Engine) -> Iterator[Engine]:
    """The cache of another process of the same hall."""
    made = Engine(_url(remembering), prefix="unused")
    made.link.prefix = remembering.link.prefix
    yield made
    made.link.hang_up()


def _url(engine: cache.Engine) -> str:
    known = engine.link._pool.connection_kwargs
    password = f":{quote(known['password'])}@" if known.get("password") else ""
    return f"redis://{password}{known['host']}:{known['port']}/{known['db']}"


def _wanted(numbers: "Family[int]", threads: int, loads: Any, start: Any, answers: Any) -> None:
    """One process with many threads that all want the same value at the same moment."""

    def load() -> int:
        with loads.get_lock():
            loads.value += 1
        time.sleep(SLOW)
        return 7

    def want() -> None:
        start.wait()
        if numbers.get("a", load) == 7:
            with answers.get_lock():
                answers.value += 1

    workers = [threading.Thread(target=want) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def test_two_hundred_who_want_one_value_cause_one_load() -> None:
    fork = multiprocessing.get_context("fork")
    numbers: Family[int] = family(int)
    loads, answers, start = fork.Value("i", 0), fork.Value("i", 0), fork.Barrier(200)
    processes = [fork.Process(target=_wanted, args=(numbers, 50, loads, start, answers)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    assert (loads.value, answers.value) == (1, 200)


def test_an_expired_value_wanted_by_two_hundred_is_loaded_once_and_nobody_waits(remembering: cache.Engine) -> None:
    clock = clock_at(remembering, 1_000.0)
    crew, going = Crew(), threading.Event()
    remembering.submit = crew.submit
    numbers: Family[int] = family(int, soft=100.0, hard=900.0, local=0.0)
    assert numbers.get("a", Source([1])) == 1
    clock.at += 150.0
    loads = count(2)

    def slow() -> int:
        going.wait(10)
        return next(loads)

    found: list[int] = []
    workers = [threading.Thread(target=lambda: found.append(numbers.get("a", slow))) for _ in range(200)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(10)
    going.set()
    assert crew.wait(10)
    assert found == [1] * 200
    assert numbers.get("a", slow) == 2
    assert next(loads) == 3


def test_who_dies_with_the_lease_costs_no_more_than_the_lease(other: Engine) -> None:
    numbers: Family[int] = family(int, lease=0.2, wait=3.0)
    assert other.store.claim(numbers.keeper.name("a"), ("*",), lease_ms=200) is not None
    assert numbers.get("a", Source([5])) == 5
    assert answered(numbers) == {"miss": 1}
    assert numbers.look("a") is not None


def test_who_waits_too_long_loads_without_the_lease(other: Engine) -> None:
    numbers: Family[int] = family(int, lease=10.0, wait=0.05)
    assert other.store.claim(numbers.keeper.name("a"), ("*",), lease_ms=10_000) is not None
    assert numbers.get("a", Source([5])) == 5


def test_a_slow_load_does_not_overwrite_a_later_one(other: Engine) -> None:
    numbers: Family[int] = family(int, local=0.0)
    slow = numbers.claim("a")
    assert slow is not None
    lease = slow._load.lease
    assert lease is not None
    # It has run out.
    other.store.release(numbers.keeper.name("a"), lease)
    assert numbers.get("a", Source([2])) == 2
    assert slow.keep(1)
    assert numbers.get("a", Source([])) == 2
    assert events(numbers, "older") == 1


@pytest.mark.parametrize("known", [True, False], ids=["known before the load", "found out during the load"])
def test_a_value_loaded_while_its_thing_was_changed_is_never_shown_again(other: Engine, known: bool) -> None:
    numbers: Family[int] = family(int)
    rows = {"price": 1}

    def load() -> int:
        read = rows["price"]
        if not known:
            cache.depend("product:1")
        # Another process commits a new price, and says so, before this one has kept what it read.
        rows["price"] = 2
        other.store.touch(["product:1"])
        return read

    assert numbers.get("a", load, depends=("product:1",) if known else ()) == 1
    assert numbers.get("a", lambda: rows["price"]) == 2
    assert events(numbers, "touched") == 1


def test_a_touch_in_this_process_reaches_its_memory_at_once() -> None:
    numbers: Family[int] = family(int)
    source = Source(count(1))
    assert numbers.get("a", source, depends=("product:1",)) == 1
    cache.touch("product:1")
    assert numbers.get("a", source, depends=("product:1",)) == 2


def test_what_redis_said_before_a_touch_does_not_come_into_memory_after_it(
    remembering: cache.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers: Family[int] = family(int)
    assert numbers.get("a", Source([1]), depends=("product:1",)) == 1
    remembering.local.clear()
    read = remembering.store.read

    def overtaken(*args: Any, **kwargs: Any) -> Any:
        answer = read(*args, **kwargs)
        monkeypatch.undo()
        cache.touch("product:1")
        return answer

    monkeypatch.setattr(remembering.store, "read", overtaken)
    numbers.get("a", Source([]), depends=("product:1",))
    assert numbers.get("a", Source([2]), depends=("product:1",)) == 2


def test_who_comes_after_a_change_does_not_get_what_was_read_before_it(remembering: cache.Engine) -> None:
    numbers: Family[int] = family(int)
    reading, changed, late = threading.Event(), threading.Event(), []

    def old() -> int:
        reading.set()
        changed.wait(10)
        return 1

    first = threading.Thread(target=lambda: numbers.get("a", old, depends=("product:1",)))
    first.start()
    reading.wait(10)
    cache.touch("product:1")
    second = threading.Thread(target=lambda: late.append(numbers.get("a", Source([2]), depends=("product:1",))))
    second.start()
    changed.set()
    first.join(10)
    second.join(10)
    assert late == [2]


def test_what_comes_into_memory_while_redis_is_being_told_goes_again(
    remembering: cache.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers: Family[int] = family(int)
    assert numbers.get("a", Source([1]), depends=("product:1",)) == 1
    tell = remembering.store.touch

    def told(tags: list[str]) -> None:
        remembering.local.clear()
        assert numbers.get("a", Source([]), depends=("product:1",)) == 1
        tell(tags)

    monkeypatch.setattr(remembering.store, "touch", told)
    cache.touch("product:1")
    assert numbers.get("a", Source([2]), depends=("product:1",)) == 2


@pytest.mark.parametrize("lost", ["t:product:1", "t:*"])
def test_a_generation_that_redis_has_lost_brings_nothing_old_back(remembering: cache.Engine, lost: str) -> None:
    numbers: Family[int] = family(int)
    assert numbers.get("a", Source([1]), depends=("product:1",)) == 1
    line = remembering.link._take()
    line.connection.send_command("DEL", line.prefix + lost, check_health=False)
    assert line.connection.read_response() == 1
    remembering.local.clear()
    assert numbers.get("a", Source([2]), depends=("product:1",)) == 2


def test_a_page_made_of_old_parts_is_as_old_as_they_are(other: Engine, remembering: cache.Engine) -> None:
    """The part comes from this process's memory; another process has changed what it is made of."""
    parts: Family[str] = family(str)
    pages: Family[str] = family(str, local=0.0)
    assert parts.get("a", Source(["old"]), depends=("product:1",)) == "old"
    other.store.touch(["product:1"])
    made = pages.get("page", lambda: f"page of {parts.get('a', Source([]), depends=('product:1',))}")
    assert made == "page of old"
    remembering.local.clear()
    assert pages.get("page", Source(["page of new"])) == "page of new"


def test_a_page_is_not_fresher_than_its_stalest_part(remembering: cache.Engine) -> None:
    clock = clock_at(remembering, 1_000.0)
    remembering.submit = queued([])
    parts: Family[int] = family(int, soft=10.0, hard=900.0)
    pages: Family[int] = family(int, soft=500.0, hard=900.0)
    pages.get("page", lambda: parts.get("a", Source([1])))
    clock.at += 11.0
    found = pages.look("page")
    assert found is not None
    assert found.stale


def test_pages_inherit_the_tags_of_what_they_read(remembering: cache.Engine) -> None:
    parts: Family[int] = family(int)
    with cache.collecting() as collected:
        parts.get("a", Source([1]), depends=("product:1",))
        parts.get("a", Source([]), depends=("product:1",))
        cache.depend("stall:3")
    assert set(collected) == {"*", "product:1", "stall:3"}


def test_a_load_soon_after_a_touch_reads_the_primary(other: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers: Family[int] = family(int, local=0.0)
    inside: list[bool] = []

    @contextmanager
    def primary() -> Iterator[None]:
        inside.append(True)
        yield

    def load() -> int:
        cache.depend("product:1")
        return 1

    monkeypatch.setattr(replica, "primary", primary)
    numbers.get("a", load)
    assert inside == []
    other.store.touch(["product:1"])
    numbers.get("a", load)
    assert inside == [True]


def test_what_a_replica_said_soon_after_a_touch_is_not_kept(other: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers: Family[int] = family(int, local=0.0)
    monkeypatch.setattr(replica, "reading", lambda: True)
    other.store.touch(["product:1"])

    def load() -> int:
        cache.depend("product:1")
        return 1

    numbers.get("a", load)
    assert events(numbers, "touched") == 1
