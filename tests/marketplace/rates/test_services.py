"""The poll: who is asked, what is believed, what is kept."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from config.embedded.rates import Server
from marketplace.core.db import OpenTransaction
from marketplace.rates import queries, services
from marketplace.rates.coins import PAIRS, Pair
from marketplace.rates.models import ProviderSlot, Rate
from marketplace.rates.providers import Provider
from marketplace.rates.providers.calls import ProviderFailed, ProviderRefused
from marketplace.rates.tiers import Quoted
from tests.marketplace.rates.conftest import Fetch, prices

pytestmark = pytest.mark.django_db

BTC = Pair("BTC", "USD")
Chain = Callable[..., list[Provider]]


@pytest.fixture
def clock() -> datetime:
    return timezone.now()


def later(clock: datetime) -> datetime:
    """Four seconds on, also for the database's clock: the slots are free again."""
    ProviderSlot.objects.update(called_at=timezone.now() - timedelta(seconds=4))
    return clock + timedelta(seconds=4)


def down(now: datetime) -> list[Quoted]:
    raise ProviderFailed("ConnectError")


@pytest.mark.django_db(transaction=True)
def test_one_call_brings_every_pair(chain: Chain, gecko: Fetch, market: Server, clock: datetime) -> None:
    chain(gecko=gecko)
    assert services.poll(now=clock) == len(PAIRS) == Rate.objects.count()
    assert len(market.market.calls) == 1
    rate = queries.known(BTC, now=clock)
    assert (rate.tier, rate.source, rate.may_price) == ("fresh", "gecko", True)
    assert Decimal(50_000) < rate.price < Decimal(80_000)


def test_young_rates_are_left_alone_and_old_ones_renewed(chain: Chain, clock: datetime) -> None:
    chain(first=prices)
    assert services.poll_if_due(now=clock) == len(PAIRS)
    later(clock)
    assert services.poll_if_due(now=clock + timedelta(seconds=239)) == 0
    assert services.poll_if_due(now=clock + timedelta(seconds=241)) == len(PAIRS)


def test_the_next_house_is_asked_when_the_first_fails(chain: Chain, clock: datetime) -> None:
    chain(first=down, second=prices)
    assert services.poll(now=clock) == len(PAIRS)
    assert set(Rate.objects.values_list("source", flat=True)) == {"second"}


def test_the_next_house_fills_what_the_first_does_not_know(chain: Chain, clock: datetime) -> None:
    chain(first=lambda now: [entry for entry in prices(now) if entry.pair != BTC], second=prices)
    assert services.poll(now=clock) == len(PAIRS)
    assert list(Rate.objects.filter(source="second").values_list("coin", "currency")) == [("BTC", "USD")]


def test_an_odd_price_is_kept_only_when_another_house_says_the_same(chain: Chain, clock: datetime) -> None:
    chain(first=prices)
    services.poll(now=clock)
    clock = later(clock)
    chain(first=lambda now: prices(now, BTC_USD="99000"), second=lambda now: prices(now, BTC_USD="98000"))
    services.poll(now=clock)
    newest = Rate.objects.filter(coin="BTC", currency="USD").latest("taken_at")
    assert (newest.price, newest.source, newest.confirmed_by) == (Decimal(99_000), "first", "second")


def test_an_odd_price_that_nobody_confirms_is_not_believed(chain: Chain, clock: datetime) -> None:
    chain(first=lambda now: prices(now, factor="1.05"))
    services.poll(now=clock)
    clock = later(clock)
    chain(first=lambda now: prices(now, BTC_USD="660000"), second=down)
    assert services.poll(now=clock) == len(PAIRS) - 1
    rate = queries.known(BTC, now=clock)
    assert (rate.price, rate.tier) == (Decimal(69_300), "fresh")


def test_one_house_cannot_confirm_itself(chain: Chain, clock: datetime) -> None:
    chain(first=prices)
    services.poll(now=clock)
    clock = later(clock)
    twice = [*prices(clock, BTC_USD="99000"), *prices(clock, BTC_USD="99000")]
    chain(first=lambda now: twice)
    services.poll(now=clock)
    assert queries.known(BTC, now=clock).price == Decimal(66_000)


def test_one_bad_coin_opens_no_breaker_and_costs_no_other_coin(chain: Chain, clock: datetime) -> None:
    (first,) = chain(first=lambda now: prices(now, BTC_USD="-1"))
    for _ in range(6):
        assert services.poll(now=clock) == len(PAIRS) - 1
        clock = later(clock)
    assert first.breaker.status().state == "closed"


def test_five_useless_answers_open_the_breaker_and_the_house_is_left_alone(chain: Chain, clock: datetime) -> None:
    calls: list[int] = []

    def useless(now: datetime) -> list[Quoted]:
        calls.append(1)
        return prices(now, factor="0")

    (first,) = chain(first=useless)
    for _ in range(9):
        assert services.poll(now=clock) == 0
        clock = later(clock)
    assert len(calls) == 5
    assert first.breaker.status().state == "open"


def test_our_own_mistake_opens_no_breaker(chain: Chain, clock: datetime) -> None:
    def refused(now: datetime) -> list[Quoted]:
        raise ProviderRefused("status 401")

    (first,) = chain(first=refused)
    for _ in range(6):
        services.poll(now=clock)
        clock = later(clock)
    assert first.breaker.status().state == "closed"


def test_a_house_is_asked_once_in_three_seconds(chain: Chain, clock: datetime) -> None:
    calls: list[int] = []
    chain(first=lambda now: calls.append(1) or prices(now))
    services.poll(now=clock)
    services.poll(now=clock)
    assert len(calls) == 1
    ProviderSlot.objects.update(called_at=timezone.now() - timedelta(seconds=2.5))
    services.poll(now=clock)
    assert len(calls) == 1
    services.poll(now=later(clock))
    assert len(calls) == 2


@pytest.mark.django_db(transaction=True)
def test_of_many_polls_at_once_one_has_the_slot() -> None:
    together = threading.Barrier(8)

    def take(number: int) -> bool:
        try:
            together.wait(10)
            return services.reserve("raced")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(take, range(8))) == 1


def test_what_was_good_stays_on_the_board_when_all_houses_fail(chain: Chain, clock: datetime) -> None:
    chain(first=prices)
    services.poll(now=clock)
    chain(first=down)
    assert services.poll(now=later(clock)) == 0
    assert queries.known(BTC, now=clock + timedelta(minutes=10)).tier == "acceptable"
    old = queries.known(BTC, now=clock + timedelta(minutes=30))
    assert (old.tier, old.may_price) == ("indicative", False)
    last = queries.known(BTC, now=clock + timedelta(minutes=61))
    assert (last.tier, last.may_price, last.quoted_at) == ("builtin", False, None)


def test_kept_rates_cannot_be_changed(chain: Chain, clock: datetime) -> None:
    chain(first=prices)
    services.poll(now=clock)
    for statement in ("UPDATE rates_rate SET price = 1", "DELETE FROM rates_rate"):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_no_house_is_asked_inside_a_transaction(chain: Chain, gecko: Fetch, market: Server, clock: datetime) -> None:
    chain(gecko=gecko)
    with pytest.raises(OpenTransaction), transaction.atomic():
        services.poll(now=clock)
    assert market.market.calls == []
