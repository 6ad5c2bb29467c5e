"""Which products stand on a page of results, in order."""

from collections.abc import Sequence

from marketplace.catalog.search.params import CANDIDATES, COUNTED, MAX_PAGE, PAGE_SIZE, Filters, Sort
from marketplace.catalog.search.where import Params, depends, where
from marketplace.core import cache
from marketplace.core.replica import reader

# Weights of D, C, B, A: a word in the title counts ten times one in the description. What cannot be bought stands last.
_RANKED = """
SELECT product_id FROM (
    SELECT entry.product_id, entry.in_stock, entry.popularity,
           ts_rank('{{0.1, 0.2, 0.4, 1.0}}', entry.document, to_tsquery('awning', %(query)s)) AS rank
    FROM ({found} ORDER BY popularity DESC, product_id LIMIT %(candidates)s) best
    JOIN catalog_searchentry entry ON entry.product_id = best.product_id
) candidates
ORDER BY in_stock DESC, rank * (1 + ln(1 + popularity) / 10) DESC, popularity DESC, product_id
LIMIT %(limit)s OFFSET %(offset)s
"""
_ORDERED = "SELECT product_id FROM ({found}) listed ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s"
_FOUND = "SELECT product_id, popularity, price_minor, created_at FROM catalog_searchentry WHERE {where}"
# Few matches are fetched and then sorted; many are met soon when walking along the order. Left to itself the planner,
# which knows little about how many documents hold a word, walks the whole order for a word that is nowhere.
_FEW = "WITH found AS MATERIALIZED ({found}) SELECT * FROM found"
# Which things a list has, and in which order, is right within its life; what a card says of one is right at once.
_HITS = cache.declare("search", tuple[int, ...], soft=600.0, hard=1800.0)
_ORDER = {
    Sort.RELEVANCE: "popularity DESC, product_id",
    Sort.PRICE: "price_minor, product_id",
    Sort.PRICE_DOWN: "price_minor DESC, product_id DESC",
    Sort.NEWEST: "created_at DESC, product_id",
}


def hits(filters: Filters, *, sort: Sort, page: int, matches: int, size: int = PAGE_SIZE) -> Sequence[int]:
    """Product ids of one page (from 1), best first; empty past the end or past the last page that is served.

    ``matches`` is how many there are, as counted (10,000 for more); it decides how they are fetched. By relevance the
    2,000 most popular matches are ranked, and without words popularity is the relevance.
    """
    if not 1 <= page <= MAX_PAGE or matches == 0:
        return ()
    few = matches < COUNTED
    return _HITS.get(
        f"{sort}:{page}:{size}:{few}:{filters}",
        lambda: _load(filters, sort=sort, page=page, few=few, size=size),
        depends=depends(filters),
    )


def _load(filters: Filters, *, sort: Sort, page: int, few: bool, size: int) -> tuple[int, ...]:
    conditions = where(filters)
    params: Params = conditions.params | {"limit": size, "offset": (page - 1) * size, "candidates": CANDIDATES}
    found = _FOUND.format(where=conditions.all_but())
    if few:
        found = _FEW.format(found=found)
    sql = _RANKED if sort is Sort.RELEVANCE and "query" in params else _ORDERED
    with reader().cursor() as cursor:
        cursor.execute(sql.format(found=found, order=_ORDER[sort]), params)
        return tuple(row[0] for row in cursor.fetchall())
