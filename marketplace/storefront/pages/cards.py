"""Cards in a grid."""

from collections.abc import Iterable

from marketplace.catalog import queries as catalog
from marketplace.catalog.models import Attribute
from marketplace.storefront import formats, links
from marketplace.storefront.pages import trends
from marketplace.storefront.viewmodels import Card

# Attributes on a card; each of them can be filtered.
SHOWN_ATTRIBUTES = 2


def cards(rows: Iterable[catalog.CardRow]) -> tuple[Card, ...]:
    """The rows as the grid shows them."""
    attributes = catalog.facet_attributes()
    return tuple(_card(row, attributes) for row in rows)


def _card(row: catalog.CardRow, attributes: dict[str, catalog.FacetAttribute]) -> Card:
    move = trends.delta(row)
    return Card(
        href=links.product(row.slug),
        title=row.title,
        price=formats.price(row.price_minor) if row.in_stock else "",
        price_note="from" if row.in_stock and row.varied else "",
        stall_name=row.stall_name,
        hue=row.hue,
        picture=formats.picture(row.image_key, row.image_width, row.image_height, alt=row.image_alt),
        note=_note(row, attributes),
        badge=trends.badge(row),
        delta=move,
        spark=trends.spark(row, move),
        more_offers=formats.plural(row.stalls, "stall", "stalls") if row.stalls > 1 else "",
    )


def _note(row: catalog.CardRow, attributes: dict[str, catalog.FacetAttribute]) -> str:
    """One short fact: the condition of what is not new, else the first chosen attributes."""
    if row.condition != "new":
        return formats.CONDITIONS[row.condition]
    shown = []
    for token in row.tokens:
        slug, _, value = token.partition(":")
        attribute = attributes.get(slug)
        if attribute is not None and attribute.kind == Attribute.Kind.CHOICE:
            shown.append(value)
    return formats.listed(shown[:SHOWN_ATTRIBUTES])
