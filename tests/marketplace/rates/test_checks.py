"""No price passes that could be a slip, a lie or an old one."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from marketplace.rates import checks
from marketplace.rates.coins import PAIRS, Pair
from marketplace.rates.tiers import Quoted, tier_of
from tests.conftest import NOW

BTC = Pair("BTC", "EUR")


def at(price: str, *, pair: Pair = BTC, quoted_at: datetime = NOW) -> Quoted:
    return Quoted(pair, Decimal(price), quoted_at)


@pytest.mark.parametrize(
    "price", ["NaN", "sNaN", "Infinity", "-Infinity", "0", "-1", "-60000", "1e-13", "1e18", "1e999999"]
)
def test_what_is_no_price_is_bad(price: str) -> None:
    assert checks.judge(at(price), last=at("60000"), now=NOW) == "bad"


@pytest.mark.parametrize(
    ("seconds", "verdict"), [(0, "good"), (-299, "good"), (-301, "bad"), (59, "good"), (61, "bad"), (86_400, "bad")]
)
def test_the_providers_time_is_near_ours(seconds: int, verdict: str) -> None:
    quoted = at("60000", quoted_at=NOW + timedelta(seconds=seconds))
    assert checks.judge(quoted, last=at("60000"), now=NOW) == verdict


@pytest.mark.parametrize(
    ("price", "verdict"),
    [("72000", "good"), ("72000.01", "odd"), ("48000", "good"), ("47999", "odd"), ("600000", "odd")],
)
def test_a_step_beyond_a_fifth_needs_a_second_source(price: str, verdict: str) -> None:
    assert checks.judge(at(price), last=at("60000"), now=NOW) == verdict


def test_an_old_rate_is_no_measure_for_a_step() -> None:
    last = at("30000", quoted_at=NOW - timedelta(minutes=61))
    assert checks.judge(at("60000"), last=last, now=NOW) == "good"


@pytest.mark.parametrize(
    ("price", "verdict"), [("60000", "good"), ("7000", "good"), ("5000", "odd"), ("61000000", "odd")]
)
def test_the_first_rate_has_the_right_magnitude(price: str, verdict: str) -> None:
    assert checks.judge(at(price), last=None, now=NOW) == verdict


@pytest.mark.parametrize(("price", "verdict"), [("1.0", "good"), ("0.981", "good"), ("0.97", "odd"), ("1.03", "odd")])
def test_a_dollar_coin_off_its_dollar_is_odd_however_small_the_step(price: str, verdict: str) -> None:
    pair = Pair("USDT", "USD")
    assert checks.judge(at(price, pair=pair), last=at(price, pair=pair), now=NOW) == verdict


def test_a_pair_nobody_asked_for_is_bad() -> None:
    assert checks.judge(at("1", pair=Pair("SHIB", "EUR")), last=None, now=NOW) == "bad"


@pytest.mark.parametrize(
    ("other", "same"), [("60000", True), ("61800", True), ("61801", False), ("58253", True), ("58000", False)]
)
def test_two_houses_agree_within_three_percent(other: str, same: bool) -> None:
    assert checks.agree(at("60000"), at(other)) is same
    assert not checks.agree(at("60000"), at("60000", pair=Pair("BTC", "USD")))


def test_there_are_fifteen_coins_in_every_currency() -> None:
    assert len({pair.coin for pair in PAIRS}) == 15
    assert {pair.currency for pair in PAIRS} >= {"EUR", "USD", "GBP"}


@pytest.mark.parametrize(
    ("minutes", "tier"),
    [
        (0, "fresh"),
        (5, "fresh"),
        (5.1, "acceptable"),
        (15, "acceptable"),
        (15.1, "indicative"),
        (60, "indicative"),
        (60.1, "builtin"),
    ],
)
def test_age_makes_the_tier(minutes: float, tier: str) -> None:
    assert tier_of(NOW - timedelta(minutes=minutes), NOW) == tier
