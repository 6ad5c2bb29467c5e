"""What offers ask, handed to the history of prices in the transaction that changes it.

An offer asks its price while it can be bought: it is active and in stock, on an active product, at an approved stall.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction

from marketplace.catalog.models import Offer
from marketplace.prices import services as prices
from marketplace.prices.services import Ask

# Offers per transaction when all of them are gone through.
BATCH = 1000

# Locked in key order: between reading an offer and writing its history nobody else may change it.
_ASKS = """
SELECT offer.id, offer.variant_id, variant.product_id, offer.seller_id, offer.price_minor,
       offer.status = 'active' AND offer.in_stock AND product.status = 'active' AND seller.status = 'approved'
FROM catalog_offer offer
JOIN catalog_productvariant variant ON variant.id = offer.variant_id
JOIN catalog_product product ON product.id = variant.product_id
JOIN sellers_seller seller ON seller.id = offer.seller_id
WHERE offer.id = ANY(%s)
ORDER BY offer.id
FOR NO KEY UPDATE OF offer
"""
# In one picture of both tables, so that an offer and its history are never compared across somebody's commit.
_DIFFERENT = """
SELECT offer.id FROM (
    SELECT id, variant_id, seller_id, price_minor, status, in_stock FROM catalog_offer WHERE {which}
) offer
JOIN catalog_productvariant variant ON variant.id = offer.variant_id
JOIN catalog_product product ON product.id = variant.product_id
JOIN sellers_seller seller ON seller.id = offer.seller_id
LEFT JOIN LATERAL (
    SELECT price_minor, asking FROM prices_pricehistory
    WHERE offer_id = offer.id ORDER BY changed_at DESC LIMIT 1
) latest ON true
WHERE latest.price_minor IS DISTINCT FROM offer.price_minor
   OR latest.asking IS DISTINCT FROM (offer.status = 'active' AND offer.in_stock
                                      AND product.status = 'active' AND seller.status = 'approved')
ORDER BY offer.id
"""
_NEXT = "id > %(after)s AND id <= %(until)s"
_OF_PRODUCTS = "variant_id IN (SELECT id FROM catalog_productvariant WHERE product_id = ANY(%(products)s))"


def record(offer_ids: Iterable[int], *, now: datetime) -> int:
    """Writes what these offers ask now where it is news; returns for how many. Inside the transaction of the change."""
    ids = sorted(set(offer_ids))
    if not ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_ASKS, [ids])
        return prices.record([Ask(*row) for row in cursor.fetchall()], now=now)


def record_products(product_ids: Iterable[int], *, now: datetime) -> int:
    """The same for products that came or went; other stalls' offers are locked only where there is news of them."""
    ids = sorted(set(product_ids))
    return record(_different(_OF_PRODUCTS, {"products": ids}), now=now) if ids else 0


def record_seller(seller_id: int, *, now: datetime) -> int:
    """The same for every offer of a stall that opened or closed, in batches."""
    ids = list(Offer.objects.filter(seller_id=seller_id).order_by("pk").values_list("pk", flat=True))
    return sum(_alone(ids[start : start + BATCH], now) for start in range(0, len(ids), BATCH))


def record_missing(*, now: datetime) -> int:
    """Writes what no transaction told: offers older than the history, and rows changed by hand. Returns how many.

    Goes through all offers without locking them; only those that differ are locked and looked at again.
    """
    written, after = 0, 0
    while (last := _last(after)) is not None:
        found = _different(_NEXT, {"after": after, "until": last})
        written += _alone(found, now) if found else 0
        after = last
    return written


def _different(which: str, params: dict[str, int | list[int]]) -> list[int]:
    """Offers whose history does not end with what they ask."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENT.format(which=which), params)
        return [pk for (pk,) in cursor.fetchall()]


def _last(after: int) -> int | None:
    """The last offer of the next batch, None past the end."""
    ids = Offer.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:BATCH]
    return max(ids, default=None)


def _alone(offer_ids: list[int], now: datetime) -> int:
    with transaction.atomic():
        # Locked before they are read: who waits inside the reading statement has the product's status from before the wait.
        list(Offer.objects.select_for_update(no_key=True).filter(pk__in=offer_ids).order_by("pk").values_list("pk"))
        return record(offer_ids, now=now)
