"""Provider and Redis away together for a minute: a web process goes on answering product pages with their price in coins."""

import http.client
import os
import signal
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.entries import Entry, at_least, at_most

NAMES = ("rates.outage",)
SECONDS = float(os.environ.get("OUTAGE_SECONDS", "60"))
BEFORE, READERS = 6.0, 4
ROOT = Path(__file__).parent.parent


def run() -> dict[str, Entry]:
    """Share of pages that answered with their line, and the slowest hundredth, before and during."""
    from django.db import connections

    from benchmarks._liars import HOUSES, Liars
    from benchmarks._pollers import Pollers
    from config.embedded.redis import CACHE, RedisPlan, RedisServer
    from marketplace.rates.coins import PAIRS
    from marketplace.rates.models import Rate
    from tests.factories import a_product, a_seller, a_shipping_option, an_offer

    seller = a_seller(slug="rates-outage", name="Outage")
    a_shipping_option(seller)
    path = f"/p/{an_offer(seller=seller, product=a_product(owner=seller)).variant.product.slug}/"
    kept = Rate.objects.count()
    connections.close_all()
    with TemporaryDirectory(prefix="awning-rates-", ignore_cleanup_errors=True) as folder, ExitStack() as stack:
        home = Path(folder)
        home.chmod(0o755)
        redis = RedisServer(RedisPlan(name="all", directory=home, log=home / "redis.log", settings=CACHE, password="x"))
        stack.callback(redis.stop)
        liars = Liars(seed=5)
        stack.callback(liars.close)
        one = dict.fromkeys(("REDIS_URL", "RATE_LIMIT_REDIS_URL"), redis.url())
        settings = {
            "name": "outage",
            "bases": {house: liars.url(house) for house in HOUSES},
            "spacing": 3.0,
            "read": 5.0,
            "total": 10.0,
            "policy": {},
        }
        pollers = Pollers(1, settings, home, {**one, "LOG_LEVEL": "CRITICAL"})
        stack.callback(pollers.stop)
        pollers.go()
        while Rate.objects.count() < kept + len(PAIRS):
            time.sleep(0.1)
        port = _web(stack, home, one)
        _read(port, path, 2.0)
        before = _read(port, path, BEFORE)
        os.kill(redis.process.pid, signal.SIGSTOP)
        liars.behave("hang")
        try:
            during = _read(port, path, SECONDS)
        finally:
            os.kill(redis.process.pid, signal.SIGCONT)
    share = sum(well for well, _ in during) / len(during)
    was, now = (_p99(visits) for visits in (before, during))
    what = f"{len(during):,} pages in {SECONDS:g} s, Redis stopped and {liars.answers} calls to silent houses"
    return {
        "rates.outage_answered": at_least(share, 1.0, "of pages", what),
        "rates.outage_p99": at_most(
            now / was, 2.0, "× before", f"{was * 1e3:.0f} ms before, {now * 1e3:.0f} ms during"
        ),
    }


def _web(stack: ExitStack, home: Path, one: dict[str, str]) -> int:
    from config.embedded.ports import LOOPBACK, free_port
    from config.embedded.process import Command, ServerProcess

    port = free_port()
    web = ServerProcess(
        Command(
            name="web",
            argv=(
                *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", LOOPBACK, "--port", str(port)),
                *("--workers", "1", "--blocking-threads", str(READERS), "--no-ws", "config.wsgi:application"),
            ),
            directory=ROOT,
            log=home / "web.log",
            stops=((signal.SIGTERM, 3.0), (signal.SIGKILL, 2.0)),
            environ={**os.environ, **one, "SITE_URL": f"http://{LOOPBACK}:{port}", "PROCESS_KIND": "web"},
        )
    )
    stack.callback(web.stop)
    deadline = time.monotonic() + 40
    while not _visit(port, "/healthz", b"ok")[0]:
        assert time.monotonic() < deadline, web.last_words()
        time.sleep(0.1)
    return port


def _read(port: int, path: str, seconds: float) -> list[tuple[bool, float]]:
    """Several readers for so long: whether each page answered with its line, and after how many seconds."""
    end, visits = time.monotonic() + seconds, list[tuple[bool, float]]()

    def read() -> None:
        while time.monotonic() < end:
            visits.append(_visit(port, path, b" BTC</strong> at the rate of"))
            time.sleep(0.02)

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    return visits


def _visit(port: int, path: str, holds: bytes) -> tuple[bool, float]:
    begin = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        well = holds in answer.read() and answer.status == 200
    except (OSError, http.client.HTTPException):
        well = False
    finally:
        connection.close()
    return well, time.perf_counter() - begin


def _p99(visits: list[tuple[bool, float]]) -> float:
    times = sorted(seconds for _, seconds in visits)
    return times[min(len(times) - 1, round(0.99 * len(times)))]
