"""How much is free, and for whom units are held."""

from collections.abc import Collection

from django.db.models import F

from marketplace.inventory.models import StockItem, StockReservation


def free_units(*, offer_ids: Collection[int]) -> dict[int, int]:
    """Units free to sell per offer; an offer without stock is absent."""
    rows = StockItem.objects.filter(pk__in=offer_ids).annotate(units=F("on_hand") - F("reserved"))
    return dict(rows.values_list("pk", "units"))


def held_units(*, reference: str) -> dict[int, int]:
    """Units held now under the reference, per offer."""
    rows = StockReservation.objects.filter(reference=reference, state=StockReservation.State.ACTIVE)
    return dict(rows.values_list("stock_item_id", "quantity"))
