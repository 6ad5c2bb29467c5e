"""Writes the changes of one batch: a statement per table, never one per row."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from marketplace.catalog.facts import products_changed
from marketplace.catalog.models import Offer, Product, ProductImage, ProductVariant
from marketplace.catalog.services import asks
from marketplace.catalog.services.offers import PriceChange, change_prices, record_prices
from marketplace.core.db import require_transaction
from marketplace.imports.plans import IMAGE_FIELDS, OFFER_FIELDS, PRODUCT_FIELDS, VARIANT_FIELDS, Changes, NewOffer
from marketplace.inventory.models import StockItem, StockMovement
from marketplace.inventory.services import set_on_hand_many

REFERENCE = "import"
_LOCK_SPACE = 0x41574E49  # "AWNI": sets these advisory locks apart from everybody else's


def lock_stall(seller_id: int) -> None:
    """Makes two imports of one stall take turns, batch by batch, until the transaction ends."""
    require_transaction("An import")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_SPACE, seller_id % 2**31])


def write(changes: Changes, *, now: datetime) -> None:
    """Applies the changes inside the open transaction and tells which products and prices changed.

    Stock comes before offers and prices, as the lock order of inventory asks.
    """
    require_transaction("An import")
    _set_stock(changes.counted, now=now)
    if changes.prices:
        change_prices(changes.prices, now=now)
    if changes.changed_offers:
        Offer.objects.bulk_update(changes.changed_offers, OFFER_FIELDS)
    Product.objects.bulk_create(changes.new_products)
    if changes.changed_products:
        Product.objects.bulk_update(changes.changed_products, PRODUCT_FIELDS)
    ProductVariant.objects.bulk_create(changes.new_variants)
    if changes.changed_variants:
        ProductVariant.objects.bulk_update(changes.changed_variants, VARIANT_FIELDS)
    asks.record((offer.pk for offer in changes.changed_offers), now=now)
    asks.record_products((product.pk for product in changes.changed_products), now=now)
    _offer(changes.new_offers, now=now)
    ProductImage.objects.bulk_create(changes.new_images)
    if changes.changed_images:
        ProductImage.objects.bulk_update(changes.changed_images, IMAGE_FIELDS)
    _tell(changes, now=now)


def _set_stock(counted: dict[int, int], *, now: datetime) -> None:
    """Sets what is on hand; where buyers hold more than the file counts, what they hold is the count."""
    if counted:
        refused = set_on_hand_many(on_hand=counted, now=now).refused
        if refused:
            set_on_hand_many(on_hand=refused, now=now)


def _offer(new: Sequence[NewOffer], *, now: datetime) -> None:
    """Writes new offers and opens their books; nobody else can know their stock rows yet."""
    Offer.objects.bulk_create([each.offer for each in new])
    items = [StockItem(offer=each.offer, on_hand=each.stock) for each in new]
    StockItem.objects.bulk_create(items)
    StockMovement.objects.bulk_create(
        StockMovement(
            stock_item=item,
            kind=StockMovement.Kind.RECEIVED,
            quantity=item.on_hand,
            reference=REFERENCE,
            created_at=now,
        )
        for item in items
        if item.on_hand
    )
    prices = [
        PriceChange(each.offer.pk, each.product_id or each.offer.variant.product_id, None, each.offer.price_minor)
        for each in new
    ]
    record_prices(prices, now=now)


def _tell(changes: Changes, *, now: datetime) -> None:
    """Says which products changed, so that whoever keeps an index of them can follow."""
    written = {product.pk for product in (*changes.new_products, *changes.changed_products)}
    written |= {variant.product_id for variant in (*changes.new_variants, *changes.changed_variants)}
    written |= {image.product_id for image in (*changes.new_images, *changes.changed_images)}
    products_changed(written | changes.touched, now=now)
