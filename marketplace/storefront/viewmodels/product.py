"""One product with its variants and offers."""

from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from marketplace.core.page_parts import Act, Badge, Choice, Crumb, Link, Meta, Note, Picture
from marketplace.storefront.viewmodels.cards import Card, StallTag
from marketplace.storefront.viewmodels.history import PriceHistory


@dataclass(frozen=True, slots=True)
class VariantChoice:
    """A value of one option ("180 g"), with its own price and stock in `note` ("€24, 2 left", "Sold out").

    `href` opens the product with this value. Sold-out ones stay visible and can be opened.
    """

    text: str
    href: str
    note: str = ""
    current: bool = False
    sold_out: bool = False


@dataclass(frozen=True, slots=True)
class VariantGroup:
    """One option ("Size", "Condition") and its values."""

    legend: str
    choices: tuple[VariantChoice, ...]


@dataclass(frozen=True, slots=True)
class OfferRow:
    """Another stall's offer of the same variant, sorted by price with shipping. `total` is that sum, "" if unknown."""

    stall: StallTag
    condition: str
    price: str
    total: str
    add: Act | None
    """Puts it into the cart; None when sold out."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the buy box: `icon` from the sprite, `strong` in bold, then `text`, then a link."""

    icon: str
    strong: str
    text: str = ""
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Spec:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class ProductPage:
    """One product with the chosen variant and the offer in the buy box.

    `stock_text` is numbered only when 5 or fewer are left ("Only 3 left", else "In stock"). `lowest_text` states the
    lowest price of the prior 30 days where a reduction is shown. `add` is None when nothing can be bought;
    `sold_out_text` says why. `quantities` holds 1..n as choices, empty to leave the field out. `description` is
    sanitised HTML, marked safe by the page module.
    """

    meta: Meta
    title: str
    stall: StallTag | None
    price: str
    crumbs: tuple[Crumb, ...] = ()
    subtitle: str = ""
    """Maker, artist or brand."""
    pictures: tuple[Picture, ...] = ()
    hue: int = 1
    badge: Badge | None = None
    tax_text: str = ""
    """"VAT included"."""
    lowest_text: str = ""
    stock_text: str = ""
    stock_tone: Literal["good", "warn", "danger"] = "good"
    condition: str = ""
    variants: tuple[VariantGroup, ...] = ()
    add: Act | None = None
    quantities: tuple[Choice, ...] = ()
    sold_out_text: str = ""
    facts: tuple[Fact, ...] = ()
    history: PriceHistory | None = None
    offers_heading: str = ""
    offers: tuple[OfferRow, ...] = ()
    description: Markup | None = None
    specs: tuple[Spec, ...] = ()
    similar_heading: str = ""
    similar: tuple[Card, ...] = ()
    notes: tuple[Note, ...] = ()
