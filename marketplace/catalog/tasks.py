"""Reactions to facts: the search index follows the catalogue, the stock and the stalls. Repeating one is harmless."""

import logging
from datetime import datetime
from typing import cast

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from marketplace.catalog import facts
from marketplace.catalog.services import asks, indexing
from marketplace.core import events

logger = logging.getLogger(__name__)


def products_changed(payload: events.Payload, now: datetime) -> None:
    """Brings these products' rows of the index up to date."""
    indexing.reindex(cast(list[int], payload["product_ids"]))


def seller_changed(payload: events.Payload, now: datetime) -> None:
    """A stall opened or closed: all it sells must be found, or not."""
    seller_id = cast(int, payload["seller_id"])
    asks.record_seller(seller_id, now=now)
    _spread(indexing.products_of_seller(seller_id), now)


def shelves_changed(payload: events.Payload, now: datetime) -> None:
    """A shelf was renamed or moved: what stands on it is found under other words and other shelves."""
    _spread(indexing.products_under(cast(int, payload["category_id"])), now)


def _spread(product_ids: list[int], now: datetime) -> None:
    """Many products become many facts, so that each is handled within the relay's lease."""
    with transaction.atomic():
        facts.products_changed(product_ids, now=now)


@shared_task(name="catalog.refresh_words", ignore_result=True)
def refresh_words() -> None:
    """Counts the dictionary for typos anew."""
    indexing.refresh_words()


@shared_task(name="catalog.record_asks", ignore_result=True)
def record_asks() -> int:
    """Writes what offers ask where the history does not know it yet; returns how many there were."""
    written = asks.record_missing(now=timezone.now())
    if written:
        logger.info("asks.recorded", extra={"rows": written})
    return written
