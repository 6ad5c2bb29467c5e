"""One product as its page shows it, and the ways to find one exactly."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from marketplace.catalog import facts
from marketplace.catalog.errors import Gone
from marketplace.catalog.models import Product, SearchEntry
from marketplace.core import cache
from marketplace.core.errors import NotFound
from marketplace.core.events import Json
from marketplace.core.hall import currency
from marketplace.core.replica import reader
from marketplace.sellers.queries import stall_tag

# What only a stall describes that does not trade is shown to nobody.
_PRODUCT = """
SELECT status,
       owner_id IS NULL OR EXISTS (SELECT FROM sellers_seller WHERE id = owner_id AND status = 'approved') OR EXISTS (
           SELECT FROM catalog_productvariant variant
           JOIN catalog_offer offer ON offer.variant_id = variant.id AND offer.status = 'active'
           JOIN sellers_seller seller ON seller.id = offer.seller_id AND seller.status = 'approved'
           WHERE variant.product_id = product.id
       ),
       id, slug, title, description, brand, category_id, product_type_id, updated_at, attributes, extras,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('pk', id, 'title', title, 'options', options, 'gtin', gtin)
                                  ORDER BY position, id), '[]')
        FROM catalog_productvariant WHERE product_id = product.id),
       (SELECT coalesce(jsonb_agg(jsonb_build_object('variant_id', variant_id, 'key', key, 'width', width,
                                                     'height', height, 'alt', alt) ORDER BY position, id), '[]')
        FROM catalog_productimage WHERE product_id = product.id AND state = 'ready')
FROM catalog_product product WHERE slug = %(slug)s
"""
_OFFERS = """
SELECT offer.id, offer.variant_id, offer.sku, offer.condition, offer.note, offer.price_minor, offer.in_stock,
       seller.id, seller.slug, seller.name, seller.hue, seller.place,
       seller.country, seller.dispatch_days_min, seller.dispatch_days_max, seller.returns_days
FROM catalog_productvariant variant
JOIN catalog_offer offer ON offer.variant_id = variant.id AND offer.status = 'active'
JOIN sellers_seller seller ON seller.id = offer.seller_id AND seller.status = 'approved'
WHERE variant.product_id = %(product)s
ORDER BY offer.price_minor, offer.id
"""
# SKUs belong to stalls, so one may name two things: then it opens neither.
_EXACT = """
SELECT DISTINCT product.slug
FROM (
    SELECT offer.variant_id FROM catalog_offer offer
    JOIN sellers_seller seller ON seller.id = offer.seller_id AND seller.status = 'approved'
    WHERE upper(offer.sku) = upper(%(code)s) AND offer.status = 'active'
    UNION
    SELECT id FROM catalog_productvariant WHERE gtin <> '' AND gtin = %(digits)s
) named
JOIN catalog_productvariant variant ON variant.id = named.variant_id
JOIN catalog_searchentry entry ON entry.product_id = variant.product_id
JOIN catalog_product product ON product.id = variant.product_id
LIMIT 2
"""


@dataclass(frozen=True, slots=True)
class VariantRow:
    """A version of the product: ``options`` are (name, value) in display order."""

    pk: int
    title: str
    options: tuple[tuple[str, str], ...]
    gtin: str


@dataclass(frozen=True, slots=True)
class ImageRow:
    """A stored picture; ``variant_id`` when it shows one variant only."""

    variant_id: int | None
    key: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product that is on the shelves. ``description`` is sanitised HTML."""

    pk: int
    slug: str
    title: str
    description: str
    brand: str
    category_id: int
    product_type_id: int
    updated_at: datetime
    attributes: dict[str, str | bool | int]
    extras: dict[str, str]
    variants: tuple[VariantRow, ...]
    images: tuple[ImageRow, ...]


@dataclass(frozen=True, slots=True)
class OfferLine:
    """An active offer of an approved stall, with its stall. The price is in minor units."""

    pk: int
    variant_id: int
    sku: str
    condition: str
    note: str
    price_minor: int
    in_stock: bool
    seller_id: int
    seller_slug: str
    seller_name: str
    hue: int
    place: str
    country: str
    dispatch_days_min: int
    dispatch_days_max: int
    returns_days: int


# No memory of the process: the page shows a new price at once, whichever process answers. A slug nobody has is looked up
# again after seconds, because nothing tells when it is taken.
_PRODUCTS = cache.declare("product", ProductRow | Literal["gone"], soft=1800.0, hard=7200.0, local=0.0, negative=5.0)
_PRICES = cache.declare("price", tuple[OfferLine, ...], soft=300.0, hard=1800.0, local=0.0)


def product(slug: str) -> ProductRow:
    """A product on the shelves with its variants and pictures, in one query at most.

    Raises Gone for one taken down for good; NotFound for any other, and for one of a stall that does not trade unless
    another stall offers it.
    """
    found = _PRODUCTS.get(slug, lambda: _load_product(slug))
    if found is None:
        raise NotFound("There is no such product in the market.")
    if found == "gone":
        raise Gone("This product is no longer sold here.")
    return found


def _load_product(slug: str) -> ProductRow | Literal["gone"] | None:
    with reader().cursor() as cursor:
        cursor.execute(_PRODUCT, {"slug": slug})
        row = cursor.fetchone()
    if row is None:
        return None
    cache.depend(facts.tag(row[2]))
    if row[0] == Product.Status.DRAFT or not row[1]:
        return None
    return "gone" if row[0] == Product.Status.ARCHIVED else _product_row(row)


def _product_row(row: tuple[Any, ...]) -> ProductRow:
    pk, found_slug, title, description, brand, category_id, type_id, updated_at = row[2:10]
    return ProductRow(
        pk=pk,
        slug=found_slug,
        title=title,
        description=description,
        brand=brand,
        category_id=category_id,
        product_type_id=type_id,
        updated_at=updated_at,
        attributes=json.loads(row[10]),
        extras=json.loads(row[11]),
        variants=tuple(_variant(entry) for entry in json.loads(row[12])),
        images=tuple(ImageRow(**entry) for entry in json.loads(row[13])),
    )


def _variant(entry: dict[str, Json]) -> VariantRow:
    options = tuple((option["name"], option["value"]) for option in cast(list[dict[str, str]], entry["options"]))
    return VariantRow(cast(int, entry["pk"]), cast(str, entry["title"]), options, cast(str, entry["gtin"]))


def offers(product_id: int) -> Sequence[OfferLine]:
    """Every offer a buyer may see, the cheapest first."""
    return _PRICES.get(f"{currency()}:{product_id}", lambda: _load_offers(product_id), depends=(facts.tag(product_id),))


def _load_offers(product_id: int) -> tuple[OfferLine, ...]:
    with reader().cursor() as cursor:
        cursor.execute(_OFFERS, {"product": product_id})
        lines = tuple(OfferLine(*row) for row in cursor.fetchall())
    cache.depend(*(stall_tag(seller_id) for seller_id in {line.seller_id for line in lines}))
    return lines


def exact_product(code: str) -> str | None:
    """The slug of the one findable product that has this SKU or GTIN; None when there is none, or more than one.

    Words and short numbers are no codes: somebody who types "vase" or "1984" means to search.
    """
    code = code.strip()
    digits = code.replace("-", "")
    has_letters = any(letter.isalpha() for letter in code)
    has_digits = any(letter.isdigit() for letter in code)
    if " " in code or len(code) > 120 or not has_digits or (not has_letters and len(digits) < 5):
        return None
    with reader().cursor() as cursor:
        cursor.execute(_EXACT, {"code": code, "digits": digits if digits.isdecimal() else ""})
        found = cursor.fetchall()
    return found[0][0] if len(found) == 1 else None


def findable_count() -> int:
    """How many products can be found."""
    return SearchEntry.objects.using(reader().alias).count()


def sitemap_slugs(*, offset: int, limit: int) -> Iterator[tuple[str, datetime]]:
    """Slug and time of change of findable products, in the order of their keys."""
    rows = Product.objects.using(reader().alias).filter(search_entry__isnull=False).order_by("pk")
    return rows.values_list("slug", "updated_at")[offset : offset + limit].iterator(chunk_size=2_000)
