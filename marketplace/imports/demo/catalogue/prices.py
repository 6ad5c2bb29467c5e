"""What each demo offer asked in the past: a walk of believable steps that ends with today's price."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta

from marketplace.imports.demo.catalogue.dice import Dice
from marketplace.imports.demo.catalogue.shapes import Offer

# About fourteen months: a chart of a year has something to its left.
DAYS = 430
# Days between two changes of a stall that sells new things, and of one that keeps an eye on its only copy.
_PATIENCE = (24, 95)
# A sale before Christmas and in January: what shops do.
_SALE_MONTHS = (1, 11)


@dataclass(frozen=True, slots=True)
class Asked:
    """From that day on an offer asked this price; ``price_cents`` is None while it was sold out."""

    day: date
    price_cents: int | None


def past(offer: Offer, today: date, seed: int = 7) -> tuple[Asked, ...]:
    """What the offer asked, the oldest first, from its first day or fourteen months ago on; the last price is today's."""
    dice = Dice(f"prices/{offer.sku}", seed)
    start = max(offer.created_on, today - timedelta(days=DAYS))
    found: list[Asked] = []
    day, price = today - timedelta(days=dice.whole(2, 45)), offer.price_cents
    # From today back: each earlier price lies around the later one, with a pull towards today's.
    while day > start:
        found.append(Asked(day, price))
        if dice.chance(0.07):
            day -= timedelta(days=dice.whole(2, 9))
            if day > start:
                found.append(Asked(day, None))
        price = _earlier(offer, price, day, dice)
        day -= timedelta(days=dice.whole(*_PATIENCE))
    found = [*([Asked(today - timedelta(days=1), None)] if not offer.stock else []), *found, Asked(start, price)]
    return tuple(_without_repeats(found[::-1]))


def _earlier(offer: Offer, later: int, day: date, dice: Dice) -> int:
    """The price before a change: a little higher or lower; in the months of sales often clearly higher."""
    spread = dice.between(1.08, 1.22) if day.month in _SALE_MONTHS and dice.chance(0.5) else dice.skewed(0.99, 0.07)
    wanted = later * spread
    # Never further from today's price than a third.
    bounded = min(max(wanted, offer.price_cents * 0.72), offer.price_cents * 1.38)
    return max(100, _rounded(bounded))


def _rounded(cents: float) -> int:
    """Whole euros from 30 on, half ones below."""
    step = 100 if cents >= 3000 else 50
    return round(cents / step) * step


def _without_repeats(asked: list[Asked]) -> list[Asked]:
    return [each for place, each in enumerate(asked) if not place or each.price_cents != asked[place - 1].price_cents]


class Past:
    """What every offer asked on a day, looked up fast."""

    def __init__(self, offers: tuple[Offer, ...], today: date) -> None:
        self.asked = {offer.sku: past(offer, today) for offer in offers}
        self._days = {sku: [each.day for each in asked] for sku, asked in self.asked.items()}

    def on(self, sku: str, day: date) -> int | None:
        """The price in cents, None while it was sold out or not offered yet."""
        place = bisect_right(self._days[sku], day) - 1
        return self.asked[sku][place].price_cents if place >= 0 else None
