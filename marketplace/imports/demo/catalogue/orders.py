"""A year of orders: more before Christmas and on Sunday evenings, fewer in August, the popular things most."""

from bisect import bisect
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

from marketplace.imports.demo.catalogue.dice import Dice
from marketplace.imports.demo.catalogue.prices import Past
from marketplace.imports.demo.catalogue.shapes import (
    Basket,
    BasketLine,
    Buyer,
    Catalogue,
    Offer,
    Parcel,
    Stall,
    country_group,
)

_DAYS = 365
_BASKETS_A_DAY = 9.2
# Monday first; a market sells on Sunday evenings.
_WEEKDAYS = (1.0, 0.92, 0.9, 0.95, 0.98, 1.08, 1.3)
# January first.
_MONTHS = (0.86, 0.84, 0.92, 0.95, 0.96, 0.9, 0.82, 0.76, 0.98, 1.08, 1.32, 1.62)
_HOURS = (1, 0, 0, 0, 0, 1, 2, 4, 5, 6, 6, 6, 7, 6, 5, 5, 6, 7, 8, 10, 12, 11, 7, 3)


class _Shelf:
    """The offers open so far, and the chance of each."""

    def __init__(self, hall: Catalogue) -> None:
        weights = {product.slug: product.popularity**1.5 for product in hall.products}
        cheap = 3000.0
        self._waiting = sorted(hall.offers, key=lambda offer: (offer.created_on, offer.sku), reverse=True)
        self._weights = {
            offer.sku: weights[offer.product] * (cheap / (cheap + offer.price_cents)) ** 0.6 for offer in hall.offers
        }
        self._open: list[Offer] = []
        self._marks: list[float] = []

    def advance(self, day: date) -> None:
        """Open every offer created before the day."""
        count = len(self._open)
        while self._waiting and self._waiting[-1].created_on < day:
            self._open.append(self._waiting.pop())
        if len(self._open) != count:
            self._marks = list(accumulate(self._weights[offer.sku] for offer in self._open))

    def pick(self, dice: Dice) -> Offer | None:
        """Return an open offer, or None before the first has opened."""
        if not self._open:
            return None
        place = bisect(self._marks, dice.unit() * self._marks[-1])
        return self._open[min(place, len(self._open) - 1)]


def _quantity(offer: Offer, dice: Dice) -> int:
    if offer.condition != "new" or offer.price_cents > 6000:
        return 1
    return dice.weighted((1, 2, 3, 4), (14, 4, 1, 1))


def _parcel(stall: Stall, buyer: Buyer, lines: list[BasketLine], dice: Dice) -> Parcel | None:
    """Pack one stall's lines, or return None where it does not ship to the buyer."""
    group = country_group(stall.country, buyer.country)
    options = [(option, rate) for option in stall.shipping if (rate := option.rate(group)) is not None]
    if not options:
        return None
    option, rate = options[0] if len(options) == 1 or dice.chance(0.82) else options[1]
    goods = sum(line.quantity * line.unit_price_cents for line in lines)
    free = option.free_from_cents is not None and goods >= option.free_from_cents
    return Parcel(stall.slug, option.code, 0 if free else rate.price_cents, tuple(lines))


def _parcels(
    chosen: dict[str, list[BasketLine]], stalls: dict[str, Stall], buyer: Buyer, dice: Dice
) -> tuple[Parcel, ...]:
    packed = (_parcel(stalls[slug], buyer, lines, dice) for slug, lines in chosen.items())
    return tuple(parcel for parcel in packed if parcel is not None)


def _count(day: date, dice: Dice) -> int:
    mean = _BASKETS_A_DAY * _WEEKDAYS[day.weekday()] * _MONTHS[day.month - 1]
    return max(0, round(mean + dice.between(-0.35, 0.35) * mean))


def orders(hall: Catalogue, *, year_end: date, seed: int = 7) -> Iterator[Basket]:
    """Yield the baskets of the year that ends before `year_end`, oldest first; the same arguments give the same ones."""
    dice = Dice("orders", seed)
    stalls = {stall.slug: stall for stall in hall.stalls}
    shelf = _Shelf(hall)
    past = Past(hall.offers, year_end)
    fans = [dice.skewed(1.0, 0.8) for _buyer in hall.buyers]
    people = range(len(hall.buyers))
    for back in range(_DAYS, 0, -1):
        day = year_end - timedelta(days=back)
        shelf.advance(day)
        baskets: list[Basket] = []
        for _basket in range(_count(day, dice)):
            who = dice.weighted(people, fans)
            chosen: dict[str, list[BasketLine]] = {}
            taken: set[str] = set()
            for _line in range(dice.weighted((1, 2, 3, 4, 5), (50, 26, 13, 7, 4))):
                offer = shelf.pick(dice)
                if offer is None or offer.sku in taken:
                    continue
                taken.add(offer.sku)
                price = past.on(offer.sku, day)
                if price is None:
                    continue
                chosen.setdefault(offer.stall, []).append(BasketLine(offer.sku, _quantity(offer, dice), price))
            parcels = _parcels(chosen, stalls, hall.buyers[who], dice)
            if parcels:
                hour = dice.weighted(range(24), _HOURS)
                when = datetime(day.year, day.month, day.day, hour, dice.whole(0, 59), dice.whole(0, 59), tzinfo=UTC)
                baskets.append(Basket(when, who, parcels))
        yield from sorted(baskets, key=lambda basket: basket.placed_at)
