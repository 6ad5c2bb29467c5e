"""Hands the popularity of product statistics on to the catalogue, which orders searches by it."""

from django.db import connection

from marketplace.catalog.services import set_popularity

_CHANGED = """
SELECT product.id, coalesce(seen.popularity, 0)
FROM catalog_product product
LEFT JOIN insights_product seen ON seen.product_id = product.id
WHERE product.popularity <> coalesce(seen.popularity, 0)
"""


def apply_popularity() -> int:
    """Writes the popularity of products whose figure has changed; returns how many. Repeating it changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED)
        changed = dict(cursor.fetchall())
    set_popularity(changed)
    return len(changed)
