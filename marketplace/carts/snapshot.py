"""A cart as it stands at one moment: what pages show and what an order freezes. Amounts are minor units."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from marketplace.carts.arrival import Arrival, after_working_days
from marketplace.core.addresses import PostalAddress


class Problem(StrEnum):
    """Why a line cannot be ordered as it stands; the first that applies, worst first."""

    OWN = "own"
    UNAVAILABLE = "unavailable"
    SOLD_OUT = "sold_out"
    SHORT = "short"
    PRICE_CHANGED = "price_changed"


# Lines that cost nothing, because they cannot be bought at all.
_DEAD = frozenset({Problem.OWN, Problem.UNAVAILABLE, Problem.SOLD_OUT})


@dataclass(frozen=True, slots=True)
class SnapshotImage:
    """A picture of the product: its stored key and the pixels of the large version."""

    key: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SnapshotLine:
    """``free`` counts what this buyer can have, units already held for this cart's checkout among them."""

    offer_id: int
    sku: str
    product_id: int
    product_slug: str
    title: str
    variant_title: str
    condition: str
    quantity: int
    seen_price_minor: int
    price_minor: int
    free: int
    problem: Problem | None
    image: SnapshotImage | None = None

    @property
    def total_minor(self) -> int:
        return self.price_minor * self.quantity

    @property
    def buyable(self) -> bool:
        """Whether the line counts in the sums; a changed price or a shortage still has to be accepted."""
        return self.problem not in _DEAD


@dataclass(frozen=True, slots=True)
class ShippingChoice:
    """A way of sending this parcel, with the price for what it holds now. Days are working days."""

    option_id: int
    name: str
    price_minor: int
    dispatch_days_min: int
    dispatch_days_max: int
    days_min: int
    days_max: int

    def arrival(self, now: datetime) -> Arrival:
        """The dates when it is ordered now."""
        today = now.date()
        return Arrival(
            ship_by=after_working_days(today, self.dispatch_days_max),
            earliest=after_working_days(today, self.dispatch_days_min + self.days_min),
            latest=after_working_days(today, self.dispatch_days_max + self.days_max),
        )


@dataclass(frozen=True, slots=True)
class SnapshotParcel:
    """What one stall will send. ``options`` are cheapest first; ``chosen`` is the buyer's choice, if it still exists."""

    seller_id: int
    seller_slug: str
    seller_name: str
    seller_hue: int
    seller_country: str
    seller_open: bool
    lines: tuple[SnapshotLine, ...]
    options: tuple[ShippingChoice, ...]
    chosen: ShippingChoice | None

    @property
    def items_minor(self) -> int:
        return sum(line.total_minor for line in self.lines if line.buyable)

    @property
    def shipping(self) -> ShippingChoice | None:
        """The chosen way, else the cheapest: what sums are made with before the buyer has chosen."""
        return self.chosen or (self.options[0] if self.options else None)

    @property
    def shipping_minor(self) -> int:
        return self.shipping.price_minor if self.shipping and self.items_minor else 0

    @property
    def total_minor(self) -> int:
        return self.items_minor + self.shipping_minor


@dataclass(frozen=True, slots=True)
class CartSnapshot:
    """``country`` is where shipping was reckoned to: the address's, else a guess, else "" (each stall's own country)."""

    cart_id: uuid.UUID
    user_id: int | None
    closed: bool
    currency: str
    email: str
    phone: str
    address: PostalAddress | None
    country: str
    parcels: tuple[SnapshotParcel, ...]

    @property
    def lines(self) -> tuple[SnapshotLine, ...]:
        return tuple(line for parcel in self.parcels for line in parcel.lines)

    @property
    def problems(self) -> dict[int, Problem]:
        """Per offer, what the buyer must first accept or remove."""
        return {line.offer_id: line.problem for line in self.lines if line.problem}

    @property
    def units(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def items_minor(self) -> int:
        return sum(parcel.items_minor for parcel in self.parcels)

    @property
    def shipping_minor(self) -> int:
        return sum(parcel.shipping_minor for parcel in self.parcels)

    @property
    def total_minor(self) -> int:
        return self.items_minor + self.shipping_minor
