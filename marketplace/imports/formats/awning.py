"""Our own format: Shopify's shape, with the columns this hall has. `docs/importing.md` describes each column."""

from collections.abc import Iterator, Mapping

from marketplace.imports import cells
from marketplace.imports.drafts import Draft
from marketplace.imports.errors import CellError
from marketplace.imports.grouping import grouped
from marketplace.imports.limits import Limits
from marketplace.imports.records import Entry, ReadOptions, RowProblem, VariantRecord
from marketplace.imports.rows import Row
from marketplace.imports.source import Source

NAME = "awning"
REQUIRED = ("product_key", "title", "price")
PRODUCT_COLUMNS = ("product_key", "title", "description", "brand", "type", "category", "attributes", "status")
OFFER_COLUMNS = ("sku", "gtin", "condition", "price", "stock", "offer_status", "variant_picture_url")
PICTURE_COLUMNS = ("picture_url", "picture_alt")
OPTION_COLUMNS = 20  # read; how many a variant may have is the catalogue's to say
CONDITIONS = ("new", "like_new", "very_good", "good", "fair")


def matches(columns: Mapping[str, int]) -> bool:
    """True when the header (lower case) is our own."""
    return all(name in columns for name in REQUIRED)


def read(source: Source, limits: Limits, options: ReadOptions) -> Iterator[Entry]:
    """Stream products and problems; every row that is not blank is in one of them."""
    for group in grouped(source, limits, _key):
        if isinstance(group, RowProblem):
            yield group
        else:
            yield from _product(group, options)


def _key(row: Row) -> str:
    key = row.get("product_key")
    if not key:
        raise CellError("product_key", "The product key is empty: repeat it in every row of the product.")
    return key


def _product(rows: list[Row], options: ReadOptions) -> Iterator[Entry]:
    try:
        draft = _draft(next((row for row in rows if row.get("title")), rows[0]))
    except CellError as error:
        for row in rows:
            yield RowProblem(row.number, error.column, error.message)
        return
    draft.each(rows, lambda row: draft.add_image(row.number, row.get("picture_url"), row.get("picture_alt")), _sku)
    draft.each(rows, lambda row: _add(draft, row, options), _sku)
    yield from draft.finish()


def _draft(row: Row) -> Draft:
    return Draft(
        row=row.number,
        handle=_key(row),
        title=row.get("title"),
        body_html=row.get("description"),
        brand=row.get("brand"),
        kind=row.get("type"),
        categories=cells.paths(row.get("category")),
        attributes=_attributes(row.get("attributes")),
        published=_choice(row, "status", {"": True, "active": True, "draft": False, "archived": False}),
    )


def _attributes(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """One attribute a line: `Name: value, value`."""
    pairs: list[tuple[str, tuple[str, ...]]] = []
    for line in filter(None, text.split("\n")):
        name, *rest = cells.split(line, ":")
        values = cells.listing(":".join(rest))
        if not values or not name.strip():
            raise CellError("attributes", f"“{line[:40]}” is no attribute: write one a line, like Colour: Blue, Green.")
        pairs.append((cells.unescape(name.strip()), values))
    return tuple(pairs)


def _choice(row: Row, column: str, choices: Mapping[str, bool]) -> bool:
    word = row.get(column).lower()
    if word not in choices:
        raise CellError(column, f"“{word[:40]}” is unknown: write one of {', '.join(filter(None, choices))}.")
    return choices[word]


def _sku(row: Row) -> str:
    try:
        return row.get("sku")
    except CellError:
        return ""


def _add(draft: Draft, row: Row, options: ReadOptions) -> None:
    if row.get("price") or row.get("sku"):
        draft.add_variant(_variant(draft, row, options))
    elif not row.get("picture_url"):
        raise CellError("price", "The row has neither a price nor a picture: fill in one of them.")
    draft.rows.append(row.number)


def _variant(draft: Draft, row: Row, options: ReadOptions) -> VariantRecord:
    sku = row.get("sku")
    price = cells.price(row.get("price"), "price", options)
    if price is None:
        raise CellError("price", "The price is empty: a variant without price cannot be sold.")
    stock = cells.count(row.get("stock"), "stock")
    if stock is not None and stock < 0:
        raise CellError("stock", f"The stock is {stock}: write 0 or more.")
    condition = row.get("condition").lower() or "new"
    if condition not in CONDITIONS:
        raise CellError("condition", f"“{condition[:40]}” is unknown: write one of {', '.join(CONDITIONS)}.")
    image = row.get("variant_picture_url")
    draft.add_image(row.number, image)
    places = [place for place in range(1, OPTION_COLUMNS + 1) if f"option{place}_value" in row.columns]
    chosen = (
        (row.get(f"option{place}_name") or f"Option {place}", row.get(f"option{place}_value")) for place in places
    )
    return VariantRecord(
        row=row.number,
        sku=sku,
        price=price,
        stock=stock,
        gtin=draft.barcode(row.number, row.get("gtin"), "gtin", sku),
        options=tuple(pair for pair in chosen if pair[1]),
        image_url=image if image in draft.images else "",
        condition=condition,
        active=_choice(row, "offer_status", {"": True, "active": True, "paused": False, "archived": False}),
    )
