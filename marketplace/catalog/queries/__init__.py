"""Reads of the catalogue, by what they read. Rows come as plain values: pages need columns, not model instances."""

from marketplace.catalog.queries.cards import CardRow, cards, newest, popular, similar
from marketplace.catalog.queries.home import ShelfTile, shelf_tiles, stall_pictures
from marketplace.catalog.queries.products import (
    ImageRow,
    OfferLine,
    ProductRow,
    VariantRow,
    exact_product,
    findable_count,
    offers,
    product,
    sitemap_slugs,
)
from marketplace.catalog.queries.shelves import (
    KINDS,
    SHELVES,
    FacetAttribute,
    Shelf,
    Shelves,
    facet_attributes,
    forget,
    shelves,
    type_attributes,
)

__all__ = [
    "KINDS",
    "SHELVES",
    "CardRow",
    "FacetAttribute",
    "ImageRow",
    "OfferLine",
    "ProductRow",
    "Shelf",
    "ShelfTile",
    "Shelves",
    "VariantRow",
    "cards",
    "exact_product",
    "facet_attributes",
    "findable_count",
    "forget",
    "newest",
    "offers",
    "popular",
    "product",
    "shelf_tiles",
    "shelves",
    "similar",
    "sitemap_slugs",
    "stall_pictures",
    "type_attributes",
]
