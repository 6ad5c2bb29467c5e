"""What was paid for a variant, and when: dots in its chart."""

from dataclasses import dataclass
from datetime import datetime

from marketplace.core import cache
from marketplace.core.replica import reader

# More dots than this nobody tells apart; the latest are shown.
MOST = 500
# The latest lines of each offer first, so that a thing sold a hundred thousand times is not read from its first sale on.
_SOLD = """
SELECT sold.paid_at, line.unit_price_minor, line.quantity, line.condition
FROM catalog_offer offer
CROSS JOIN LATERAL (
    SELECT order_id, unit_price_minor, quantity, condition FROM orders_orderline
    WHERE offer_id = offer.id ORDER BY id DESC LIMIT %(most)s
) line
JOIN orders_order sold ON sold.id = line.order_id
WHERE offer.variant_id = %(variant)s AND sold.paid_at >= %(since)s AND sold.state IN ('paid', 'shipped', 'delivered')
ORDER BY sold.paid_at DESC LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Sale:
    """Some units of one line, at the price of one unit in minor units."""

    paid_at: datetime
    price_minor: int
    quantity: int
    condition: str


# As old as the prices beside them may be: five minutes.
_SALES = cache.declare("sales", tuple[Sale, ...], soft=300.0, hard=1800.0)


def sold(*, variant_id: int, since: datetime) -> tuple[Sale, ...]:
    """What was paid for this variant at any stall, the latest first; at most 500."""
    return _SALES.get(f"{variant_id}:{since:%Y-%m-%d}", lambda: _sold(variant_id, since))


def _sold(variant_id: int, since: datetime) -> tuple[Sale, ...]:
    with reader().cursor() as cursor:
        cursor.execute(_SOLD, {"variant": variant_id, "since": since, "most": MOST})
        return tuple(Sale(*row) for row in cursor.fetchall())
