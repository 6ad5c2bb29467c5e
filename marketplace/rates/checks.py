"""What a provider's price must pass before anybody sees it (SAFETY 18)."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from marketplace.rates.coins import COINS, PAIRS, builtin
from marketplace.rates.tiers import INDICATIVE, Quoted

Verdict: TypeAlias = Literal["good", "odd", "bad"]

# SAFETY 18: a step of at most 20 % unless a second source agrees; the provider's time is at most 5 minutes old.
STEP: Final = Decimal("0.20")
OLDEST: Final = timedelta(minutes=5)
# Clocks differ; more than this ahead of ours is a wrong clock or a lie.
AHEAD: Final = timedelta(seconds=60)
# A dollar coin further than this from its dollar has lost its peg, or the provider is wrong.
PEG: Final = Decimal("0.02")
# Two houses whose prices differ by no more than this say the same.
AGREE: Final = Decimal("0.03")
# Without an earlier rate a price must at least have the right order of magnitude.
MAGNITUDE: Final = Decimal(10)
_KEPT: Final = frozenset(PAIRS)
_MOST = Decimal(10) ** 17
_LEAST = Decimal(10) ** -12


def judge(quoted: Quoted, *, last: Quoted | None, now: datetime) -> Verdict:
    """Good: may be kept. Odd: only when a second source agrees. Bad: never."""
    price = quoted.price
    if quoted.pair not in _KEPT or not price.is_finite() or not _LEAST <= price <= _MOST:
        return "bad"
    if not now - OLDEST <= quoted.quoted_at <= now + AHEAD:
        return "bad"
    if _unpegged(quoted):
        return "odd"
    if last is not None and now - last.quoted_at <= INDICATIVE:
        return "good" if abs(price - last.price) <= STEP * last.price else "odd"
    usual = builtin(quoted.pair)
    return "good" if usual / MAGNITUDE <= price <= usual * MAGNITUDE else "odd"


def agree(one: Quoted, other: Quoted) -> bool:
    """Whether two houses name about the same price for the same pair."""
    return one.pair == other.pair and abs(one.price - other.price) <= AGREE * min(one.price, other.price)


def _unpegged(quoted: Quoted) -> bool:
    is_dollar = quoted.pair.currency == "USD" and COINS[quoted.pair.coin].pegged
    return is_dollar and abs(quoted.price - 1) > PEG
