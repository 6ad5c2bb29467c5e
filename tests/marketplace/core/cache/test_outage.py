"""The cache while its Redis is down, hung, restarted, or full; and changes that are made meanwhile."""

import os
import signal
import time
from collections.abc import Iterator
from itertools import count

import pytest
from django.db import DatabaseError, transaction

from config.embedded.redis import RedisServer
from marketplace.core import cache
from marketplace.core.cache import background, link, touching
from marketplace.core.cache.engines import _engines
from marketplace.core.cache.family import Family
from marketplace.core.models import UnsentTouch
from tests.caching import remembering_cache
from tests.marketplace.core.breaker_cases import own_redis, until
from tests.marketplace.core.cache.cases import Source, events, family


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    yield from own_redis(tmp_path_factory.mktemp("redis"))


@pytest.fixture
def server(shared: RedisServer) -> Iterator[RedisServer]:
    """A Redis of these tests alone, awake at the end."""
    yield shared
    resume(shared)


@pytest.fixture
def engine(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[cache.Engine]:
    """A process whose cache is at that Redis."""
    monkeypatch.setattr(link, "REST", 0.1)
    before = list(_engines)
    made = cache.configure(server.url(), prefix="outage", in_background=False)
    made.link.before_return = cache.make_good
    try:
        with remembering_cache(commits=True) as remembering:
            yield remembering
    finally:
        _engines[:] = before


def pause(server: RedisServer) -> None:
    os.kill(server.process.pid, signal.SIGSTOP)


def resume(server: RedisServer) -> None:
    os.kill(server.process.pid, signal.SIGCONT)


def undone(tag: str) -> None:
    """A change that is touched, and rolled back."""
    with transaction.atomic():
        cache.touch(tag)
        transaction.set_rollback(True)


def again(engine: cache.Engine) -> bool:
    """A request asks while Redis is being left alone: at most a job in the background finds out."""
    family(int, local=0.0).get("again", Source([1]))
    background.crew.wait(5.0)
    return not engine.link.down


def seconds_of(call: object) -> float:
    begin = time.monotonic()
    call()  # type: ignore[operator]
    return time.monotonic() - begin


@pytest.mark.django_db(transaction=True)
def test_a_hung_redis_costs_a_process_one_time_out_and_none_when_it_is_asked_again(
    engine: cache.Engine, server: RedisServer
) -> None:
    numbers: Family[int] = family(int, local=0.0)
    source = Source(count(1))
    numbers.get("a", source)
    pause(server)
    first = seconds_of(lambda: numbers.get("a", source))
    begin = time.monotonic()
    longest = 0.0
    # Longer than the rest, so that somebody asks it again meanwhile.
    while time.monotonic() < begin + 0.5:
        longest = max(longest, seconds_of(lambda: numbers.get("a", source)))
    assert 0.2 < first < 0.6
    assert longest < 0.1
    assert source.calls > 3
    resume(server)
    until(lambda: again(engine))
    assert numbers.get("a", Source([])) == 1


def test_memory_answers_while_redis_is_away(engine: cache.Engine, server: RedisServer) -> None:
    numbers: Family[int] = family(int)
    engine.link.leave_alone()
    assert numbers.get("a", Source([1])) == 1
    assert numbers.get("a", Source([])) == 1
    assert events(numbers, "unreachable") == 1


@pytest.mark.django_db(transaction=True)
def test_a_change_made_while_redis_is_away_is_seen_when_it_is_back(engine: cache.Engine, server: RedisServer) -> None:
    numbers: Family[int] = family(int, local=0.0)
    assert numbers.get("a", Source([1]), depends=("product:1",)) == 1
    pause(server)
    with transaction.atomic():
        cache.touch("product:1")
    assert engine.link.down
    assert list(UnsentTouch.objects.values_list("tags", flat=True)) == [["product:1"]]
    # Known to be away now: the touch is part of the transaction itself.
    with transaction.atomic():
        cache.touch("product:2")
        cache.touch("product:2", "product:3")
        assert UnsentTouch.objects.count() == 3
    undone("product:4")
    assert UnsentTouch.objects.count() == 3
    resume(server)
    until(lambda: again(engine))
    assert not UnsentTouch.objects.exists()
    assert numbers.get("a", Source([2]), depends=("product:1",)) == 2


@pytest.mark.django_db(transaction=True)
def test_the_sweep_sends_what_a_process_that_is_gone_could_not(engine: cache.Engine, server: RedisServer) -> None:
    numbers: Family[int] = family(int, local=0.0)
    assert numbers.get("a", Source([1]), depends=("product:1",)) == 1
    UnsentTouch.objects.create(tags=["product:1"])
    engine.link.leave_alone()
    assert cache.settle(now=None) == 0  # type: ignore[arg-type]
    assert UnsentTouch.objects.count() == 1
    engine.link.hang_up()
    assert cache.settle(now=None) == 1  # type: ignore[arg-type]
    assert numbers.get("a", Source([2]), depends=("product:1",)) == 2


@pytest.mark.django_db(transaction=True)
def test_when_neither_redis_nor_postgresql_hears_of_a_change_all_is_forgotten_on_return(
    engine: cache.Engine, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers: Family[int] = family(int, local=0.0)
    assert numbers.get("a", Source([1]), depends=("product:1",)) == 1

    def away(**columns: object) -> None:
        raise DatabaseError

    engine.link.leave_alone()
    with monkeypatch.context() as patch:
        patch.setattr(UnsentTouch.objects, "create", away)
        cache.touch("product:1")
    until(lambda: again(engine))
    assert numbers.get("a", Source([2]), depends=("product:1",)) == 2


@pytest.mark.django_db(transaction=True)
def test_a_redis_that_refuses_a_touch_is_not_believed_until_it_took_it(
    engine: cache.Engine, server: RedisServer
) -> None:
    numbers: Family[int] = family(int, local=0.0)
    assert numbers.get("a", Source([1]), depends=("product:1",)) == 1
    command(engine, "CONFIG", "SET", "maxmemory", "1")
    try:
        cache.touch("product:1")
        assert engine.link.down
        assert numbers.get("a", Source([2]), depends=("product:1",)) == 2
    finally:
        command(engine, "CONFIG", "SET", "maxmemory", "0")
    until(lambda: again(engine))
    assert numbers.get("a", Source([3]), depends=("product:1",)) == 3


def command(engine: cache.Engine, *parts: str) -> None:
    line = engine.link._connected()
    line.connection.send_command(*parts, check_health=False)
    assert line.connection.read_response() == b"OK"
    line.connection.disconnect()


def test_what_a_redis_knew_before_its_restart_is_not_believed(
    engine: cache.Engine, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot from before a touch has the old value and the old generation."""
    numbers: Family[int] = family(int, local=0.0)
    assert numbers.get("a", Source([1])) == 1
    engine.link.hang_up()
    monkeypatch.setattr(link, "_run_id", lambda told: "another")
    assert numbers.get("a", Source([2])) == 2


def test_a_connection_that_the_server_has_closed_is_replaced(engine: cache.Engine, server: RedisServer) -> None:
    numbers: Family[int] = family(int, local=0.0)
    assert numbers.get("a", Source([1])) == 1
    for line in engine.link._idle:
        line.connection._sock.shutdown(2)  # type: ignore[attr-defined]
    assert numbers.get("a", Source([])) == 1
    assert not engine.link.down


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_touches_nothing(engine: cache.Engine) -> None:
    numbers: Family[int] = family(int)
    assert numbers.get("a", Source([1]), depends=("product:1",)) == 1
    undone("product:1")
    assert numbers.get("a", Source([]), depends=("product:1",)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_savepoint_that_is_rolled_back_takes_its_touches_and_no_others(engine: cache.Engine) -> None:
    numbers: Family[int] = family(int)
    for name in ("a", "b"):
        numbers.get(name, Source([1]), depends=(f"thing:{name}",))
    with transaction.atomic():
        cache.touch("thing:a")
        undone("thing:b")
    assert numbers.get("a", Source([2]), depends=("thing:a",)) == 2
    assert numbers.get("b", Source([]), depends=("thing:b",)) == 1


@pytest.mark.django_db(transaction=True)
def test_thousands_of_touches_of_one_change_are_few_calls(
    engine: cache.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    send = engine.store.touch

    def counted(tags: list[str]) -> None:
        asked.append(len(tags))
        send(tags)

    monkeypatch.setattr(engine.store, "touch", counted)
    with transaction.atomic():
        for number in range(2_000):
            cache.touch(f"product:{number}")
    assert asked == [2_000]
    numbers: Family[int] = family(int)
    numbers.get("a", Source([1]), depends=("stall:1",))
    cache.touch(*(f"product:{number}" for number in range(touching.MOST_AT_ONCE + 1)))
    assert asked == [2_000, 1]


@pytest.mark.parametrize("tag", ["", "two words", "a=b", "a\nb", "x" * 101])
def test_what_cannot_be_a_tag_is_refused(engine: cache.Engine, tag: str) -> None:
    with pytest.raises(ValueError, match="is not a tag"):
        cache.touch(tag)
