"""How much a product is asked for, as whoever counts sales tells it: lists and searches are ordered by it."""

from collections.abc import Mapping

from django.db import connection, transaction

from marketplace.catalog.facts import BATCH

# In key order, as the index is written, so that two callers never wait for each other in a ring.
_LOCK = "SELECT id FROM catalog_product WHERE id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE"
_WRITE = """
UPDATE {table} AS changed SET popularity = wanted.popularity
FROM unnest(%(ids)s::bigint[], %(popularity)s::integer[]) AS wanted (id, popularity)
WHERE changed.{key} = wanted.id AND changed.popularity <> wanted.popularity
"""


def set_popularity(popularity: Mapping[int, int]) -> None:
    """Sets it by product id, for the product and its row of the search index, in batches that lock nobody out for long.

    The product keeps it, so that indexing it anew keeps it too. Ids that do not exist are ignored.
    """
    ids = sorted(popularity)
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        values = {"ids": batch, "popularity": [popularity[pk] for pk in batch]}
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_LOCK, values)
            cursor.execute(_WRITE.format(table="catalog_product", key="id"), values)
            cursor.execute(_WRITE.format(table="catalog_searchentry", key="product_id"), values)
