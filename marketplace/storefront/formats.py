"""Values as a page shows them."""

from collections.abc import Iterable

from marketplace.catalog.models import Offer
from marketplace.catalog.search.params import COUNTED
from marketplace.core import money
from marketplace.core.dates import short_day as day
from marketplace.core.dates import span as days
from marketplace.core.hall import currency
from marketplace.core.pictures import picture

__all__ = ["CONDITIONS", "day", "days", "listed", "picture", "plural", "price", "things"]

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


def listed(parts: Iterable[str]) -> str:
    """The parts that are there, with commas."""
    return ", ".join(part for part in parts if part)
