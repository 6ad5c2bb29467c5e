"""The cart, grouped by stall."""

from dataclasses import dataclass
from typing import Literal

from marketplace.core.page_parts import Act, Choice, EmptyState, Meta, Note, Picture, SumRow
from marketplace.storefront.viewmodels.cards import Card, StallTag


@dataclass(frozen=True, slots=True)
class LineChange:
    """A change since the line was added: "Now €26, was €24 when you added it". `accept` confirms it."""

    text: str
    accept: Act | None = None
    tone: Literal["info", "warn", "danger"] = "warn"


@dataclass(frozen=True, slots=True)
class CartLineView:
    """`update_action` takes `quantity`; `quantities` are the values offered, with the present one `current`."""

    title: str
    href: str
    unit_price: str
    total: str
    update_action: str
    quantities: tuple[Choice, ...]
    remove: Act
    picture: Picture | None = None
    note: str = ""
    """Variant and condition: "Large, very good"."""
    change: LineChange | None = None
    unavailable: bool = False


@dataclass(frozen=True, slots=True)
class CartParcel:
    """What one stall will send. `shipping` "€4.90 to Austria", `arrives` "Tue 25 to Thu 27 Nov"."""

    stall: StallTag
    lines: tuple[CartLineView, ...]
    subtotal: str
    shipping: str = ""
    arrives: str = ""


@dataclass(frozen=True, slots=True)
class CartPage:
    """`checkout_href` is "" while a line must first be accepted or removed; `blocked_text` then says so."""

    meta: Meta
    heading: str
    parcels: tuple[CartParcel, ...]
    summary: tuple[SumRow, ...] = ()
    summary_note: str = ""
    coin_text: str = ""
    """What the total is about in a coin, with the moment of the rate."""
    checkout_href: str = ""
    checkout_text: str = "Go to checkout"
    blocked_text: str = ""
    notes: tuple[Note, ...] = ()
    undo: Act | None = None
    """Puts the line just removed back; shown beside `undo_text`."""
    undo_text: str = ""
    empty: EmptyState | None = None
    suggestions_heading: str = ""
    suggestions: tuple[Card, ...] = ()


@dataclass(frozen=True, slots=True)
class CartAdded:
    """The answer to an htmx "Add to cart": announced in the live region, and the header's count is replaced.

    With `error` set nothing was added.
    """

    text: str
    cart_count: str
    cart_href: str
    error: str = ""
