"""Values as a page shows them."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from django.core.files.storage import default_storage

from marketplace.catalog.models import Offer
from marketplace.catalog.search.params import COUNTED
from marketplace.core import money
from marketplace.core.hall import currency
from marketplace.core.page_parts import Picture

SMALL, LARGE = 480, 1200
CONDITIONS = {str(value): str(label) for value, label in Offer.Condition.choices}


def price(amount_minor: int) -> str:
    """A price ticket: "€846", "€64.50"."""
    return money.short(amount_minor, currency())


def plural(number: int, one: str, many: str) -> str:
    """ "1 thing", "1,284 things"."""
    return f"{number:,} {one if number == 1 else many}"


def things(number: int) -> str:
    """How many things there are; counting stops at "10,000+ things"."""
    return f"{COUNTED:,}+ things" if number >= COUNTED else plural(number, "thing", "things")


def day(when: date) -> str:
    """ "Thu 27 Nov"."""
    return f"{when:%a} {when.day} {when:%b}"


def days(first: date, last: date) -> str:
    """ "Tue 25 to Thu 27 Nov", or with both months where they differ."""
    if first == last:
        return day(first)
    start = f"{first:%a} {first.day}" if first.month == last.month else day(first)
    return f"{start} to {day(last)}"


def picture(key: str, width: int, height: int, *, alt: str = "", large: bool = False) -> Picture | None:
    """A stored picture in two sizes; None without a key. ``width`` and ``height`` are those of the larger file."""
    if not key:
        return None
    long_edge = max(width, height, 1)
    small = max(1, round(width * min(1, SMALL / long_edge)))
    base = f"{_media()}{key}"
    scale = 1.0 if large else min(1, SMALL / long_edge)
    return Picture(
        src=f"{base}-{LARGE if large else SMALL}.webp",
        width=max(1, round(width * scale)),
        height=max(1, round(height * scale)),
        alt=alt,
        srcset=f"{base}-{SMALL}.webp {small}w, {base}-{LARGE}.webp {max(1, width)}w",
    )


@lru_cache(maxsize=1)
def _media() -> str:
    """What stands before every key in a public address; asking the storage for each picture would cost more."""
    return default_storage.url("-").removesuffix("-")


def listed(parts: Iterable[str]) -> str:
    """The parts that are there, with commas."""
    return ", ".join(part for part in parts if part)
