"""Writes to the catalogue, by what they write."""

from marketplace.catalog.services.indexing import refresh_words, reindex, reindex_all
from marketplace.catalog.services.offers import (
    PriceChange,
    change_prices,
    create_offer,
    record_prices,
    update_offer,
)
from marketplace.catalog.services.popularity import set_popularity
from marketplace.catalog.services.products import (
    add_variant,
    archive_product,
    create_product,
    publish_product,
    unpublish_product,
    update_product,
    update_variant,
)
from marketplace.catalog.services.shelves import save_category

__all__ = [
    "PriceChange",
    "add_variant",
    "archive_product",
    "change_prices",
    "create_offer",
    "create_product",
    "publish_product",
    "record_prices",
    "refresh_words",
    "reindex",
    "reindex_all",
    "save_category",
    "set_popularity",
    "unpublish_product",
    "update_offer",
    "update_product",
    "update_variant",
]
