"""A stall's sales per day."""

from dataclasses import dataclass
from datetime import date

from marketplace.insights.queries.reading import rows

_DAYS = """
SELECT day, orders, units, sales_minor FROM insights_seller_day
WHERE seller_id = %(seller)s AND currency = %(currency)s AND day BETWEEN %(first)s AND %(last)s ORDER BY day
"""


@dataclass(frozen=True, slots=True)
class DaySales:
    """What a stall sold on one day (UTC), shipping included and refunds taken off, in minor units."""

    day: date
    orders: int
    units: int
    sales_minor: int


def seller_days(*, seller_id: int, first: date, last: date, currency: str) -> list[DaySales]:
    """The days with sales among those from ``first`` to ``last``, both included."""
    asked: dict[str, int | str | date] = {"seller": seller_id, "currency": currency, "first": first, "last": last}
    return [DaySales(*row) for row in rows(_DAYS, asked)]
