"""What the tests of the breaker share: a Redis of their own that may be killed, and a foreign service that may fail."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from config.embedded.redis import BROKER, RedisPlan, RedisServer
from marketplace.core.breaker import ANSWERED, Answered, Breaker, BreakerOpen, Failure
from marketplace.core.breaker_store import Policy, Store


class Trouble(Exception):
    """The other side fails; ``retry_after`` is what it asks for."""

    def __init__(self, retry_after: float = 0.0) -> None:
        super().__init__()
        self.retry_after = retry_after


class Refusal(Exception):
    """The other side answers that the request is wrong."""


class Slip(Exception):
    """An error of our own, before anything was sent."""


def judge(error: BaseException) -> Failure | Answered | None:
    if isinstance(error, Trouble):
        return Failure("Trouble", error.retry_after)
    return ANSWERED if isinstance(error, Refusal) else None


def call(breaker: Breaker, error: Exception | None = None) -> str:
    """What became of one call: "ok", "refused", or the name of its error."""
    try:
        with breaker.watching(judge):
            if error is not None:
                raise error
    except BreakerOpen:
        return "refused"
    except (Trouble, Refusal, Slip) as raised:
        return type(raised).__name__
    return "ok"


def until(condition: Callable[[], bool], *, patience: float = 10.0) -> None:
    """Waits for an event; fails when it does not come."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


class Shop:
    """Processes of one hall: each has a breaker of the same name at the same Redis."""

    def __init__(self, url: str) -> None:
        self.url, self.count = url, 0

    def process(self, policy: Policy | None = None, *, name: str = "service") -> Breaker:
        """The breaker as a process of its own would have it: with a connection and a memory of its own."""
        place = Store(self.url, prefix="tests")
        return Breaker(name, policy or Policy(), place=lambda: place)


def own_redis(folder: Path) -> Iterator[RedisServer]:
    """A Redis that nobody else uses, running again at the end."""
    server = RedisServer(
        RedisPlan(name="redis-breaker", directory=folder, log=folder / "redis.log", settings=BROKER, password="secret")
    )
    try:
        yield server
    finally:
        if server.process.poll() is None:
            os.kill(server.process.pid, signal.SIGCONT)
        server.stop()
