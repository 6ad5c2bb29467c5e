"""A table with real rates, clocks that move without waiting, and stores that do not answer."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

from redis import Redis

from monitoring.limits.engine import Engine
from monitoring.limits.guard import engine
from monitoring.limits.rates import parse
from monitoring.limits.store import Entry
from monitoring.limits.tiers import Policy

# What CONTRACT promises; the test run itself is more generous (tests/servers.py).
RATES = {
    "user": "100/minute;1000/15 minutes",
    "anonymous": "60/minute",
    "burst": "30/second",
    "sign-in": "10/minute",
    "checkout": "10/minute",
    "payout": "10/minute",
    "upload": "5/minute",
    "expensive": "10/15 minutes",
    "concurrent-user": "20/minute",
    "concurrent-address": "50/minute",
}


def a_policy(*, url: str = "", processes: int = 1, **rates: str) -> Policy:
    """The hall's policy with the promised rates; ``anonymous="2/minute"`` and the like change one (``_`` for ``-``)."""
    ours = engine().policy
    wanted = RATES | {name.replace("_", "-"): rate for name, rate in rates.items()}
    tiers = dict(ours.tiers) | {name: replace(ours.tiers[name], rate=parse(rate)) for name, rate in wanted.items()}
    return replace(ours, tiers=tiers, store_url=url or ours.store_url, processes=processes)


def an_engine(*, url: str = "", processes: int = 1, **rates: str) -> Engine:
    return Engine(a_policy(url=url, processes=processes, **rates))


def a_window(limit: int, seconds: int = 60, *, key: str = "", **fields: Any) -> Entry:
    return Entry("user", "window", key or f"limit:test:{uuid4().hex}", limit, seconds, **fields)


def a_place(limit: int, *, key: str = "", seconds: int = 60) -> Entry:
    return Entry("concurrent-user", "place", key or f"limit:test:{uuid4().hex}", limit, seconds)


def age(client: Redis, seconds: float) -> None:
    """Lets time pass for all counters: what they hold has happened so much earlier."""
    for key in client.scan_iter("limit:*"):
        kind = client.type(key)
        rest = client.pttl(key)
        if kind == "list":
            stamps = [int(stamp) - int(seconds * 1e6) for stamp in client.lrange(key, 0, -1)]
            client.delete(key)
            client.rpush(key, *stamps)
        elif kind == "zset" and ":top" not in key:
            held: dict[str, float] = dict(client.zrange(key, 0, -1, withscores=True))  # type: ignore[arg-type]
            client.zadd(key, {token: until - seconds * 1e6 for token, until in held.items()})
        else:
            continue
        left = int(rest - seconds * 1000)
        client.pexpire(key, left) if left > 0 else client.delete(key)


def closed_port() -> str:
    """A URL where nobody listens."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return f"redis://127.0.0.1:{probe.getsockname()[1]}/0"


@contextmanager
def black_hole() -> Iterator[str]:
    """The URL of a server that takes connections and never says a word."""
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


class StoppedClock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
