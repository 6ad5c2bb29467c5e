"""Provider and Redis away together: pages answer, with the rates that are known, and say how old they are.

The times of an outage are moved, not waited for; benchmarks/rates.py sits through the whole minute.
"""

import os
import signal
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from django.apps import apps
from django.core.cache import CacheHandler
from django.test import Client
from django.utils import timezone

from config.caches import caches
from config.embedded.rates import Server
from config.embedded.redis import BROKER, RedisPlan, RedisServer
from marketplace.core.breaker import Breaker
from marketplace.core.breaker_store import Policy, Store
from marketplace.rates import queries, services, slots
from marketplace.rates.coins import PAIRS, Pair
from marketplace.rates.providers import Provider, calls, coingecko
from marketplace.sellers.models import Seller
from tests.factories import a_product, an_offer

BTC = Pair("BTC", "EUR")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis of this module's own."""
    folder = tmp_path_factory.mktemp("redis")
    plan = RedisPlan(name="rates", directory=folder, log=folder / "redis.log", settings=BROKER, password="x")
    running = RedisServer(plan)
    yield running
    if running.process.poll() is None:
        os.kill(running.process.pid, signal.SIGCONT)
    running.stop()


@pytest.fixture
def away(db: None, server: RedisServer, monkeypatch: pytest.MonkeyPatch, market: Server) -> Iterator[None]:
    """Rates live in that Redis, as does the breaker; both it and the only provider fall silent after the first poll."""
    monkeypatch.setattr(queries, "cache", CacheHandler(caches(server.url()))["default"])
    monkeypatch.setattr(calls, "READ_SECONDS", 0.1)
    monkeypatch.setattr(slots, "SPACING_SECONDS", 0.0)
    place = Store(server.url(), prefix="tests")
    breaker = Breaker(f"outage-{uuid.uuid4().hex}", Policy(), place=lambda: place)
    house = Provider("gecko", partial(coingecko.fetch, base=market.url), breaker)
    monkeypatch.setattr(apps.get_app_config("rates"), "chain", (house,))
    assert services.poll(now=timezone.now()) == len(PAIRS)
    market.house.mode = "hang"
    os.kill(server.process.pid, signal.SIGSTOP)
    yield
    os.kill(server.process.pid, signal.SIGCONT)


def test_pages_answer_while_provider_and_redis_are_silent(
    client: Client, kiln: Seller, away: None, market: Server
) -> None:
    offer = an_offer(seller=kiln, product=a_product(owner=kiln), price_minor=84_600)
    page = f"/p/{offer.variant.product.slug}/"
    client.get(page)
    begin = time.monotonic()
    for _ in range(4):
        # As if seconds had passed: the process looks again, and the timetable's poll finds nobody.
        queries._memory.until = 0.0
        answer = client.get(page)
        assert answer.status_code == 200
        assert "at the rate of" in answer.content.decode()
        assert services.poll(now=timezone.now()) == 0
    assert time.monotonic() - begin < 4 * (0.25 + 0.25 + 0.5)
    assert 2 <= len(market.house.calls) <= 5


@pytest.mark.django_db
def test_a_cold_process_with_redis_and_provider_away_reads_postgresql(away: None) -> None:
    queries.forget()
    rate = queries.known(BTC, now=timezone.now())
    assert (rate.tier, rate.source) == ("fresh", "gecko")
    # A minute later the line is the same, some later it says how old it is.
    for minutes, tier in ((1, "fresh"), (10, "acceptable"), (30, "indicative"), (61, "builtin")):
        assert queries.known(BTC, now=timezone.now() + timedelta(minutes=minutes)).tier == tier


@pytest.mark.django_db
def test_the_same_when_redis_is_gone_for_good(monkeypatch: pytest.MonkeyPatch, market: Server) -> None:
    """Nobody listens at its address: refused at once."""
    monkeypatch.setattr(queries, "cache", CacheHandler(caches("redis://127.0.0.1:1/0"))["default"])
    place = Store("redis://127.0.0.1:1/0", prefix="tests")
    breaker = Breaker(f"gone-{uuid.uuid4().hex}", Policy(), place=lambda: place)
    house = Provider("gecko", partial(coingecko.fetch, base=market.url), breaker)
    monkeypatch.setattr(apps.get_app_config("rates"), "chain", (house,))
    assert services.poll(now=timezone.now()) == len(PAIRS)
    queries.forget()
    assert queries.known(BTC, now=timezone.now()).tier == "fresh"
