"""Keeps the search index equal to the catalogue: one set-based statement per batch, however it was changed.

A product is findable while it is active and an approved stall has an active offer for it.
"""

from collections.abc import Callable, Iterable, Iterator

from django.db import connection, transaction

from marketplace.catalog import facts
from marketplace.catalog.facts import BATCH
from marketplace.catalog.models import Category, Offer, Product, SearchEntry
from marketplace.catalog.search.params import RESERVED
from marketplace.core import cache

# A later reader sees at least what an earlier one saw: without the lock, of two statements that run at once the one
# with the older picture could be the last to write.
_LOCK = "SELECT id FROM catalog_product WHERE id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE"

# Words are split as queries are: everything but letters and digits separates, so "OP-1" is found by "op 1" and "OP-1".
# Markup and entities of the description are no words. The cuts keep a document far below PostgreSQL's 1 MB.
_REINDEX = r"""
WITH listed AS (
    SELECT id, title, description, brand, attributes, category_id, product_type_id, popularity, created_at
    FROM catalog_product WHERE id = ANY(%(ids)s) AND status = 'active'
), offered AS (
    SELECT variant.product_id,
           coalesce(min(offer.price_minor) FILTER (WHERE offer.in_stock), min(offer.price_minor)) AS price_minor,
           bool_or(offer.in_stock) AS in_stock,
           array_agg(DISTINCT offer.seller_id) AS sellers,
           coalesce(
               array_agg(DISTINCT 'condition:' || offer.condition) FILTER (WHERE offer.in_stock),
               array_agg(DISTINCT 'condition:' || offer.condition)
           ) AS conditions,
           string_agg(DISTINCT offer.sku, ' ') AS skus
    FROM catalog_offer offer
    JOIN sellers_seller seller ON seller.id = offer.seller_id AND seller.status = 'approved'
    JOIN catalog_productvariant variant ON variant.id = offer.variant_id
    WHERE variant.product_id IN (SELECT id FROM listed) AND offer.status = 'active'
    GROUP BY variant.product_id
), labelled AS (
    SELECT product_id,
           string_agg(gtin || ' ' || jsonb_path_query_array(options, '$[*].value')::text, ' ') AS words
    FROM catalog_productvariant WHERE product_id IN (SELECT id FROM listed)
    GROUP BY product_id
), described AS (
    SELECT listed.id AS product_id,
           array_agg(left(attribute.slug || ':' || typed.value, 120) ORDER BY attribute.position, attribute.id)
               FILTER (WHERE attribute.filterable AND NOT attribute.slug = ANY(%(reserved)s)) AS tokens,
           string_agg(typed.value, ' ' ORDER BY attribute.position, attribute.id)
               FILTER (WHERE attribute.kind IN ('choice', 'text')) AS words
    FROM listed
    JOIN catalog_attribute attribute ON attribute.product_type_id = listed.product_type_id
    CROSS JOIN LATERAL (SELECT listed.attributes ->> attribute.slug AS stored) raw
    CROSS JOIN LATERAL (
        SELECT CASE WHEN attribute.kind <> 'boolean' THEN raw.stored
                    WHEN raw.stored = 'true' THEN 'yes' WHEN raw.stored = 'false' THEN 'no' END AS value
    ) typed
    WHERE typed.value <> ''
    GROUP BY listed.id
), shelved AS (
    SELECT shelf.id AS category_id, array_agg(upper.id ORDER BY upper.path) AS categories,
           string_agg(upper.name, ' ' ORDER BY upper.path) AS words
    FROM catalog_category shelf
    JOIN catalog_category upper ON shelf.path = upper.path OR starts_with(shelf.path, upper.path || '/')
    WHERE shelf.id IN (SELECT category_id FROM listed)
    GROUP BY shelf.id
), fresh AS (
    SELECT listed.id AS product_id,
           setweight(to_tsvector('awning', regexp_replace(listed.title, '[^[:alnum:]]+', ' ', 'g')), 'A')
           || setweight(to_tsvector('awning', left(regexp_replace(concat_ws(
                ' ', listed.brand, offered.skus, labelled.words, described.words
              ), '[^[:alnum:]]+', ' ', 'g'), 20000)), 'B')
           || setweight(to_tsvector('awning', regexp_replace(shelved.words, '[^[:alnum:]]+', ' ', 'g')), 'C')
           || setweight(to_tsvector('awning', left(regexp_replace(regexp_replace(
                listed.description, '<[^>]*>|&[a-zA-Z]+;|&#[0-9]+;', ' ', 'g'
              ), '[^[:alnum:]]+', ' ', 'g'), 50000)), 'D') AS document,
           shelved.categories, offered.sellers,
           offered.conditions || coalesce(described.tokens, '{}') AS tokens,
           offered.price_minor, offered.in_stock, listed.popularity, listed.created_at
    FROM listed
    JOIN offered ON offered.product_id = listed.id
    JOIN shelved ON shelved.category_id = listed.category_id
    LEFT JOIN labelled ON labelled.product_id = listed.id
    LEFT JOIN described ON described.product_id = listed.id
), gone AS (
    DELETE FROM catalog_searchentry
    WHERE product_id = ANY(%(ids)s) AND product_id NOT IN (SELECT product_id FROM fresh)
)
INSERT INTO catalog_searchentry AS entry
    (product_id, document, categories, sellers, tokens, price_minor, in_stock, popularity, created_at)
SELECT product_id, document, categories, sellers, tokens, price_minor, in_stock, popularity, created_at
FROM fresh ORDER BY product_id
ON CONFLICT (product_id) DO UPDATE SET
    document = excluded.document, categories = excluded.categories, sellers = excluded.sellers,
    tokens = excluded.tokens, price_minor = excluded.price_minor, in_stock = excluded.in_stock,
    popularity = excluded.popularity, created_at = excluded.created_at
WHERE (entry.document, entry.categories, entry.sellers, entry.tokens, entry.price_minor, entry.in_stock,
       entry.popularity, entry.created_at)
   IS DISTINCT FROM
      (excluded.document, excluded.categories, excluded.sellers, excluded.tokens, excluded.price_minor,
       excluded.in_stock, excluded.popularity, excluded.created_at)
RETURNING entry.xmax = 0, entry.categories, entry.sellers
"""

# Words people search by; those of descriptions (D) would correct a typo to something nobody meant.
_NEW_WORDS = """
INSERT INTO catalog_searchword (word, products)
SELECT lexeme, count(*)
FROM catalog_searchentry, unnest(document) AS word (lexeme, positions, weights)
WHERE product_id = ANY(%(ids)s) AND weights && '{A,B,C}' AND lexeme ~ '^[^0-9]{3,40}$'
GROUP BY lexeme ORDER BY lexeme
ON CONFLICT (word) DO NOTHING
"""

_ALL_WORDS = """
WITH counted AS (
    SELECT lexeme AS word, count(*) AS products
    FROM catalog_searchentry, unnest(document) AS word (lexeme, positions, weights)
    WHERE weights && '{A,B,C}' AND lexeme ~ '^[^0-9]{3,40}$'
    GROUP BY lexeme
), gone AS (
    DELETE FROM catalog_searchword WHERE word NOT IN (SELECT word FROM counted)
)
INSERT INTO catalog_searchword AS known (word, products)
SELECT word, products FROM counted ORDER BY word
ON CONFLICT (word) DO UPDATE SET products = excluded.products WHERE known.products <> excluded.products
"""


def reindex(product_ids: Iterable[int]) -> None:
    """Makes these products findable under what they are now, or not findable any more. Repeating it changes nothing.

    Products are locked in key order while their row of the index is written; ids that do not exist are ignored.
    """
    ids = sorted(set(product_ids))
    for start in range(0, len(ids), BATCH):
        _reindex_batch(ids[start : start + BATCH])


def _reindex_batch(ids: list[int]) -> None:
    values: dict[str, list[int] | list[str]] = {"ids": ids, "reserved": sorted(RESERVED)}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK, values)
        cursor.execute(_REINDEX, values)
        new = [(categories, sellers) for is_new, categories, sellers in cursor.fetchall() if is_new]
        cursor.execute(_NEW_WORDS, values)
        # Also a second time for what the change itself has touched: its process may have died before it could.
        cache.touch(*(facts.tag(product_id) for product_id in ids), *_lists_that_grow(new))


def _lists_that_grow(new: list[tuple[list[int], list[int]]]) -> set[str]:
    """The tags of lists that products belong to which could not be found before."""
    shelves = {facts.shelf_tag(pk) for categories, _ in new for pk in categories}
    stalls = {facts.goods_tag(pk) for _, sellers in new for pk in sellers}
    return {*shelves, *stalls, facts.ARRIVALS} if new else set()


def reindex_all(*, tell: Callable[[int], object] = lambda seen: None) -> int:
    """Rebuilds the whole index in batches, each its own transaction, and the dictionary; returns the products seen.

    ``tell`` hears after each batch how many that are.
    """
    seen = 0
    for ids in _batches():
        _reindex_batch(ids)
        seen += len(ids)
        tell(seen)
    SearchEntry.objects.exclude(product__status=Product.Status.ACTIVE).delete()
    refresh_words()
    return seen


def _batches() -> Iterator[list[int]]:
    last = 0
    while ids := list(Product.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield ids
        last = ids[-1]


def refresh_words() -> None:
    """Counts the dictionary of words anew: words nobody uses any more go, counts become right."""
    with connection.cursor() as cursor:
        cursor.execute(_ALL_WORDS)


def products_of_seller(seller_id: int) -> list[int]:
    """Every product the stall has an offer for."""
    rows = Offer.objects.filter(seller_id=seller_id).values_list("variant__product_id", flat=True)
    return sorted(set(rows))


def products_under(category_id: int) -> list[int]:
    """Every product on the shelf and on those under it."""
    path = Category.objects.filter(pk=category_id).values_list("path", flat=True).first()
    if path is None:
        return []
    rows = Product.objects.filter(category__path__startswith=f"{path}/") | Product.objects.filter(
        category_id=category_id
    )
    return list(rows.order_by("pk").values_list("pk", flat=True))
