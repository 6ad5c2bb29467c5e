"""What a search asks for, already checked: ids and minor units, no text of the URL."""

from dataclasses import dataclass, replace
from enum import StrEnum

# Query parameters of the lists. An attribute of this slug is shown on product pages but cannot be a filter.
RESERVED = frozenset(
    {
        "q",
        "category",
        "price_min",
        "price_max",
        "sort",
        "page",
        "stall",
        "condition",
        "in_stock",
        "ship_to",
        "price",
        "variant",
        "range",
    }
)

PAGE_SIZE = 24
# The first so many by popularity are ranked by relevance; a list ends there, too: nobody reads page 84.
CANDIDATES = 2_000
MAX_PAGE = CANDIDATES // PAGE_SIZE
# Counting stops here and says "10,000+".
COUNTED = 10_000


class Sort(StrEnum):
    """How a list is ordered; the value stands in the URL."""

    RELEVANCE = "relevance"
    PRICE = "price"
    PRICE_DOWN = "price-down"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """``text``, ``within`` and ``stall`` make the list; the rest narrows it, as OR within a group and AND between.

    ``tokens`` holds (facet, values) such as ("condition", ("new", "good")). Prices are minor units, both ends included.
    """

    text: str = ""
    within: int | None = None
    stall: int | None = None
    categories: tuple[int, ...] = ()
    stalls: tuple[int, ...] = ()
    tokens: tuple[tuple[str, tuple[str, ...]], ...] = ()
    price_min: int | None = None
    price_max: int | None = None
    in_stock: bool = False

    def with_text(self, text: str) -> "Filters":
        """The same filters for other words."""
        return replace(self, text=text)
