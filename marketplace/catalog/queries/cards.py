"""Everything a card shows, in one statement however many cards there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from marketplace.catalog import facts
from marketplace.core import cache
from marketplace.core.hall import currency
from marketplace.core.replica import reader

Params: TypeAlias = dict[str, int | list[int]]

# The offer on the card is the cheapest that can be bought, else the cheapest.
_CARDS = """
SELECT product.id, product.slug, product.title, entry.price_minor, entry.in_stock, entry.tokens,
       cardinality(entry.sellers), offer.condition, offer.varied, offer.name, offer.hue,
       coalesce(image.key, ''), coalesce(image.width, 0), coalesce(image.height, 0), coalesce(image.alt, ''),
       trend.lows, coalesce((now() AT TIME ZONE 'UTC')::date - trend.until, 0),
       CASE WHEN trend.began_at > now() - interval '30 days' THEN trend.prior_low END,
       coalesce(trend.ask < trend.earlier_low AND trend.since <= now() - interval '90 days'
                AND trend.began_at > now() - interval '30 days', false)
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
LEFT JOIN prices_pricetrend trend
    ON trend.product_id = wanted.id AND trend.ask = entry.price_minor AND entry.in_stock AND %(stall)s::bigint IS NULL
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
    """A product in a grid. Price in minor units; ``tokens`` as in the search index; ``image_key`` "" without one.

    ``lows`` are the lowest asking prices of 90 days that ended ``stale_days`` ago, since when nothing changed; None where
    the history does not tell of the price on the card. ``prior_low`` is the lowest of the 30 days before that price began,
    None when it began earlier than 30 days ago. ``lowest_ever``: it began within 30 days and was never this low in 90 days
    of history or more.
    """

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
    lows: list[int | None] | None = None
    stale_days: int = 0
    prior_low: int | None = None
    lowest_ever: bool = False


# A list is right about what stands on its cards at once, and about which cards it has within its life.
_CARD_LISTS = cache.declare("cards", tuple[CardRow, ...], soft=900.0, hard=3600.0)


def cards(product_ids: Sequence[int], *, stall_id: int | None = None) -> Sequence[CardRow]:
    """The findable ones of these products, in the order given. With ``stall_id``, that stall is named on them."""
    ids = list(product_ids)
    if not ids:
        return ()
    key = f"of:{stall_id or 0}:{','.join(map(str, ids))}"
    return _cards(key, _LISTED, {"ids": ids}, stall_id=stall_id, depends=tuple(facts.tag(pk) for pk in ids))


def newest(*, limit: int) -> Sequence[CardRow]:
    """The latest things that can be bought."""
    return _cards(f"newest:{limit}", _NEWEST, {"limit": limit}, depends=(facts.ARRIVALS,))


def popular(*, limit: int) -> Sequence[CardRow]:
    """The most asked for things that can be bought."""
    return _cards(f"popular:{limit}", _POPULAR, {"limit": limit})


def similar(*, product_id: int, category_id: int, limit: int = 5) -> Sequence[CardRow]:
    """Popular things of the same category that can be bought now."""
    params: Params = {"product": product_id, "category": category_id, "limit": limit}
    return _cards(f"similar:{category_id}:{product_id}:{limit}", _SIMILAR, params)


def _cards(
    key: str, source: str, params: Params, *, stall_id: int | None = None, depends: tuple[str, ...] = ()
) -> Sequence[CardRow]:
    def load() -> tuple[CardRow, ...]:
        with reader().cursor() as cursor:
            cursor.execute(_CARDS.format(source=source), {**params, "stall": stall_id})
            rows = tuple(CardRow(*row) for row in cursor.fetchall())
        cache.depend(*(facts.tag(row.product_id) for row in rows))
        return rows

    return _CARD_LISTS.get(f"{currency()}:{key}", load, depends=depends)
