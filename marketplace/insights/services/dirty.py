"""Notes that a view no longer shows all there is: called by the outbox's handlers, after the commit of the change.

That order is what a refresh relies on: whoever sees the new generation sees the change.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from marketplace.insights.matviews import MARKET, OF_GOODS, OF_SALES, SELLER_DAY, Matview
from marketplace.insights.models import Refunded
from marketplace.orders.models import OrderGroup

# Money that went back because nothing was sold for it: it was never part of the sales, so it takes nothing off them.
NO_SALE = "goods_gone"

# In the order of names, so that two callers never wait for each other in a ring.
_MARK = """
INSERT INTO insights_viewstate AS state (name, dirty_since)
SELECT name, %(now)s FROM unnest(%(names)s::text[]) AS wanted (name) ORDER BY name
ON CONFLICT (name) DO UPDATE SET dirty_generation = state.dirty_generation + 1,
    dirty_since = coalesce(state.dirty_since, excluded.dirty_since)
"""


def mark_dirty(views: Sequence[Matview], *, now: datetime) -> None:
    """Raises the dirty generation of these views. Call it only after what changed was committed."""
    with connection.cursor() as cursor:
        cursor.execute(_MARK, {"names": [view.name for view in views], "now": now})


def sold(*, now: datetime) -> None:
    """Something was paid for."""
    mark_dirty(OF_SALES, now=now)


def goods_changed(*, now: datetime) -> None:
    """Goods, prices, stock, shelves or stalls changed."""
    mark_dirty(OF_GOODS, now=now)


def refund_done(*, reference: str, group_id: int, amount_minor: int, reason: str, now: datetime) -> None:
    """Takes a refund (minor units) off the sales of its group, once per reference; one without a sale takes nothing off."""
    if reason == NO_SALE or not OrderGroup.objects.filter(pk=group_id).exists():
        return
    row = Refunded(reference=reference, group_id=group_id, amount_minor=amount_minor, created_at=now)
    Refunded.objects.bulk_create([row], ignore_conflicts=True)
    mark_dirty((SELLER_DAY, MARKET), now=now)


def refund_failed(*, reference: str, group_id: int, now: datetime) -> None:
    """The bank gave a refund back to us: it counts for nothing, also when the news of its success comes later."""
    if not OrderGroup.objects.filter(pk=group_id).exists():
        return
    Refunded.objects.update_or_create(
        reference=reference, defaults={"amount_minor": 0}, create_defaults=_nothing(group_id, now)
    )
    mark_dirty((SELLER_DAY, MARKET), now=now)


def _nothing(group_id: int, now: datetime) -> dict[str, object]:
    return {"group_id": group_id, "amount_minor": 0, "created_at": now}
