"""Reading: Redis, then PostgreSQL, then what is built in; never the network, and never an error."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError
from django.utils import timezone

from marketplace.core.errors import NotFound
from marketplace.rates import queries, services, watching
from marketplace.rates.coins import Pair
from marketplace.rates.models import Rate
from marketplace.rates.providers import Provider
from marketplace.rates.tiers import Quoted
from tests.marketplace.rates.conftest import prices

BTC = Pair("BTC", "EUR")
pytestmark = pytest.mark.django_db


@pytest.fixture
def polled(chain: Callable[..., list[Provider]]) -> datetime:
    now = timezone.now()
    chain(first=prices)
    services.poll(now=now)
    queries.forget()
    return now


def test_a_cold_process_reads_redis_without_a_query(
    polled: datetime, django_assert_num_queries: Callable[..., object]
) -> None:
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        assert queries.known(BTC, now=polled).tier == "fresh"


def test_with_redis_empty_postgresql_answers_and_fills_it(
    polled: datetime, django_assert_num_queries: Callable[..., object]
) -> None:
    cache.delete(queries.CACHE_KEY)
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        assert queries.known(BTC, now=polled).price == Decimal(60_000)
        assert queries.known(Pair("ETH", "USD"), now=polled).price == Decimal(2_500)
    queries.forget()
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        assert queries.known(BTC, now=polled).price == Decimal(60_000)


def test_with_both_away_what_is_built_in_is_shown_and_prices_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **rest: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(queries, "last_good", away)
    rate = queries.known(BTC, now=timezone.now())
    assert (rate.tier, rate.source, rate.may_price) == ("builtin", "built in", False)


def test_an_outage_keeps_what_the_process_knew(polled: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    queries.known(BTC, now=polled)
    cache.delete(queries.CACHE_KEY)
    queries._memory.until = 0.0

    def away(*args: object, **rest: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(queries, "last_good", away)
    assert queries.known(BTC, now=polled).tier == "fresh"


def test_the_latest_rate_of_each_pair_counts(polled: datetime) -> None:
    Rate.objects.create(
        coin="BTC",
        currency="EUR",
        price=61_000,
        source="later",
        quoted_at=polled,
        taken_at=polled + timedelta(seconds=9),
    )
    assert queries.last_good([BTC], now=polled)[BTC].source == "later"


@pytest.mark.parametrize(
    ("coin", "amount", "expected"),
    [("BTC", "600.00", "0.01000000"), ("BTC", "0.02", "0.00000034"), ("USDC", "1.00", "1.100000")],
)
def test_an_amount_in_coins_is_rounded_up_to_the_smallest_unit(
    polled: datetime, coin: str, amount: str, expected: str
) -> None:
    found, rate = queries.amount_in(coin, Decimal(amount), "EUR", now=polled)
    assert format(found, "f") == expected
    assert found * rate.price >= Decimal(amount)


def test_health_says_how_old_the_rates_are(polled: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    assert watching.finding().state == "ok"
    assert watching.age()[0][1] < 60
    for minutes, text in ((6, "5 minutes"), (16, "no coin can be paid with")):
        monkeypatch.setattr(timezone, "now", lambda m=minutes: polled + timedelta(minutes=m))
        assert watching.finding().state == "warning"
        assert text in watching.finding().text


def test_one_fresh_rate_does_not_speak_for_the_others(polled: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    board = dict(queries.board(now=polled))
    old = board[BTC]
    board[BTC] = replace(old, quoted=replace(old.quoted, quoted_at=polled - timedelta(minutes=20)))
    queries.remember(board)
    monkeypatch.setattr(timezone, "now", lambda: polled)
    found = watching.finding()
    assert (found.state, found.figures["pairs_unusable"]) == ("warning", 1)
    assert "1 of 90 pairs" in found.text


def test_health_says_when_nothing_is_known() -> None:
    assert "built-in" in watching.finding().text
    assert watching.age() == []


@pytest.mark.parametrize("minutes", [0, 5, 14.9])
def test_an_invoice_is_priced_by_a_rate_of_at_most_15_minutes(polled: datetime, minutes: float) -> None:
    rate = queries.for_invoice("BTC", "EUR", now=polled + timedelta(minutes=minutes))
    assert (rate.price, rate.source, rate.may_price) == (Decimal(60_000), "first", True)


@pytest.mark.parametrize("minutes", [15.1, 30, 61, -2])
def test_an_older_rate_prices_no_invoice(polled: datetime, minutes: float) -> None:
    with pytest.raises(queries.RateTooOld) as caught:
        queries.for_invoice("BTC", "EUR", now=polled + timedelta(minutes=minutes))
    assert (caught.value.code, caught.value.status, caught.value.permanent) == ("rate_too_old", 503, False)


def test_an_invoice_is_priced_by_postgresql_alone(polled: datetime) -> None:
    """What Redis or this process remembers is shown, never charged."""
    board = {BTC: queries.Entry(Quoted(BTC, Decimal(1), polled), "somebody")}
    queries.remember(board)
    assert queries.known(BTC, now=polled).price == 1
    assert queries.for_invoice("BTC", "EUR", now=polled).price == Decimal(60_000)


def test_without_any_rate_no_invoice_is_priced() -> None:
    with pytest.raises(queries.RateTooOld):
        queries.for_invoice("BTC", "EUR", now=timezone.now())
    for coin, currency in (("SHIB", "EUR"), ("BTC", "JPY")):
        with pytest.raises(NotFound):
            queries.for_invoice(coin, currency, now=timezone.now())


@pytest.mark.parametrize("left", ["board", [1, 2], [("BTC", "EUR")], [("BTC", "EUR", "x", 1.0, "s")], {"a": 1},
                                  [("BTC", "EUR", "-5", 1.0, "s")], [("BTC", "EUR", "NaN", 1.0, "s")]])  # fmt: skip
def test_what_another_version_left_in_redis_breaks_no_page(polled: datetime, left: object) -> None:
    cache.set(queries.CACHE_KEY, left)
    assert queries.known(BTC, now=polled).price == Decimal(60_000)


def test_bytes_that_are_nothing_break_no_page(polled: datetime) -> None:
    with redis.Redis.from_url(settings.CACHES["default"]["LOCATION"]) as client:
        for left in (b"\x80\x05garbage", b"", b"(dp0", b"\x00" * 1000):
            client.set(cache.make_key(queries.CACHE_KEY), left)
            queries.forget()
            assert queries.known(BTC, now=polled).price == Decimal(60_000)


def test_one_thread_looks_again_while_the_others_go_on(polled: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    queries.known(BTC, now=polled)
    queries._memory.until = 0.0
    looks: list[str] = []

    def slow(now: datetime) -> dict[Pair, queries.Entry]:
        looks.append("slow")
        # Meanwhile others read what is known, and look for nothing themselves.
        assert queries.known(BTC, now=now).tier == "fresh"
        return {}

    monkeypatch.setattr(queries, "_look", slow)
    queries.board(now=polled)
    assert looks == ["slow"]


def test_an_absurd_amount_in_coins_is_still_a_number(polled: datetime) -> None:
    found, _ = queries.amount_in("DAI", Decimal(10) ** 15, "EUR", now=polled)
    assert found > Decimal(10) ** 14
