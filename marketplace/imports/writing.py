"""Writes the changes of one batch: a statement per table, never one per row."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from marketplace.catalog.models import Offer, Product, ProductImage, ProductVariant
from marketplace.core.db import locked, require_transaction
from marketplace.core.events import publish
from marketplace.imports.plans import IMAGE_FIELDS, OFFER_FIELDS, PRODUCT_FIELDS, VARIANT_FIELDS, Changes
from marketplace.inventory.models import StockItem, StockMovement

TOPIC = "catalog.products_changed"
REFERENCE = "import"
_IDS_PER_EVENT = 500
_LOCK_SPACE = 0x41574E49  # "AWNI": sets these advisory locks apart from everybody else's


def lock_stall(seller_id: int) -> None:
    """Makes two imports of one stall take turns, batch by batch, until the transaction ends."""
    require_transaction("An import")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_SPACE, seller_id % 2**31])


def write(changes: Changes, *, now: datetime) -> None:
    """Applies the changes inside the open transaction and publishes which products changed."""
    require_transaction("An import")
    Product.objects.bulk_create(changes.new_products)
    if changes.changed_products:
        Product.objects.bulk_update(changes.changed_products, PRODUCT_FIELDS)
    ProductVariant.objects.bulk_create(changes.new_variants)
    if changes.changed_variants:
        ProductVariant.objects.bulk_update(changes.changed_variants, VARIANT_FIELDS)
    Offer.objects.bulk_create([offer for offer, _ in changes.new_offers])
    if changes.changed_offers:
        Offer.objects.bulk_update(changes.changed_offers, OFFER_FIELDS)
    _receive(changes.new_offers, now=now)
    if changes.counted:
        _count_again(changes.counted, now=now)
    ProductImage.objects.bulk_create(changes.new_images)
    if changes.changed_images:
        ProductImage.objects.bulk_update(changes.changed_images, IMAGE_FIELDS)
    _tell(changes, now=now)


def _receive(offers: Sequence[tuple[Offer, int]], *, now: datetime) -> None:
    """Opens the books of new offers."""
    items = [StockItem(offer=offer, on_hand=stock) for offer, stock in offers]
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


def _count_again(counted: dict[int, int], *, now: datetime) -> None:
    """Sets what is on hand, never below what is held for orders: rows are locked, so a sale in between is seen."""
    movements: list[StockMovement] = []
    items = locked(StockItem.objects.filter(pk__in=counted))
    offers: list[Offer] = []
    for item in items:
        target = max(counted[item.pk], item.reserved)
        if target != item.on_hand:
            movements.append(
                StockMovement(
                    stock_item=item,
                    kind=StockMovement.Kind.CORRECTED,
                    quantity=target - item.on_hand,
                    reference=REFERENCE,
                    created_at=now,
                )
            )
            item.on_hand = target
            offers.append(Offer(pk=item.pk, in_stock=item.on_hand > item.reserved))
    StockItem.objects.bulk_update(items, ["on_hand"])
    Offer.objects.bulk_update(offers, ["in_stock"])
    StockMovement.objects.bulk_create(movements)


def _tell(changes: Changes, *, now: datetime) -> None:
    """Says which products changed, so that whoever keeps an index of them can follow."""
    written = {product.pk for product in (*changes.new_products, *changes.changed_products)}
    written |= {variant.product_id for variant in (*changes.new_variants, *changes.changed_variants)}
    written |= {image.product_id for image in (*changes.new_images, *changes.changed_images)}
    ids = sorted(written | changes.touched)
    for start in range(0, len(ids), _IDS_PER_EVENT):
        publish(TOPIC, {"ids": list(ids[start : start + _IDS_PER_EVENT])}, now=now)
