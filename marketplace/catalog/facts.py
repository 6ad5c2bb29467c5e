"""Facts about goods: the topics, and how a change of many products is told."""

from collections.abc import Iterable
from datetime import datetime

from marketplace.core import cache, events

PRODUCTS_CHANGED = "catalog.products_changed"
PRICES_CHANGED = "catalog.prices_changed"
SHELVES_CHANGED = "catalog.shelves_changed"
# Written by inventory when an offer comes into stock or sells out.
AVAILABILITY_CHANGED = "inventory.availability_changed"

# What lists of new things are made of: touched when something can be found that could not before.
ARRIVALS = "arrivals"
# One fact is handled within the lease of the relay, so it names a bounded number of products.
BATCH = 500


def tag(product_id: int) -> str:
    """What everything that shows the product depends on."""
    return f"product:{product_id}"


def shelf_tag(category_id: int) -> str:
    """What lists of a shelf depend on: touched when something comes to stand on it."""
    return f"shelf:{category_id}"


def goods_tag(seller_id: int) -> str:
    """What lists of a stall's things depend on: touched when it has a new one."""
    return f"goods:{seller_id}"


def products_changed(product_ids: Iterable[int], *, now: datetime) -> None:
    """Tells, inside the open transaction, that these products must be shown and found as what they are now."""
    ids = sorted(set(product_ids))
    cache.touch(*(tag(product_id) for product_id in ids))
    for start in range(0, len(ids), BATCH):
        events.publish(PRODUCTS_CHANGED, {"product_ids": list(ids[start : start + BATCH])}, now=now)
