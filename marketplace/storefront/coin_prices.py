"""What a price is about in bitcoin. It is information: nothing is paid in coins here, and the line never says "now".

Pages are kept for a while, so the line names the moment of its rate instead of an age: that stays true. A page that shows a
rate is renewed when the rate leaves its tier (``rates.queries.known`` says so to the cache).
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from marketplace.core import money
from marketplace.core.hall import currency
from marketplace.rates import queries as rates
from marketplace.rates.coins import COINS, PAIRS, Pair
from marketplace.rates.tiers import Known

COIN: Final = "BTC"
# Digits that say something: a rate moves within the fourth while the page is read; a built-in price is rounded itself.
_DIGITS, _ROUGH_DIGITS = 3, 1


@dataclass(frozen=True, slots=True)
class CoinPrice:
    """``amount`` such as "About 0.00981 BTC", and ``when``, from which moment its rate is and what it is worth."""

    amount: str
    when: str


def coin_price(amount_minor: int, *, now: datetime) -> CoinPrice | None:
    """The price of something in the hall's currency; None where that has no rate, or there is no price."""
    pair = Pair(COIN, currency())
    if amount_minor <= 0 or pair not in PAIRS:
        return None
    rate = rates.known(pair, now=now)
    coins = money.to_major(amount_minor, pair.currency) / rate.price
    if rate.tier == "builtin":
        return CoinPrice(f"Roughly {digits(coins, COIN, _ROUGH_DIGITS)} {COIN}", _when(rate))
    return CoinPrice(f"About {digits(coins, COIN, _DIGITS)} {COIN}", _when(rate))


def digits(coins: Decimal, coin: str, figures: int) -> str:
    """An amount in so many significant figures, whole numbers in full: "0.00981", "12.3", "1,235"; at least one unit."""
    places = min(max(figures - 1 - coins.adjusted(), 0), COINS[coin].decimals)
    smallest = Decimal(1).scaleb(-places)
    return f"{max(coins.quantize(smallest, rounding=ROUND_HALF_EVEN), smallest):,f}"


def _when(rate: Known) -> str:
    if rate.quoted_at is None:
        return "by a built-in estimate: no rate is known right now."
    at = f"{rate.quoted_at:%H:%M} UTC"
    match rate.tier:
        case "fresh":
            return f"at the rate of {at}."
        case "acceptable":
            return f"at the rate of {at}, some minutes old."
        case _:
            return f"at the rate of {at}, old and only indicative."
