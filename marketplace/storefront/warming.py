"""Warming: after a deploy, after an import and now and then, what most people look at is loaded before they ask."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Final

from marketplace.catalog import queries as catalog
from marketplace.core import cache
from marketplace.core.errors import AwningError
from marketplace.core.replica import reader
from marketplace.storefront.list_query import ListQuery
from marketplace.storefront.pages.home import home_page
from marketplace.storefront.pages.offering import Wish
from marketplace.storefront.pages.product import product_page
from marketplace.storefront.pages.results import category_page
from monitoring.jobs import progress

logger = logging.getLogger(__name__)

# Bounds of one warming: things looked at most, and seconds.
PRODUCTS: Final = 200
PATIENCE: Final = 45.0
_POPULAR = """
SELECT product.slug FROM catalog_searchentry entry JOIN catalog_product product ON product.id = entry.product_id
WHERE entry.in_stock ORDER BY entry.popularity DESC, entry.product_id LIMIT %s
"""
Work = Callable[[], object]


def warm(*, now: datetime, products: int = PRODUCTS, patience: float = PATIENCE) -> int:
    """Loads the front page, every top shelf and the most popular products; returns how many pages that were.

    One process of the hall at a time; nothing while Redis is away, because nobody else would have it.
    """
    with cache.alone("warming", seconds=patience + 15.0) as mine:
        return _warm(now, products, patience) if mine else 0


def _warm(now: datetime, products: int, patience: float) -> int:
    works = list(_pages(products, now))
    told = progress.begin("warming", "Pages warmed", owner=progress.STAFF, total=len(works), now=now, unit="pages")
    began, done = monotonic(), 0
    for work in works:
        if monotonic() - began > patience:
            break
        try:
            work()
        except AwningError:
            # Taken down since it was listed.
            continue
        done += 1
        told.advance(done, now + timedelta(seconds=monotonic() - began))
    told.finish(now + timedelta(seconds=monotonic() - began), done=done)
    logger.info("cache.warmed", extra={"count": done, "total": len(works)})
    return done


def _pages(products: int, now: datetime) -> Iterator[Work]:
    yield home_page
    for shelf in catalog.shelves().children.get(None, []):
        yield partial(category_page, shelf.slug, ListQuery())
    with reader().cursor() as cursor:
        cursor.execute(_POPULAR, [products])
        slugs = [row[0] for row in cursor.fetchall()]
    for slug in slugs:
        yield partial(product_page, slug, Wish(), now=now)
