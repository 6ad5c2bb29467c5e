"""No price passes that could be a slip, a lie or an old one."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from marketplace.rates import checks
from marketplace.rates.coins import PAIRS, Pair, builtin
from marketplace.rates.tiers import Quoted, tier_of
from tests.conftest import NOW

BTC = Pair("BTC", "EUR")
USDT = Pair("USDT", "USD")
# What was accepted a moment ago: the built-in prices.
LAST = {pair: Quoted(pair, builtin(pair), NOW) for pair in PAIRS}


def at(price: str, *, pair: Pair = BTC, quoted_at: datetime = NOW) -> Quoted:
    return Quoted(pair, Decimal(price), quoted_at)


def verdict(*told: Quoted, last: Quoted | None = None) -> str:
    """What is thought of the first price of an answer."""
    answer = {quoted.pair: quoted for quoted in told}
    return checks.judge(answer, last={last.pair: last} if last else {}, now=NOW)[told[0].pair]


@pytest.mark.parametrize(
    "price",
    ["NaN", "sNaN", "Infinity", "-Infinity", "0", "-0", "-1", "-60000", "1e-13", "1e16", "1e999999", "-1e-999999"],
)
def test_what_is_no_price_is_bad(price: str) -> None:
    assert verdict(at(price), last=at("60000")) == "bad"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "good"), (-299, "good"), (-301, "bad"), (59, "good"), (61, "bad"), (86_400, "bad")]
)
def test_the_providers_time_is_near_ours(seconds: int, expected: str) -> None:
    quoted = at("60000", quoted_at=NOW + timedelta(seconds=seconds))
    assert verdict(quoted, last=at("60000")) == expected


@pytest.mark.parametrize(
    ("price", "expected"),
    [("72000", "good"), ("72000.01", "odd"), ("48000", "good"), ("47999", "odd"), ("600000", "odd"), ("6e4", "good")],
)
def test_a_step_beyond_a_fifth_needs_a_second_source(price: str, expected: str) -> None:
    assert verdict(at(price), last=at("60000")) == expected


def test_digits_without_end_change_nothing() -> None:
    assert verdict(at("72000." + "0" * 100_000 + "1"), last=at("60000")) in ("good", "odd")
    assert verdict(at("60000." + "1" * 100_000), last=at("60000")) == "good"


def test_a_rate_is_a_measure_for_a_day() -> None:
    assert verdict(at("60000"), last=at("30000", quoted_at=NOW - timedelta(minutes=61))) == "odd"
    assert verdict(at("60000"), last=at("30000", quoted_at=NOW - timedelta(hours=25))) == "first"


@pytest.mark.parametrize(
    ("price", "expected"), [("60000", "first"), ("7000", "first"), ("5000", "odd"), ("61000000", "odd")]
)
def test_the_first_rate_has_the_right_magnitude(price: str, expected: str) -> None:
    assert verdict(at(price)) == expected


@pytest.mark.parametrize(
    ("price", "expected"), [("1.0", "good"), ("0.981", "good"), ("0.97", "odd"), ("1.03", "odd"), ("1.19", "odd")]
)
def test_a_dollar_coin_off_its_dollar_is_odd_however_small_the_step(price: str, expected: str) -> None:
    assert verdict(at(price, pair=USDT), last=at("1", pair=USDT)) == expected


@pytest.mark.parametrize("factor", ["0.9", "1.1", "1.19"])
def test_a_dollar_coin_is_held_to_its_dollar_in_every_currency(factor: str) -> None:
    for pair in (Pair("USDC", "EUR"), Pair("DAI", "PLN")):
        told = {pair: Quoted(pair, builtin(pair) * Decimal(factor), NOW)}
        assert checks.judge(told, last=LAST, now=NOW) == {pair: "odd"}


def test_a_coin_whose_dollar_price_is_odd_is_odd_everywhere() -> None:
    told = LAST | {USDT: at("0.9", pair=USDT)}
    verdicts = checks.judge(told, last=LAST, now=NOW)
    assert {pair.coin for pair, found in verdicts.items() if found == "odd"} == {"USDT"}
    assert sum(found == "odd" for found in verdicts.values()) == 6


def test_a_price_in_another_currency_is_odd_though_the_step_is_small() -> None:
    """The dollar price told as euros is a step of a tenth: the other coins tell it apart."""
    told = LAST | {BTC: Quoted(BTC, builtin(Pair("BTC", "USD")), NOW)}
    assert checks.judge(told, last=LAST, now=NOW)[BTC] == "odd"
    assert checks.judge(told, last={}, now=NOW)[BTC] == "odd"


def test_an_answer_in_another_currency_is_odd_altogether() -> None:
    told = {pair: Quoted(pair, builtin(Pair(pair.coin, "USD")), NOW) for pair in PAIRS}
    verdicts = checks.judge(told, last=LAST, now=NOW)
    assert {pair.currency for pair, found in verdicts.items() if found == "good"} == {"USD"}


@pytest.mark.parametrize("pair", [Pair("BTC", "USD"), Pair("XRP", "EUR"), Pair("ADA", "SEK")])
def test_a_price_the_wrong_way_round_is_odd(pair: Pair) -> None:
    told = LAST | {pair: Quoted(pair, 1 / builtin(pair), NOW)}
    assert checks.judge(told, last=LAST, now=NOW)[pair] == "odd"


def test_a_pair_nobody_asked_for_is_bad() -> None:
    assert verdict(at("1", pair=Pair("SHIB", "EUR"))) == "bad"


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
        (-0.9, "fresh"),
        (0, "fresh"),
        (5, "fresh"),
        (5.1, "acceptable"),
        (15, "acceptable"),
        (15.1, "indicative"),
        (60, "indicative"),
        (60.1, "builtin"),
        # From ahead of our clock: it was set back since, or somebody lied.
        (-1.1, "builtin"),
    ],
)
def test_age_makes_the_tier(minutes: float, tier: str) -> None:
    assert tier_of(NOW - timedelta(minutes=minutes), NOW) == tier


def test_a_coin_whose_dollar_price_is_doubtful_is_doubtful_in_every_currency() -> None:
    told = {pair: at(str(builtin(pair) * Decimal("0.97")), pair=pair) for pair in PAIRS if pair.coin == "USDT"}
    assert set(checks.judge(told, last=LAST, now=NOW).values()) == {"odd"}
