"""A stall's own offers with their stock: what the seller's list shows."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from marketplace.catalog.models import Offer, Product, ProductImage


@dataclass(frozen=True, slots=True)
class Listing:
    """One offer of the stall. Prices are minor units; ``on_hand`` includes what is held."""

    offer_id: int
    sku: str
    title: str
    slug: str
    product_status: str
    variant: str
    condition: str
    price_minor: int
    status: str
    on_hand: int
    reserved: int
    image_key: str


def of_seller(seller_id: int) -> "QuerySet[Offer]":
    """The one door to a stall's offers."""
    return Offer.objects.filter(seller_id=seller_id)


def listings(*, seller_id: int, status: str = "", search: str = "", offset: int = 0, limit: int = 25) -> list[Listing]:
    """The stall's offers, newest first. ``status`` is an Offer.Status, "sold_out", or "" for all but archived ones.

    ``search`` finds the start of a SKU or part of a title. One query.
    """
    first = ProductImage.objects.filter(product=OuterRef("variant__product"), state=ProductImage.State.READY)
    rows = _narrowed(seller_id, status, search).annotate(
        units=Coalesce("stock__on_hand", 0),
        held=Coalesce("stock__reserved", 0),
        image=Coalesce(Subquery(first.order_by("position", "pk").values("key")[:1]), Value("")),
    )
    fields = (
        "pk", "sku", "variant__product__title", "variant__product__slug", "variant__product__status", "variant__title",
        "condition", "price_minor", "status", "units", "held", "image",
    )  # fmt: skip
    return [Listing(*row) for row in rows.order_by("-pk").values_list(*fields)[offset : offset + limit]]


def counts(*, seller_id: int) -> Mapping[str, int]:
    """How many of the stall's offers are active, paused, archived, and sold out among the active. One query."""
    active = Q(status=Offer.Status.ACTIVE)
    return of_seller(seller_id).aggregate(
        active=Count("pk", filter=active),
        paused=Count("pk", filter=Q(status=Offer.Status.PAUSED)),
        archived=Count("pk", filter=Q(status=Offer.Status.ARCHIVED)),
        sold_out=Count("pk", filter=active & Q(in_stock=False)),
    )


def running_low(*, seller_id: int, most: int = 5, limit: int = 6) -> list[tuple[str, str, str, int]]:
    """SKU, title, variant and free units of active offers with at most ``most`` free units, the fewest first. One query."""
    free = F("stock__on_hand") - F("stock__reserved")
    rows = of_seller(seller_id).filter(status=Offer.Status.ACTIVE, variant__product__status=Product.Status.ACTIVE)
    low = rows.annotate(free=Coalesce(free, 0)).filter(free__lte=most).order_by("free", "-pk")
    return list(low.values_list("sku", "variant__product__title", "variant__title", "free")[:limit])


def matching(*, seller_id: int, status: str = "", search: str = "") -> int:
    """How many offers ``listings`` would go through."""
    return _narrowed(seller_id, status, search).count()


def _narrowed(seller_id: int, status: str, search: str) -> "QuerySet[Offer]":
    rows = of_seller(seller_id)
    if status == "sold_out":
        rows = rows.filter(status=Offer.Status.ACTIVE, in_stock=False)
    elif status:
        rows = rows.filter(status=status)
    else:
        rows = rows.exclude(status=Offer.Status.ARCHIVED)
    if words := search.strip():
        rows = rows.filter(Q(sku__istartswith=words) | Q(variant__product__title__icontains=words))
    return rows
