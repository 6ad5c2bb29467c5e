"""The market in numbers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from marketplace.insights.queries.reading import rows

_MARKET = """
SELECT stalls, products, products_in_stock, orders_30, orders_before, sales_30::text, sales_before::text
FROM insights_market
"""


@dataclass(frozen=True, slots=True)
class Market:
    """``…_30`` are of the last 30 days, ``…_before`` of the 30 before; net sales in minor units by currency."""

    stalls: int
    products: int
    products_in_stock: int
    orders_30: int
    orders_before: int
    sales_30: Mapping[str, int]
    sales_before: Mapping[str, int]


def market() -> Market | None:
    """None while the view has no contents."""
    found = rows(_MARKET)
    if not found:
        return None
    stalls, products, in_stock, orders, before, sales, sales_before = found[0]
    return Market(stalls, products, in_stock, orders, before, json.loads(sales), json.loads(sales_before))
