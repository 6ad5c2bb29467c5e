"""The reverse of the import: a stall's offers as a file, streamed product by product."""

import csv
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urljoin

from django.core.files.storage import default_storage
from django.db.models import Func, IntegerField, Max, QuerySet

from marketplace.catalog.models import Attribute, Category, Offer, Product, ProductImage, ProductVariant
from marketplace.core.errors import NotFound
from marketplace.core.money import to_major
from marketplace.imports import layouts
from marketplace.imports.cells import guard
from marketplace.imports.known import LARGE
from marketplace.imports.layouts import ExportedOffer, ExportedPicture, ExportedProduct
from marketplace.imports.shelves import GENERAL, UNSORTED
from marketplace.sellers.models import Seller
from monitoring.jobs import progress

CHUNK = 500


class Writable(Protocol):
    """Whatever takes text."""

    def write(self, text: str, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Labels:
    """Names of the hall's shelves by id, read once."""

    categories: dict[int, tuple[str, ...]]
    attributes: dict[tuple[int, str], str]


def export_products(
    *, seller_slug: str, format_name: str, currency: str, site_url: str, stream: Writable, now: datetime
) -> int:
    """Write the stall's offers that are not archived and return the number of rows below the header.

    Every cell that a spreadsheet could take for a formula gets a `'`, which the import takes off again.
    """
    seller = Seller.objects.filter(slug=seller_slug).values_list("pk", flat=True).first()
    if seller is None:
        raise NotFound(f"There is no stall {seller_slug!r}: check the slug in its address.")
    layout = layouts.LAYOUTS[format_name](_most_options(seller))
    writer = csv.DictWriter(stream, layout.columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    started, written = time.perf_counter(), 0

    def moment() -> datetime:
        return now + timedelta(seconds=time.perf_counter() - started)

    title, total = f"Export for {format_name.capitalize()}", _offered(seller).count()
    told = progress.begin("export", title, owner=f"seller:{seller}", total=total, now=now, unit="products")
    try:
        for done, product in enumerate(_products(seller, currency, site_url), start=1):
            for row in layout.rows(product):
                writer.writerow({column: guard(value) for column, value in row.items()})
                written += 1
            told.advance(done, moment())
    except BaseException as error:
        told.fail(moment(), f"It ended too soon ({type(error).__name__}): run it again.")
        raise
    told.finish(moment(), text=f"{written:,} rows written.", done=total)
    return written


def _offered(seller_id: int) -> "QuerySet[Product]":
    """What the stall offers, or has offered, in the order of ids."""
    products = Product.objects.filter(variants__offers__seller=seller_id).exclude(status=Product.Status.ARCHIVED)
    return products.distinct().order_by("pk")


def _most_options(seller_id: int) -> int:
    """How many option columns the widest variant needs."""
    length = Func("options", function="jsonb_array_length", output_field=IntegerField())
    offered = ProductVariant.objects.filter(offers__seller=seller_id)
    return int(offered.aggregate(most=Max(length))["most"] or 0)


def _labels() -> Labels:
    names = dict(Category.objects.values_list("slug", "name"))
    categories = {
        pk: tuple(names[slug] for slug in path.split("/") if slug in names)
        for pk, path in Category.objects.exclude(slug=UNSORTED[0]).values_list("pk", "path")
    }
    attributes = {
        (type_id, slug): label
        for type_id, slug, label in Attribute.objects.values_list("product_type", "slug", "label")
    }
    return Labels(categories, attributes)


def _products(seller_id: int, currency: str, site_url: str) -> Iterator[ExportedProduct]:
    """Products in the order of their ids, a chunk of them in memory at a time."""
    labels = _labels()
    offered = _offered(seller_id)
    last = 0
    while chunk := list(offered.filter(pk__gt=last).select_related("product_type")[:CHUNK]):
        last = chunk[-1].pk
        offers = _offers(seller_id, chunk, currency)
        pictures = _pictures(chunk, site_url)
        for product in chunk:
            if listed := offers.get(product.pk):
                yield _exported(product, listed, pictures.get(product.pk, []), seller_id, labels)


def _offers(seller_id: int, products: Sequence[Product], currency: str) -> dict[int, list[ExportedOffer]]:
    found: dict[int, list[ExportedOffer]] = {}
    rows = (
        Offer.objects.filter(seller=seller_id, variant__product__in=products)
        .exclude(status=Offer.Status.ARCHIVED)
        .select_related("variant", "stock")
        .order_by("variant__product", "variant__position", "variant", "pk")
    )
    for offer in rows:
        variant = offer.variant
        found.setdefault(variant.product_id, []).append(
            ExportedOffer(
                variant_id=variant.pk,
                sku=offer.sku,
                gtin=variant.gtin,
                condition=offer.condition,
                price=str(to_major(offer.price_minor, currency)),
                stock=offer.stock.on_hand if hasattr(offer, "stock") else 0,
                active=offer.status == Offer.Status.ACTIVE,
                options=tuple((option["name"], option["value"]) for option in variant.options),
            )
        )
    return found


def _pictures(products: Sequence[Product], site_url: str) -> dict[int, list[ExportedPicture]]:
    found: dict[int, list[ExportedPicture]] = {}
    for picture in ProductImage.objects.filter(product__in=products).order_by("product", "position", "pk"):
        url = picture.source_url
        if not url and picture.key:
            url = urljoin(site_url + "/", default_storage.url(picture.key + LARGE))
        if url:
            found.setdefault(picture.product_id, []).append(ExportedPicture(url, picture.alt, picture.variant_id))
    return found


def _exported(
    product: Product, offers: list[ExportedOffer], pictures: list[ExportedPicture], seller_id: int, labels: Labels
) -> ExportedProduct:
    own = product.owner_id == seller_id
    attributes = [
        (labels.attributes.get((product.product_type_id, slug), slug), _text(value))
        for slug, value in product.attributes.items()
    ]
    return ExportedProduct(
        key=product.external_key if own and product.external_key else product.slug,
        title=product.title,
        body_html=product.description,
        brand=product.brand,
        kind="" if product.product_type.slug == GENERAL[0] else product.product_type.name,
        category=labels.categories.get(product.category_id, ()),
        attributes=(*attributes, *((label, str(text)) for label, text in product.extras.items())),
        active=product.status == Product.Status.ACTIVE,
        offers=tuple(offers),
        pictures=tuple(pictures),
    )


def _text(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
