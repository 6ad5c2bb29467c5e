"""A product in a grid, and a stall wherever it is named."""

from dataclasses import dataclass
from typing import Literal

from marketplace.core.page_parts import Badge, Picture


@dataclass(frozen=True, slots=True)
class StallTag:
    """A stall wherever it is named. `rating` is "4.9" or ""; `sales` "312 sales" or ""; `place` "Lisbon" or ""."""

    name: str
    href: str
    hue: int
    rating: str = ""
    sales: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Delta:
    """A move of the lowest asking price against the lowest of the 30 days before it began: text "6%"."""

    text: str
    direction: Literal["down", "up"]


@dataclass(frozen=True, slots=True)
class Spark:
    """A step line in a 100 by 30 box: `path` of the line, `end` its last point ("100 12.5"), `text` what it says."""

    path: str
    end: str
    text: str
    direction: Literal["down", "up", "flat"]


@dataclass(frozen=True, slots=True)
class Watch:
    """A watch button; it posts `product` to the page's watch form."""

    value: str
    pressed: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A product in a grid. `price` is the lowest offer that can be bought ("€84"), "" when none can.

    `price_note` stands before the price ("from" when offers or variants differ). `note` is one short fact
    ("LP, reissue", "Very good"). `more_offers` says "3 stalls" when several sell it.
    """

    href: str
    title: str
    price: str
    stall_name: str
    hue: int
    picture: Picture | None = None
    price_note: str = ""
    note: str = ""
    more_offers: str = ""
    rating: str = ""
    badge: Badge | None = None
    delta: Delta | None = None
    spark: Spark | None = None
    watch: Watch | None = None
