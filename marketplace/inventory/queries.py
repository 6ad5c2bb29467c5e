"""How much is free, and for whom units are held."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models import F

from marketplace.core import cache
from marketplace.inventory.models import StockItem, StockReservation


def free_units(*, offer_ids: Collection[int]) -> dict[int, int]:
    """Units free to sell per offer; an offer without stock is absent."""
    rows = StockItem.objects.filter(pk__in=offer_ids).annotate(units=F("on_hand") - F("reserved"))
    return dict(rows.values_list("pk", "units"))


# A number of pieces is shown from here on down; above it would only be noise, or invented urgency.
NUMBERED = 5
_MOST_TAGS = 100
_STOCK = cache.declare("stock", dict[int, int], soft=60.0, hard=300.0, local=0.0)


def offer_tag(offer_id: int) -> str:
    """What shows how many there are of an offer depends on."""
    return f"offer:{offer_id}"


def shown_units(*, product_id: int, offer_ids: Collection[int]) -> dict[int, int]:
    """Units free to sell per offer of a product, for a page: up to a minute old where there are many.

    Carts and checkouts ask ``free_units``.
    """
    ids = sorted(offer_ids)
    # An offer beyond these is right within the minute.
    tags = tuple(offer_tag(offer_id) for offer_id in ids[:_MOST_TAGS])
    key = f"{product_id}:{','.join(map(str, ids))}"
    return _STOCK.get(key, lambda: free_units(offer_ids=ids), depends=tags)


def held_units(*, reference: str) -> dict[int, int]:
    """Units held now under the reference, per offer."""
    rows = StockReservation.objects.filter(reference=reference, state=StockReservation.State.ACTIVE)
    return dict(rows.values_list("stock_item_id", "quantity"))


@dataclass(frozen=True, slots=True)
class Imbalance:
    """A stock row whose figures are not what its movements and holds add up to, or whose flag says otherwise."""

    offer_id: int
    on_hand: int
    moved: int
    reserved: int
    held: int
    in_stock: bool


def imbalances() -> list[Imbalance]:
    """Stock that breaks invariant I4: sold + reserved + free = stocked. Reads every row: for audits and tests."""
    with connection.cursor() as cursor:
        cursor.execute(_IMBALANCES)
        return [Imbalance(*row) for row in cursor.fetchall()]


_IMBALANCES = """
WITH moved AS (SELECT stock_item_id, sum(quantity) AS units FROM inventory_stockmovement GROUP BY 1),
held AS (
    SELECT stock_item_id, sum(quantity) AS units FROM inventory_stockreservation WHERE state = 'active' GROUP BY 1
)
SELECT item.offer_id, item.on_hand, coalesce(moved.units, 0)::bigint, item.reserved, coalesce(held.units, 0)::bigint,
    offer.in_stock
FROM inventory_stockitem AS item
JOIN catalog_offer AS offer ON offer.id = item.offer_id
LEFT JOIN moved ON moved.stock_item_id = item.offer_id
LEFT JOIN held ON held.stock_item_id = item.offer_id
WHERE item.on_hand <> coalesce(moved.units, 0) OR item.reserved <> coalesce(held.units, 0)
    OR offer.in_stock <> (item.on_hand > item.reserved)
ORDER BY item.offer_id
"""
