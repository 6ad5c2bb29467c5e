"""Which offer stands in the buy box: what can be bought and sent to the buyer first, then by price with shipping."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from marketplace.catalog.queries import OfferLine, ProductRow
from marketplace.sellers.queries import Shipping, cheapest


@dataclass(frozen=True, slots=True)
class Wish:
    """What the address asks for: a variant, a condition, a country ("" for none)."""

    variant_id: int | None = None
    condition: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Priced:
    """An offer with what is free to sell and the cheapest way to the country, None where the stall does not send."""

    offer: OfferLine
    free: int
    shipping: Shipping | None

    @property
    def can_be_bought(self) -> bool:
        return self.free > 0 and self.shipping is not None

    @property
    def total_minor(self) -> int:
        """The price with shipping of one piece, in minor units."""
        shipping = self.shipping.cost(self.offer.price_minor) if self.shipping else 0
        return self.offer.price_minor + shipping

    def order(self) -> tuple[bool, bool, int, int, int]:
        """What can be bought comes first, then what is cheapest at the buyer's door."""
        offer = self.offer
        return (not self.can_be_bought, self.free <= 0, self.total_minor, offer.price_minor, offer.pk)


@dataclass(frozen=True, slots=True)
class Offering:
    """All offers in order, also by variant. ``best`` is in the buy box, None when no stall sells the chosen variant."""

    country: str
    offers: tuple[Priced, ...]
    variant_id: int | None
    best: Priced | None
    by_variant: Mapping[int, list[Priced]]

    def of_variant(self, variant_id: int | None) -> list[Priced]:
        """The offers of one variant, best first."""
        return self.by_variant.get(variant_id, []) if variant_id is not None else []


def offering(
    product: ProductRow,
    lines: Iterable[OfferLine],
    wish: Wish,
    *,
    free: Mapping[int, int],
    shipping: Mapping[int, list[Shipping]],
) -> Offering:
    """The offers as this buyer sees them. Without a country, that of the cheapest offer's stall."""
    listed = list(lines)
    country = wish.country or _usual_country(listed, free)
    priced = sorted(
        (
            Priced(
                line,
                free.get(line.pk, 0),
                cheapest(shipping.get(line.seller_id, ()), country=country, goods_minor=line.price_minor),
            )
            for line in listed
        ),
        key=Priced.order,
    )
    known = {variant.pk for variant in product.variants}
    first = priced[0].offer.variant_id if priced else next(iter(known), None)
    variant_id = wish.variant_id if wish.variant_id in known else first
    by_variant: dict[int, list[Priced]] = {}
    for entry in priced:
        by_variant.setdefault(entry.offer.variant_id, []).append(entry)
    mine = by_variant.get(variant_id, []) if variant_id is not None else []
    asked = [entry for entry in mine if entry.offer.condition == wish.condition]
    return Offering(country, tuple(priced), variant_id, next(iter(asked or mine), None), by_variant)


def _usual_country(lines: list[OfferLine], free: Mapping[int, int]) -> str:
    """Lines come cheapest first."""
    can_be_bought = [line for line in lines if free.get(line.pk, 0) > 0]
    return next((line.country for line in can_be_bought or lines), "")
