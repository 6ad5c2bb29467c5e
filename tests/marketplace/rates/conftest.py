"""A rate provider that can be told to misbehave, and a chain of providers with breakers of their own."""

import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from functools import partial

import pytest
from django.apps import apps
from django.core.cache import cache

from config.embedded.rates import House, Server
from marketplace.core import breaker
from marketplace.core.breaker import Breaker
from marketplace.core.breaker_store import Policy
from marketplace.rates import queries
from marketplace.rates.coins import PAIRS, Pair, builtin
from marketplace.rates.providers import Provider, coingecko
from marketplace.rates.tiers import Quoted

Fetch = Callable[[datetime], list[Quoted]]


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    cache.delete(queries.CACHE_KEY)
    queries.forget()
    yield
    cache.delete(queries.CACHE_KEY)
    queries.forget()


@pytest.fixture
def market() -> Iterator[Server]:
    """CoinGecko on loopback."""
    server = Server(0, House(seed=7))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.house.stopping.set()
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Provider]]:
    """Makes these functions the providers, each with a new breaker."""

    def use(**fetchers: Fetch) -> list[Provider]:
        providers = [Provider(name, fetch, a_breaker(name)) for name, fetch in fetchers.items()]
        monkeypatch.setattr(apps.get_app_config("rates"), "chain", tuple(providers))
        return providers

    return use


def a_breaker(name: str) -> Breaker:
    """A breaker that no other test knows."""
    return Breaker(f"test-{name}-{uuid.uuid4().hex}", Policy(), place=breaker._store)


@pytest.fixture
def gecko(market: Server) -> Fetch:
    return partial(coingecko.fetch, base=market.url)


def prices(at: datetime, *, factor: str = "1", **odd: str) -> list[Quoted]:
    """The built-in price of every pair, times ``factor``; ``BTC_USD="1"`` sets one."""
    special = {Pair(*name.split("_")): Decimal(price) for name, price in odd.items()}
    return [Quoted(pair, special.get(pair, builtin(pair) * Decimal(factor)), at) for pair in PAIRS]
