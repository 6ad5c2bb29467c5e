from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core import money
from marketplace.core.money import BadMoney, Money


@pytest.mark.parametrize(
    ("minor", "currency", "expected"),
    [
        (102490, "EUR", "€1,024.90"),
        (84600, "EUR", "€846.00"),
        (5, "EUR", "€0.05"),
        (-4240, "EUR", "−€42.40"),
        (1234, "JPY", "¥1,234"),
        (1234, "KWD", "KWD1.234"),
    ],
)
def test_text_shows_every_decimal_of_the_currency(minor: int, currency: str, expected: str) -> None:
    assert money.text(minor, currency) == expected


@pytest.mark.parametrize(
    ("minor", "currency", "expected"), [(84600, "EUR", "€846"), (6450, "EUR", "€64.50"), (1200, "JPY", "¥1,200")]
)
def test_short_drops_empty_decimals_only(minor: int, currency: str, expected: str) -> None:
    assert money.short(minor, currency) == expected


@pytest.mark.parametrize("text", ["", "abc", "1,50", "NaN", "Infinity", "1.234", "--1", "1e999999", "1e16"])
def test_parse_refuses_what_is_not_an_amount(text: str) -> None:
    with pytest.raises(BadMoney):
        money.parse_minor(text, "EUR")


def test_rounding_goes_half_to_even() -> None:
    assert [money.to_minor(Decimal(text), "EUR") for text in ("0.005", "0.015", "0.025", "-0.005")] == [0, 2, 2, 0]


@given(minor=st.integers(-(10**12), 10**12), currency=st.sampled_from(["EUR", "JPY", "KWD", "USD"]))
def test_major_and_minor_round_trip(minor: int, currency: str) -> None:
    assert money.to_minor(money.to_major(minor, currency), currency) == minor
    assert money.parse_minor(str(money.to_major(minor, currency)), currency) == minor


@given(
    amount=st.integers(-(10**9), 10**9),
    weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(lambda values: sum(values) > 0),
)
def test_shares_add_up_and_stay_within_one_unit_of_fair(amount: int, weights: list[int]) -> None:
    shares = money.split(amount, weights)
    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * sum(weights) - amount * weight) < sum(weights)


def test_shares_need_a_positive_weight() -> None:
    with pytest.raises(BadMoney):
        money.split(100, [0, 0])


def test_currencies_do_not_mix() -> None:
    with pytest.raises(BadMoney):
        Money(100, "EUR") + Money(100, "USD")
    assert Money(100, "EUR") * 3 - Money(50, "EUR") == Money(250, "EUR")


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(BadMoney):
        Money(1, "XYZW")
