"""Everything a card shows, in one statement however many cards there are."""

from collections.abc import Sequence
from dataclasses import dataclass

from marketplace.core.replica import reader

# The offer on the card is the cheapest that can be bought, else the cheapest.
_CARDS = """
SELECT product.id, product.slug, product.title, entry.price_minor, entry.in_stock, entry.tokens,
       cardinality(entry.sellers), offer.condition, offer.varied, offer.name, offer.hue,
       coalesce(image.key, ''), coalesce(image.width, 0), coalesce(image.height, 0), coalesce(image.alt, '')
FROM ({source}) AS wanted (id, place)
JOIN catalog_searchentry entry ON entry.product_id = wanted.id
JOIN catalog_product product ON product.id = wanted.id
CROSS JOIN LATERAL (
    SELECT offer.condition, seller.name, seller.hue,
           min(offer.price_minor) OVER () <> max(offer.price_minor) OVER () AS varied
    FROM catalog_productvariant variant
    JOIN catalog_offer offer ON offer.variant_id = variant.id AND offer.status = 'active'
    JOIN sellers_seller seller ON seller.id = offer.seller_id AND seller.status = 'approved'
    WHERE variant.product_id = wanted.id AND (%(stall)s::bigint IS NULL OR offer.seller_id = %(stall)s)
    ORDER BY offer.in_stock DESC, offer.price_minor, offer.id LIMIT 1
) offer
LEFT JOIN LATERAL (
    SELECT key, width, height, alt FROM catalog_productimage
    WHERE product_id = wanted.id AND state = 'ready' ORDER BY position, id LIMIT 1
) image ON true
ORDER BY wanted.place
"""
# Where the products come from; ``place`` is their order.
_LISTED = "SELECT id, place FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS listed (id, place)"
_NEWEST = """
SELECT product_id, row_number() OVER (ORDER BY created_at DESC, product_id)
FROM catalog_searchentry WHERE in_stock ORDER BY created_at DESC, product_id LIMIT %(limit)s
"""
_POPULAR = """
SELECT product_id, row_number() OVER (ORDER BY popularity DESC, product_id)
FROM catalog_searchentry WHERE in_stock ORDER BY popularity DESC, product_id LIMIT %(limit)s
"""
_SIMILAR = """
SELECT product_id, row_number() OVER (ORDER BY popularity DESC, product_id)
FROM catalog_searchentry
WHERE categories @> ARRAY[%(category)s]::bigint[] AND in_stock AND product_id <> %(product)s
ORDER BY popularity DESC, product_id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class CardRow:
    """A product in a grid. Price in minor units; ``tokens`` as in the search index; ``image_key`` "" without one."""

    product_id: int
    slug: str
    title: str
    price_minor: int
    in_stock: bool
    tokens: list[str]
    stalls: int
    condition: str
    varied: bool
    stall_name: str
    hue: int
    image_key: str
    image_width: int
    image_height: int
    image_alt: str


def cards(product_ids: Sequence[int], *, stall_id: int | None = None) -> list[CardRow]:
    """The findable ones of these products, in the order given. With ``stall_id``, that stall is named on them."""
    return _cards(_LISTED, {"ids": list(product_ids)}, stall_id=stall_id) if product_ids else []


def newest(*, limit: int) -> list[CardRow]:
    """The latest things that can be bought."""
    return _cards(_NEWEST, {"limit": limit})


def popular(*, limit: int) -> list[CardRow]:
    """The most asked for things that can be bought."""
    return _cards(_POPULAR, {"limit": limit})


def similar(*, product_id: int, category_id: int, limit: int = 5) -> list[CardRow]:
    """Popular things of the same category that can be bought now."""
    return _cards(_SIMILAR, {"product": product_id, "category": category_id, "limit": limit})


def _cards(source: str, params: dict[str, int | list[int]], *, stall_id: int | None = None) -> list[CardRow]:
    with reader().cursor() as cursor:
        cursor.execute(_CARDS.format(source=source), {**params, "stall": stall_id})
        return [CardRow(*row) for row in cursor.fetchall()]
