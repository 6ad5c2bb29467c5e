"""The breaker while its Redis is down, hung, or back."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded.redis import RedisServer
from marketplace.core import breaker as breakers
from marketplace.core import side_redis
from marketplace.core.breaker import Breaker, finding
from marketplace.core.breaker_store import Policy
from tests.marketplace.core.breaker_cases import Shop, Trouble, call, own_redis, until


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    yield from own_redis(tmp_path)


@pytest.fixture
def shop(server: RedisServer) -> Shop:
    return Shop(server.url())


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis is tried again soon."""
    monkeypatch.setattr(side_redis, "REST", 0.1)


def kill(server: RedisServer) -> None:
    os.kill(server.process.pid, signal.SIGKILL)
    until(lambda: server.process.poll() is not None)


def pause(server: RedisServer) -> None:
    os.kill(server.process.pid, signal.SIGSTOP)


def resume(server: RedisServer) -> None:
    os.kill(server.process.pid, signal.SIGCONT)


def forget(*known: Breaker) -> None:
    """As if a second had passed since Redis was last asked."""
    for breaker in known:
        breaker._told = None


def timed(breaker: Breaker, error: Exception | None = None) -> float:
    begin = time.monotonic()
    call(breaker, error)
    return time.monotonic() - begin


def test_without_redis_each_process_decides_for_itself(shop: Shop, server: RedisServer) -> None:
    breaker, other = shop.process(), shop.process()
    call(breaker)
    kill(server)
    outcomes = [call(breaker, Trouble()) for _ in range(6)]
    assert outcomes == ["Trouble"] * 5 + ["refused"]
    assert call(other) == "ok"
    status = breaker.status()
    assert (status.state, status.cause, status.shared) == ("open", "Trouble", False)
    assert status.until is not None
    assert finding(other.status()).state == "warning"


def test_redis_killed_midway_forgets_nothing_of_this_process(shop: Shop, server: RedisServer) -> None:
    breaker = shop.process()
    for _ in range(3):
        call(breaker, Trouble())
    kill(server)
    outcomes = [call(breaker, Trouble()) for _ in range(3)]
    assert outcomes == ["Trouble", "Trouble", "refused"]


def test_an_open_breaker_stays_open_when_redis_dies(shop: Shop, server: RedisServer) -> None:
    breaker, other = shop.process(), shop.process()
    for _ in range(5):
        call(other, Trouble())
    assert call(breaker) == "refused"
    kill(server)
    forget(breaker, other)
    assert call(breaker) == call(other) == "refused"


def test_without_redis_one_thread_tries_and_closes_it(shop: Shop, server: RedisServer) -> None:
    kill(server)
    breaker = shop.process(Policy(rest=0.1, probe=30))
    for _ in range(5):
        call(breaker, Trouble())
    until(lambda: breaker.status().state == "half_open")
    with breaker.watching(lambda error: None):
        assert [call(breaker) for _ in range(3)] == ["refused"] * 3
    assert breaker.status().state == "closed"


def test_a_named_time_is_kept_without_redis(shop: Shop, server: RedisServer) -> None:
    kill(server)
    breaker = shop.process(Policy(longest=40))
    call(breaker, Trouble(retry_after=900))
    assert call(breaker) == "refused"
    status = breaker.status()
    assert status.until is not None
    assert status.since is not None
    assert (status.until - status.since).total_seconds() == pytest.approx(40, abs=1)


def test_a_hung_redis_costs_one_call_a_quarter_of_a_second(shop: Shop, server: RedisServer) -> None:
    breaker = shop.process()
    call(breaker)
    forget(breaker)
    pause(server)
    first = timed(breaker)
    forget(breaker)
    rest = [timed(breaker, Trouble()) for _ in range(4)]
    resume(server)
    assert 0.2 < first < 0.45
    assert max(rest) < 0.1


def test_only_one_thread_tries_a_hung_redis_again(
    shop: Shop, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaker = shop.process()
    call(breaker)
    forget(breaker)
    pause(server)
    call(breaker)
    soon = time.monotonic() + side_redis.REST + 0.01
    monkeypatch.setattr(side_redis, "monotonic", lambda: soon)
    times: list[float] = []
    threads = [threading.Thread(target=lambda: times.append(timed(breaker))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    resume(server)
    assert sum(seconds > 0.2 for seconds in times) == 1


def test_redis_decides_again_when_it_is_back(shop: Shop, server: RedisServer, impatient: None) -> None:
    breaker = shop.process()
    call(breaker)
    forget(breaker)
    pause(server)
    for _ in range(5):
        call(breaker, Trouble())
    assert call(breaker) == "refused"
    resume(server)
    until(lambda: breaker.status().shared)
    assert breaker.status().state == "closed", "the others have seen no failure"
    assert call(breaker) == "ok"


def test_a_reset_says_whether_the_others_heard_of_it(shop: Shop, server: RedisServer) -> None:
    breaker = shop.process()
    kill(server)
    for _ in range(5):
        call(breaker, Trouble())
    assert not breaker.reset(by="tests")
    assert call(breaker) == "ok"


def test_the_same_rule_holds_without_redis(shop: Shop, server: RedisServer) -> None:
    kill(server)
    seldom, often = shop.process(), shop.process()
    for _ in range(7):
        for _ in range(3):
            call(seldom)
        call(seldom, Trouble())
    assert seldom.status().state == "closed"
    outcomes = [call(often, Trouble() if number % 2 else None) for number in range(12)]
    assert outcomes.count("Trouble") == 5


def test_old_failures_are_forgotten_without_redis(
    shop: Shop, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill(server)
    breaker = shop.process()
    for _ in range(4):
        call(breaker, Trouble())
    later = time.monotonic() + 61
    monkeypatch.setattr(breakers, "monotonic", lambda: later)
    assert [call(breaker, Trouble()) for _ in range(4)] == ["Trouble"] * 4
    assert breaker.status().state == "closed"
