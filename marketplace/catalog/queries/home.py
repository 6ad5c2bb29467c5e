"""What the front page shows: shelves with their number of things, and pictures of stalls."""

from collections.abc import Sequence
from dataclasses import dataclass

from marketplace.catalog.queries.shelves import SHELVES
from marketplace.catalog.search.params import COUNTED
from marketplace.core import cache
from marketplace.core.replica import reader

_TILES = """
SELECT shelf.id, counted.things, coalesce(image.key, ''), coalesce(image.width, 0), coalesce(image.height, 0)
FROM catalog_category shelf
CROSS JOIN LATERAL (
    SELECT count(*) AS things FROM (
        SELECT FROM catalog_searchentry WHERE categories @> ARRAY[shelf.id] LIMIT %(counted)s
    ) found
) counted
LEFT JOIN LATERAL (
    SELECT key, width, height FROM (
        SELECT product_id FROM catalog_searchentry
        WHERE categories @> ARRAY[shelf.id] AND in_stock ORDER BY popularity DESC, product_id LIMIT 3
    ) best
    JOIN catalog_productimage image ON image.product_id = best.product_id AND image.state = 'ready'
    ORDER BY image.position, image.id LIMIT 1
) image ON true
WHERE shelf.parent_id IS NULL
"""
_STALL_PICTURES = """
SELECT stall.id, image.key, image.width, image.height
FROM unnest(%(stalls)s::bigint[]) AS stall (id)
CROSS JOIN LATERAL (
    SELECT product_id, popularity FROM catalog_searchentry
    WHERE sellers @> ARRAY[stall.id] AND in_stock ORDER BY popularity DESC, product_id LIMIT 3
) best
CROSS JOIN LATERAL (
    SELECT key, width, height FROM catalog_productimage
    WHERE product_id = best.product_id AND state = 'ready' ORDER BY position, id LIMIT 1
) image
ORDER BY stall.id, best.popularity DESC, best.product_id
"""


@dataclass(frozen=True, slots=True)
class ShelfTile:
    """A top shelf: how many things stand on it (counted up to 10,000), and a picture of a popular one."""

    category_id: int
    things: int
    image_key: str
    image_width: int
    image_height: int


def _load_tiles() -> dict[int, ShelfTile]:
    with reader().cursor() as cursor:
        cursor.execute(_TILES, {"counted": COUNTED})
        return {row[0]: ShelfTile(*row) for row in cursor.fetchall()}


# The number of things on a shelf moves with every product: it is right to the minute, not to the thing.
_TILE = cache.declare("tiles", dict[int, ShelfTile], soft=60.0, hard=900.0)
_STALL_PICTURE = cache.declare("stall_pictures", dict[int, list[tuple[str, int, int]]], soft=900.0, hard=3600.0)


def shelf_tiles() -> dict[int, ShelfTile]:
    """Every top shelf by its id."""
    return _TILE.get("all", _load_tiles, depends=(SHELVES,))


def stall_pictures(seller_ids: Sequence[int]) -> dict[int, list[tuple[str, int, int]]]:
    """Key, width and height of up to three pictures of each stall's popular things."""
    ids = list(seller_ids)
    return _STALL_PICTURE.get(",".join(map(str, ids)), lambda: _load_stall_pictures(ids))


def _load_stall_pictures(seller_ids: list[int]) -> dict[int, list[tuple[str, int, int]]]:
    found: dict[int, list[tuple[str, int, int]]] = {}
    with reader().cursor() as cursor:
        cursor.execute(_STALL_PICTURES, {"stalls": seller_ids})
        for seller_id, key, width, height in cursor.fetchall():
            found.setdefault(seller_id, []).append((key, width, height))
    return found
