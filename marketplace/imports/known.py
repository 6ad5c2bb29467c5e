"""What the database holds about one batch of products: a handful of queries, whatever the batch's size."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q
from django.db.models.functions import Coalesce

from marketplace.catalog.models import Offer, Product, ProductImage, ProductVariant
from marketplace.imports.records import ProductRecord

LARGE = "-1200.webp"


@dataclass(frozen=True, slots=True)
class KnownProduct:
    """A product of this stall's own, as stored."""

    pk: int
    key: str
    title: str
    description: str
    type_id: int
    category_id: int
    brand: str
    attributes: dict[str, object]
    extras: dict[str, object]
    status: str


@dataclass(frozen=True, slots=True)
class KnownVariant:
    """A variant of a product of this stall's own."""

    pk: int
    product_id: int
    title: str
    options: list[dict[str, str]]
    options_key: str
    gtin: str
    position: int


@dataclass(frozen=True, slots=True)
class KnownOffer:
    """An offer of this stall, with whose product it is on and what is in stock."""

    pk: int
    sku: str
    variant_id: int
    product_id: int
    product_title: str
    owner_id: int | None
    condition: str
    price: int
    status: str
    on_hand: int
    reserved: int


@dataclass(frozen=True, slots=True)
class KnownImage:
    """A picture of a product of this stall's own, fetched or not."""

    pk: int
    product_id: int
    url: str
    key: str
    alt: str
    position: int
    variant_id: int | None

    def is_at(self, url: str) -> bool:
        """Whether this is the picture of that address: where it came from, or where our own export says it is."""
        return url == self.url or (bool(self.key) and url.endswith(f"/{self.key}{LARGE}"))


@dataclass(frozen=True, slots=True)
class Joinable:
    """Another stall's variant that shares a GTIN."""

    variant_id: int
    product_id: int
    title: str


@dataclass(slots=True)
class Known:
    """Everything found, under the keys the planner asks with."""

    products: dict[str, KnownProduct] = field(default_factory=dict)
    products_by_id: dict[int, KnownProduct] = field(default_factory=dict)
    handles: set[str] = field(default_factory=set)
    variants: dict[int, dict[str, KnownVariant]] = field(default_factory=dict)
    variants_by_id: dict[int, KnownVariant] = field(default_factory=dict)
    offers: dict[str, KnownOffer] = field(default_factory=dict)
    offers_by_variant: dict[tuple[int, str], KnownOffer] = field(default_factory=dict)
    images: dict[int, list[KnownImage]] = field(default_factory=dict)
    offered: dict[int, set[int]] = field(default_factory=dict)
    joinable: dict[str, Joinable] = field(default_factory=dict)
    slugs: set[str] = field(default_factory=set)


def own_product(known: Known, record: ProductRecord) -> KnownProduct | None:
    """The stall's product that a record is about: by its key, or because its SKUs are those of all its variants.

    The second happens when a shop moves to another system: its keys change, its SKUs do not.
    """
    own = known.products.get(record.handle)
    if own is not None:
        return own
    offers = [known.offers.get(variant.sku) for variant in record.variants]
    ids = {offer.product_id if offer else None for offer in offers}
    pk = ids.pop() if len(ids) == 1 else None
    same = known.products_by_id.get(pk) if pk is not None else None
    if same is None or same.key in known.handles:
        return None
    return same if {offer.variant_id for offer in offers if offer} == known.offered.get(same.pk) else None


def load_known(records: Sequence[ProductRecord], slugs: Sequence[str], seller_id: int) -> Known:
    """Reads what the batch may touch: a handful of queries, none of them per row."""
    known = Known(handles={record.handle for record in records})
    _products(known, records, seller_id)
    _offers(known, records, seller_id)
    _joinable(known, records, seller_id)
    known.slugs = set(Product.objects.filter(slug__in=slugs).values_list("slug", flat=True))
    return known


def _products(known: Known, records: Sequence[ProductRecord], seller_id: int) -> None:
    """The stall's products by their keys, and those that hold one of the SKUs."""
    handles = [record.handle for record in records]
    skus = [variant.sku for record in records for variant in record.variants]
    mine = Product.objects.filter(owner=seller_id)
    columns = ("title", "description", "product_type", "category", "brand", "attributes", "extras", "status")
    holding = Offer.objects.filter(seller=seller_id, sku__in=skus).values("variant__product")
    wanted = Q(external_key__in=handles) | Q(external_key=None, slug__in=handles) | Q(pk__in=holding)
    for pk, key, slug, *values in mine.filter(wanted).values_list("pk", "external_key", "slug", *columns):
        # A product that was made by hand has no key of its own; our export calls it by its slug.
        product = KnownProduct(pk, slug if key is None else key, *values)
        known.products[product.key] = known.products_by_id[pk] = product
    ids = list(known.products_by_id)
    fields = ("pk", "product", "title", "options", "options_key", "gtin", "position")
    for values in ProductVariant.objects.filter(product__in=ids).values_list(*fields):
        variant = KnownVariant(*values)
        known.variants.setdefault(variant.product_id, {})[variant.options_key] = variant
        known.variants_by_id[variant.pk] = variant
    pictures = ProductImage.objects.filter(product__in=ids)
    for values in pictures.values_list("pk", "product", "source_url", "key", "alt", "position", "variant"):
        image = KnownImage(*values)
        known.images.setdefault(image.product_id, []).append(image)


def _offers(known: Known, records: Sequence[ProductRecord], seller_id: int) -> None:
    skus = [variant.sku for record in records for variant in record.variants]
    wanted = Q(sku__in=skus) | Q(variant__product__in=list(known.products_by_id))
    rows = Offer.objects.filter(wanted, seller=seller_id).values_list(
        "pk", "sku", "variant", "variant__product", "variant__product__title", "variant__product__owner",
        "condition", "price_minor", "status", Coalesce("stock__on_hand", 0), Coalesce("stock__reserved", 0),
    )  # fmt: skip
    for values in rows.order_by("-pk"):
        offer = KnownOffer(*values)
        known.offers[offer.sku] = offer
        if offer.status != Offer.Status.ARCHIVED:
            known.offered.setdefault(offer.product_id, set()).add(offer.variant_id)
        known.offers_by_variant[offer.variant_id, offer.condition] = offer


def _joinable(known: Known, records: Sequence[ProductRecord], seller_id: int) -> None:
    gtins = {variant.gtin for record in records for variant in record.variants if variant.gtin}
    if not gtins:
        return
    rows = (
        ProductVariant.objects.filter(gtin__in=gtins, product__status=Product.Status.ACTIVE)
        .exclude(product__owner=seller_id)
        .order_by("-pk")
        .values_list("gtin", "pk", "product", "product__title")
    )
    for gtin, pk, product_id, title in rows:
        known.joinable[gtin] = Joinable(pk, product_id, title)
