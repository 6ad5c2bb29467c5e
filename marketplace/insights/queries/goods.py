"""Statistics of products and of categories, for cards, the front page and the price filter."""

from dataclasses import dataclass
from typing import Final

from marketplace.core.cache import declare
from marketplace.core.hall import currency
from marketplace.insights.queries.reading import rows

# The whole market among the categories.
WHOLE_MARKET: Final = 0
# CONTRACT "cache TTL": statistics 5 minutes; an old one is shown for as long again while a new one is fetched.
_SOFT, _HARD = 300, 600

_WANTED = """
SELECT seen.product_id FROM insights_product seen
JOIN catalog_searchentry entry ON entry.product_id = seen.product_id AND entry.in_stock
WHERE seen.units_30 > 0
ORDER BY seen.units_30 DESC, seen.popularity DESC, seen.product_id LIMIT %(limit)s
"""
_SPREADS = """
SELECT category_id, products, in_stock, low, high, quarter, median, three_quarters, bars
FROM insights_category WHERE category_id = %(category)s AND in_stock > 0
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


_wanted = declare("stats_wanted", tuple[int, ...], soft=_SOFT, hard=_HARD)
_spreads = declare("stats_prices", tuple[PriceSpread, ...], soft=_SOFT, hard=_HARD)


def most_wanted(*, limit: int) -> tuple[int, ...]:
    """Products that sold most in the last 30 days and can be bought now, the most wanted first."""
    return _wanted.get(f"{limit}", lambda: tuple(row[0] for row in rows(_WANTED, {"limit": limit})))


def price_spread(category_id: int = WHOLE_MARKET) -> PriceSpread | None:
    """The prices of a category; None when nothing of it can be bought."""
    found = _spreads.get(f"{currency()}:{category_id}", lambda: _load_spread(category_id))
    return found[0] if found else None


def _load_spread(category_id: int) -> tuple[PriceSpread, ...]:
    return tuple(
        PriceSpread(category, products, in_stock, low, high, quarter, median, three_quarters, tuple(bars))
        for category, products, in_stock, low, high, quarter, median, three_quarters, bars in rows(
            _SPREADS, {"category": category_id}
        )
    )
