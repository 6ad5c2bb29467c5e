"""Statistics of products and of categories, for cards, the front page and the price filter."""

from collections.abc import Mapping
from dataclasses import dataclass

from marketplace.insights.queries.reading import rows

# The whole market among the categories.
WHOLE_MARKET = 0

_WANTED = """
SELECT seen.product_id FROM insights_product seen
JOIN catalog_searchentry entry ON entry.product_id = seen.product_id AND entry.in_stock
WHERE seen.units_30 > 0
ORDER BY seen.units_30 DESC, seen.popularity DESC, seen.product_id LIMIT %(limit)s
"""
_SPREADS = """
SELECT category_id, products, in_stock, low, high, quarter, median, three_quarters, bars
FROM insights_category WHERE in_stock > 0
"""


@dataclass(frozen=True, slots=True)
class PriceSpread:
    """Prices of what can be bought in a category and those under it, in minor units.

    ``bars`` counts products in 20 equal steps from ``low`` to ``high``, the 98th percentile; the last also holds what is
    dearer. ``products`` counts those that are sold out, too.
    """

    category_id: int
    products: int
    in_stock: int
    low: int
    high: int
    quarter: int
    median: int
    three_quarters: int
    bars: tuple[int, ...]


def most_wanted(*, limit: int) -> list[int]:
    """Products that sold most in the last 30 days and can be bought now, the most wanted first."""
    return [row[0] for row in rows(_WANTED, {"limit": limit})]


def price_spreads() -> Mapping[int, PriceSpread]:
    """By category, 0 for the whole market; a category of which nothing can be bought is missing."""
    found = {}
    for category, products, in_stock, low, high, quarter, median, three_quarters, bars in rows(_SPREADS):
        found[category] = PriceSpread(
            category, products, in_stock, low, high, quarter, median, three_quarters, tuple(bars)
        )
    return found
