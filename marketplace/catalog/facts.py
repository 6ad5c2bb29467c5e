"""Facts about goods: the topics, and how a change of many products is told."""

from collections.abc import Iterable
from datetime import datetime

from marketplace.core import events

PRODUCTS_CHANGED = "catalog.products_changed"
PRICES_CHANGED = "catalog.prices_changed"
SHELVES_CHANGED = "catalog.shelves_changed"
# Written by inventory when an offer comes into stock or sells out.
AVAILABILITY_CHANGED = "inventory.availability_changed"

# One fact is handled within the lease of the relay, so it names a bounded number of products.
BATCH = 500


def products_changed(product_ids: Iterable[int], *, now: datetime) -> None:
    """Tells, inside the open transaction, that these products must be found under what they are now."""
    ids = sorted(set(product_ids))
    for start in range(0, len(ids), BATCH):
        events.publish(PRODUCTS_CHANGED, {"product_ids": list(ids[start : start + BATCH])}, now=now)
