"""Shopify's product export: one handle over many rows, variants and pictures side by side."""

from collections.abc import Iterator, Mapping

from marketplace.imports import cells
from marketplace.imports.drafts import Draft
from marketplace.imports.errors import CellError
from marketplace.imports.grouping import grouped
from marketplace.imports.limits import Limits
from marketplace.imports.records import Entry, ReadOptions, RowProblem, VariantRecord
from marketplace.imports.rows import Row
from marketplace.imports.source import Source

NAME = "shopify"
REQUIRED = ("Handle", "Title", "Variant Price")
# The names of the older export on the left, those of the template since 2024 on the right.
_RENAMED = {
    "handle": "url handle",
    "body (html)": "description",
    "published": "published on online store",
    "variant sku": "sku",
    "variant barcode": "barcode",
    "variant price": "price",
    "variant inventory qty": "inventory quantity",
    "image src": "product image url",
    "variant image": "variant image url",
}
_CONDITIONS = {"": "new", "new": "new", "refurbished": "like_new", "used": "good"}
_DEFAULT = ("title", "default title")


def matches(columns: Mapping[str, int]) -> bool:
    """True when the header (lower case) is that of a Shopify export, old or new."""
    return all(name.lower() in columns or _RENAMED.get(name.lower(), name.lower()) in columns for name in REQUIRED)


def read(source: Source, limits: Limits, options: ReadOptions) -> Iterator[Entry]:
    """Stream products and problems; every row that is not blank is in one of them."""
    for group in grouped(source, limits, _key):
        if isinstance(group, RowProblem):
            yield group
        else:
            yield from _product(group, options)


def _get(row: Row, column: str) -> str:
    return row.get(column) or row.get(_RENAMED.get(column, column))


def _key(row: Row) -> str:
    handle = _get(row, "handle").lower()
    if handle:
        return handle
    title = row.get("title")
    if not title:
        raise CellError("Handle", "The handle is empty, so the row belongs to no product: repeat its product's handle.")
    return cells.slug(title)


def _product(rows: list[Row], options: ReadOptions) -> Iterator[Entry]:
    try:
        first = next((row for row in rows if row.get("title")), rows[0])
        draft = _draft(first)
    except CellError as error:
        for row in rows:
            yield RowProblem(row.number, error.column, error.message)
        return
    if not _get(first, "handle"):
        draft.note(first.number, "Handle", f"The handle is empty: “{draft.handle}” is used.")
    names = tuple(first.get(f"option{place} name") or f"Option {place}" for place in (1, 2, 3))
    draft.each(rows, lambda row: draft.add_image(row.number, _get(row, "image src"), row.get("image alt text")), _sku)
    draft.each(rows, lambda row: _add(draft, row, names, options), _sku)
    yield from draft.finish()


def _draft(row: Row) -> Draft:
    if cells.flag(row.get("gift card"), "Gift Card", default=False):
        raise CellError("Gift Card", "Gift cards are not sold here: leave the product out.")
    category = row.get("product category")
    kind = row.get("type")
    status = row.get("status").lower()
    published = cells.flag(_get(row, "published"), "Published", default=True)
    return Draft(
        row=row.number,
        handle=_key(row),
        title=row.get("title"),
        body_html=_get(row, "body (html)"),
        brand=row.get("vendor"),
        kind=kind,
        tags=cells.listing(row.get("tags")),
        categories=tuple(path for path in (*cells.paths(category.replace(",", "\\,")), *_type_path(kind)) if path),
        published=published and status in {"", "active"},
    )


def _type_path(kind: str) -> tuple[tuple[str, ...], ...]:
    return (cells.listing(kind.replace(",", "\\,"), ">"),)


def _sku(row: Row) -> str:
    try:
        return _get(row, "variant sku")
    except CellError:
        return ""


def _add(draft: Draft, row: Row, names: tuple[str, ...], options: ReadOptions) -> None:
    """The variant of a row; a row with a picture alone is fine. Raises CellError when the row has neither."""
    values = [row.get(f"option{place} value") for place in (1, 2, 3)]
    if not (values[0] or _get(row, "variant sku") or _get(row, "variant price")):
        if not _get(row, "image src"):
            raise CellError("Variant Price", "The row has neither a price nor a picture: fill in one of them.")
        draft.rows.append(row.number)
        return
    draft.add_variant(_variant(draft, row, values, names, options))
    draft.rows.append(row.number)


def _variant(draft: Draft, row: Row, values: list[str], names: tuple[str, ...], options: ReadOptions) -> VariantRecord:
    sku = _get(row, "variant sku")
    price = cells.price(_get(row, "variant price"), "Variant Price", options)
    if price is None:
        raise CellError("Variant Price", "The price is empty: a variant without price cannot be sold.")
    stock = cells.count(_get(row, "variant inventory qty"), "Variant Inventory Qty")
    if stock is not None and stock < 0:
        draft.note(row.number, "Variant Inventory Qty", f"The stock is {stock}: 0 is used.", sku)
        stock = 0
    chosen = tuple(
        (name, value)
        for name, value in zip(names, values, strict=True)
        if value and (name.lower(), value.lower()) != _DEFAULT
    )
    image = _get(row, "variant image")
    if image:
        draft.add_image(row.number, image)
    return VariantRecord(
        row=row.number,
        sku=sku,
        price=price,
        stock=stock,
        gtin=draft.barcode(row.number, _get(row, "variant barcode"), "Variant Barcode", sku),
        options=chosen,
        image_url=image if image in draft.images else "",
        condition=_CONDITIONS.get(row.get("google shopping / condition").lower(), "new"),
    )
