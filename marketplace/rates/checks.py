"""What a provider's price must pass before anybody sees it (SAFETY 18)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Final, Literal, TypeAlias

from marketplace.rates.coins import COINS, FIATS, PAIRS, Pair, builtin
from marketplace.rates.tiers import AHEAD, Quoted

Verdict: TypeAlias = Literal["good", "first", "odd", "bad"]
Board: TypeAlias = Mapping[Pair, Quoted]

# SAFETY 18: a step of at most 20 % unless a second source agrees; the provider's time is at most 5 minutes old.
STEP: Final = Decimal("0.20")
OLDEST: Final = timedelta(minutes=5)
# A rate is a measure for the next one for a day: prices that were away for longer begin anew.
MEASURE: Final = timedelta(hours=24)
# A dollar coin further than this from its dollar has lost its peg, or the provider is wrong.
PEG: Final = Decimal("0.02")
# What a dollar is worth in another currency is the same by every coin, and hardly moves in a day.
CROSS: Final = Decimal("0.05")
# Two houses whose prices differ by no more than this say the same.
AGREE: Final = Decimal("0.03")
# Without an earlier rate a price must at least have the right order of magnitude.
MAGNITUDE: Final = Decimal(10)
_KEPT: Final = frozenset(PAIRS)
# What the column holds with its 12 places.
_MOST = Decimal(10) ** 15
_LEAST = Decimal(10) ** -12


def judge(told: Board, *, last: Board, now: datetime) -> dict[Pair, Verdict]:
    """One answer of one house, beside the rates that were accepted last.

    Good: may be kept. First: there is nothing to measure it by; may be kept when no other house contradicts. Odd: only when
    a second source agrees. Bad: never.
    """
    sane = {pair: quoted for pair, quoted in told.items() if _sane(quoted, now)}
    measures = {pair: quoted for pair, quoted in last.items() if now - quoted.quoted_at <= MEASURE}
    worth = _worths(sane) | _worths(measures)
    verdicts: dict[Pair, Verdict] = dict.fromkeys(told, "bad")
    for pair, quoted in sane.items():
        verdicts[pair] = "odd" if _unpegged(quoted, worth) else _stepped(quoted, measures.get(pair))
    doubtful = {pair.coin for pair in sane if pair.currency == "USD" and verdicts[pair] == "odd"}
    for pair in sane:
        if pair.coin in doubtful or not _consistent(sane, pair, worth):
            verdicts[pair] = "odd"
    return verdicts


def agree(one: Quoted, other: Quoted) -> bool:
    """Whether two houses name about the same price for the same pair."""
    return one.pair == other.pair and abs(one.price - other.price) <= AGREE * min(one.price, other.price)


def _sane(quoted: Quoted, now: datetime) -> bool:
    if quoted.pair not in _KEPT or not quoted.price.is_finite() or not _LEAST <= quoted.price <= _MOST:
        return False
    return now - OLDEST <= quoted.quoted_at <= now + AHEAD


def _stepped(quoted: Quoted, measure: Quoted | None) -> Verdict:
    if measure is not None:
        return "good" if abs(quoted.price - measure.price) <= STEP * measure.price else "odd"
    usual = builtin(quoted.pair)
    return "first" if usual / MAGNITUDE <= quoted.price <= usual * MAGNITUDE else "odd"


def _worths(board: Board) -> dict[str, Decimal]:
    """Units of each currency per dollar, as most coins have it."""
    found: dict[str, Decimal] = {}
    for fiat in FIATS:
        ratios = [
            board[Pair(coin, fiat)].price / board[Pair(coin, "USD")].price
            for coin in COINS
            if Pair(coin, fiat) in board and Pair(coin, "USD") in board
        ]
        if ratios:
            found[fiat] = median(ratios)
    return found


def _consistent(sane: Board, pair: Pair, worth: Mapping[str, Decimal]) -> bool:
    """Whether a coin's price in a currency and in dollars differ by what a dollar is worth: no number was mixed up."""
    dollars, usual = sane.get(Pair(pair.coin, "USD")), worth.get(pair.currency)
    if dollars is None or usual is None:
        return True
    return abs(sane[pair].price / dollars.price - usual) <= CROSS * usual


def _unpegged(quoted: Quoted, worth: Mapping[str, Decimal]) -> bool:
    pair = quoted.pair
    if not COINS[pair.coin].pegged:
        return False
    if pair.currency == "USD":
        return abs(quoted.price - 1) > PEG
    usual = worth.get(pair.currency)
    return usual is not None and abs(quoted.price / usual - 1) > PEG + CROSS
