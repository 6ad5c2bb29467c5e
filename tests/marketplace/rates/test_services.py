"""The poll: who is asked, what is believed, what is kept."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from config.embedded.rates import Server
from marketplace.core.db import OpenTransaction
from marketplace.rates import queries, services, slots
from marketplace.rates.coins import FIATS, PAIRS, Pair
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
    ProviderSlot.objects.update(free_at=timezone.now())
    return clock + timedelta(seconds=4)


def down(now: datetime) -> list[Quoted]:
    raise ProviderFailed("ConnectError")


@pytest.mark.django_db(transaction=True)
def test_one_call_brings_every_pair(chain: Chain, gecko: Fetch, market: Server, clock: datetime) -> None:
    chain(gecko=gecko)
    assert services.poll(now=clock) == len(PAIRS) == Rate.objects.count()
    assert len(market.house.calls) == 1
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
    assert services.poll(now=clock) == len(PAIRS) - len(FIATS)
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
    for statement in ("UPDATE rates_rate SET price = 1", "DELETE FROM rates_rate", "TRUNCATE rates_rate"):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_no_house_is_asked_inside_a_transaction(chain: Chain, gecko: Fetch, market: Server, clock: datetime) -> None:
    chain(gecko=gecko)
    with pytest.raises(OpenTransaction), transaction.atomic():
        services.poll(now=clock)
    assert market.house.calls == []


def test_the_first_rates_are_asked_for_everywhere(chain: Chain, clock: datetime) -> None:
    """Nothing to measure them by: two houses that contradict each other are both not believed."""
    chain(first=lambda now: prices(now, BTC_USD="90000"), second=prices, third=prices)
    assert services.poll(now=clock) == len(PAIRS)
    first = Rate.objects.get(coin="BTC", currency="USD")
    assert (first.source, first.confirmed_by, first.price) == ("second", "third", Decimal(66_000))
    assert set(Rate.objects.exclude(coin="BTC").values_list("source", "confirmed_by")) == {("first", "second")}


def test_two_first_prices_that_contradict_each_other_are_not_kept(chain: Chain, clock: datetime) -> None:
    chain(first=lambda now: prices(now, BTC_USD="90000"), second=prices)
    assert services.poll(now=clock) == len(PAIRS) - 1
    assert not Rate.objects.filter(coin="BTC", currency="USD").exists()


def test_a_pair_told_twice_in_one_answer_is_not_believed(chain: Chain, clock: datetime) -> None:
    chain(first=lambda now: [*prices(now), Quoted(BTC, Decimal(67_000), now)])
    assert services.poll(now=clock) == len(PAIRS) - 1


def test_rates_after_a_night_without_a_month_are_kept(chain: Chain, clock: datetime) -> None:
    """The writer makes the month that is missing: a rate is never lost to a timetable that stood still."""
    chain(first=prices)
    far = clock + timedelta(days=400)
    assert services.poll(now=far) == len(PAIRS)
    assert queries.known(BTC, now=far).tier == "fresh"


def test_who_was_held_up_asks_nobody(chain: Chain, clock: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "PROMPT_SECONDS", -1.0)
    calls: list[int] = []
    chain(first=lambda now: calls.append(1) or prices(now))
    assert services.poll(now=clock) == 0
    assert calls == []


def test_what_another_poll_kept_meanwhile_stays_on_the_board(chain: Chain, clock: datetime) -> None:
    """The board is read again after the commit: nobody puts their own older view over it."""

    def slow(now: datetime) -> list[Quoted]:
        services._write(
            [Rate(coin="ETH", currency="USD", price=Decimal(2_501), source="other", quoted_at=now, taken_at=now)]
        )
        return [quoted for quoted in prices(now) if quoted.pair == BTC]

    chain(first=prices)
    services.poll(now=clock)
    chain(first=slow)
    services.poll(now=later(clock))
    assert queries.known(Pair("ETH", "USD"), now=clock).source == "other"


def test_a_clock_that_was_set_back_does_not_stop_the_polling(chain: Chain, clock: datetime) -> None:
    chain(first=prices)
    services.poll(now=clock)
    later(clock)
    assert services.poll_if_due(now=clock - timedelta(minutes=2)) == len(PAIRS)
