"""WooCommerce's product export: a parent and its variations, which may stand before it or far after it."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from marketplace.imports import cells
from marketplace.imports.drafts import Draft
from marketplace.imports.errors import CellError
from marketplace.imports.grouping import Spool
from marketplace.imports.limits import Limits
from marketplace.imports.records import Entry, ReadOptions, RowProblem, VariantRecord
from marketplace.imports.rows import Row, open_rows
from marketplace.imports.source import Source

NAME = "woocommerce"
REQUIRED = ("Type", "SKU", "Name", "Regular price")
_GTIN = "gtin, upc, ean, or isbn"
_LEFT_OUT = {
    "grouped": "A grouped product only lists others: its members are imported on their own.",
    "external": "The product is sold on another site, so it cannot be sold here: leave it out, or make it a simple one.",
}


def matches(columns: Mapping[str, int]) -> bool:
    """True when the header (lower case) is that of a WooCommerce export in English."""
    return all(name.lower() in columns for name in REQUIRED)


def read(source: Source, limits: Limits, options: ReadOptions) -> Iterator[Entry]:
    """Stream simple products as they come; parents and variations wait on disk until the end of the file."""
    with open_rows(source, limits) as (header, rows), Spool() as parents, Spool() as children:
        places = _attribute_places(header.columns)
        for row in rows:
            if isinstance(row, RowProblem):
                yield row
            elif not row.is_blank():
                yield from _sort(row, parents, children, places, options)
        yield from _families(parents, children, dict(header.columns), places, options, limits)


def _attribute_places(columns: Mapping[str, int]) -> tuple[int, ...]:
    found = (re.fullmatch(r"attribute (\d{1,3}) name", name) for name in columns)
    return tuple(sorted(int(match[1]) for match in found if match))


def _sort(row: Row, parents: Spool, children: Spool, places: tuple[int, ...], options: ReadOptions) -> Iterator[Entry]:
    """A simple product at once, a parent or a variation to its spool, or why the row is left out."""
    try:
        kinds = set(cells.listing(row.get("type").lower())) or {"simple"}
        if "variation" in kinds:
            reference = row.get("parent")
            if not reference:
                raise CellError("Parent", "The variation names no parent: give its parent's SKU, or id: and its ID.")
            children.put(_reference(reference), row)
        elif "variable" in kinds:
            parents.put(f"row:{row.number}", row)
        elif other := next((kind for kind in _LEFT_OUT if kind in kinds), None):
            raise CellError("Type", _LEFT_OUT[other])
        elif "simple" in kinds:
            yield from _simple(row, kinds, places, options)
        else:
            raise CellError(
                "Type", f"“{row.get('type')[:40]}” is no type we know: write simple, variable or variation."
            )
    except CellError as error:
        yield RowProblem(row.number, error.column, error.message, _sku(row))


def _sku(row: Row) -> str:
    try:
        return row.get("sku")
    except CellError:
        return ""


def _reference(text: str) -> str:
    match = re.fullmatch(r"id:\s*(\d+)", text, re.I)
    return f"id:{int(match[1])}" if match else f"sku:{text.casefold()}"


def _draft(row: Row, kinds: set[str], places: tuple[int, ...]) -> Draft:
    identity, sku = row.get("id"), row.get("sku")
    body = row.get("description").replace("\\n", "\n")
    summary = row.get("short description").replace("\\n", "\n")
    draft = Draft(
        row=row.number,
        handle=f"id:{identity}" if identity else sku or cells.slug(row.get("name")),
        title=row.get("name"),
        body_html=f"<p>{summary}</p>\n{body}" if body and summary else body or summary,
        brand=next(iter(cells.listing(row.get("brands"))), ""),
        tags=cells.listing(row.get("tags")),
        categories=cells.paths(row.get("categories")),
        attributes=tuple(_attributes(row, places)),
        published=row.get("published") in {"", "1"},
    )
    if "virtual" in kinds or "downloadable" in kinds:
        draft.published = False
        draft.note(row.number, "Type", "Downloads and services are not delivered here: kept as a draft.", sku)
    for url in cells.listing(row.get("images")):
        draft.add_image(row.number, url)
    return draft


def _attributes(row: Row, places: tuple[int, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for place in places:
        name = row.get(f"attribute {place} name")
        values = cells.listing(row.get(f"attribute {place} value(s)"))
        if name and values:
            yield name, values


def _simple(row: Row, kinds: set[str], places: tuple[int, ...], options: ReadOptions) -> Iterator[Entry]:
    draft = _draft(row, kinds, places)
    draft.add_variant(_variant(draft, row, row.get("sku"), (), options))
    draft.rows.append(row.number)
    yield from draft.finish()


def _families(
    parents: Spool,
    children: Spool,
    columns: dict[str, int],
    places: tuple[int, ...],
    options: ReadOptions,
    limits: Limits,
) -> Iterator[Entry]:
    """Every parent with its variations, then the variations whose parent is not in the file."""
    taken: dict[str, int] = {}
    for family in parents.families():
        parent = next(iter(parents.members(family, columns)))
        names = _names(parent)
        other = next((taken[name] for name in names if name in taken), None)
        if other is not None:
            message = f"Row {other} is a parent with the same SKU or ID: keep one of them."
            yield RowProblem(parent.number, "SKU", message, _sku(parent))
            continue
        taken.update(dict.fromkeys(names, parent.number))
        yield from _family(parent, names, children, columns, places, options, limits)
    for family in children.families():
        if family not in taken:
            for row in children.members(family, columns):
                message = (
                    f"No row of type variable has {_spoken(family)}: add the parent, or make this a simple product."
                )
                yield RowProblem(row.number, "Parent", message, _sku(row))


def _names(parent: Row) -> list[str]:
    """What variations may call their parent."""
    try:
        identity, sku = parent.get("id"), parent.get("sku")
    except CellError:
        return []
    names = [f"id:{int(identity)}"] if identity.isdecimal() and identity.isascii() else []
    return [*names, f"sku:{sku.casefold()}"] if sku else names


def _spoken(family: str) -> str:
    kind, _, name = family.partition(":")
    return f"the {'ID' if kind == 'id' else 'SKU'} “{name}”"


def _family(
    parent: Row,
    names: list[str],
    children: Spool,
    columns: dict[str, int],
    places: tuple[int, ...],
    options: ReadOptions,
    limits: Limits,
) -> Iterator[Entry]:
    rows = sorted(
        (row for name in names for row in children.members(name, columns)), key=lambda row: (_position(row), row.number)
    )
    try:
        draft = _draft(parent, set(cells.listing(parent.get("type").lower())), places)
        if not rows:
            raise CellError("Type", "The file holds no variations of this product: export it with its variations.")
    except CellError as error:
        for row in (parent, *rows):
            yield RowProblem(row.number, error.column, error.message, _sku(row))
        return
    draft.rows.append(parent.number)
    for place, row in enumerate(rows):
        try:
            if place >= limits.product_rows:
                raise CellError("", f"A product may have {limits.product_rows:,} variations: split the product.")
            _add(draft, row, places, options)
        except CellError as error:
            draft.skip(row.number, error, _sku(row))
    varying = {name for variant in draft.variants for name, _ in variant.options}
    draft.attributes = tuple(pair for pair in draft.attributes if pair[0] not in varying)
    yield from draft.finish()


def _position(row: Row) -> int:
    try:
        return cells.count(row.get("position"), "Position") or 0
    except CellError:
        return 0


def _add(draft: Draft, row: Row, places: tuple[int, ...], options: ReadOptions) -> None:
    chosen = tuple((name, values[0]) for name, values in _attributes(row, places))
    for place in places:
        name = row.get(f"attribute {place} name")
        if name and name not in dict(chosen):
            draft.note(row.number, f"Attribute {place} value(s)", f"Sold in any {name}: the buyer cannot choose it.")
    draft.add_variant(_variant(draft, row, row.get("sku"), chosen, options))
    draft.rows.append(row.number)


def _variant(
    draft: Draft, row: Row, sku: str, chosen: tuple[tuple[str, str], ...], options: ReadOptions
) -> VariantRecord:
    price = _price(row, options)
    stock_text = row.get("stock")
    stock = None if stock_text.lower() == "parent" else cells.count(stock_text, "Stock")
    if stock is not None and stock < 0:
        draft.note(row.number, "Stock", f"The stock is {stock}: 0 is used.", sku)
        stock = 0
    image = next(iter(cells.listing(row.get("images"))), "")
    if chosen:
        draft.add_image(row.number, image)
    return VariantRecord(
        row=row.number,
        sku=sku,
        price=price,
        stock=stock,
        in_stock=row.get("in stock?").lower() not in {"0", "no", "outofstock"},
        gtin=draft.barcode(row.number, row.get(_GTIN), "GTIN, UPC, EAN, or ISBN", sku),
        options=chosen,
        image_url=image if chosen and image in draft.images else "",
        # A simple product that is not published is a draft as a whole; a variation can rest on its own.
        active=not chosen or row.get("published") in {"", "1"},
    )


def _price(row: Row, options: ReadOptions) -> int:
    """The sale price while the sale runs, else the regular one."""
    regular = cells.price(row.get("regular price"), "Regular price", options)
    sale = cells.price(row.get("sale price"), "Sale price", options)
    if sale is not None and _sale_runs(row, options.now):
        return sale
    if regular is None:
        raise CellError("Regular price", "The price is empty: a product without price cannot be sold.")
    return regular


def _sale_runs(row: Row, now: datetime) -> bool:
    """A sale without dates always runs; its last day belongs to it."""
    starts = _moment(row.get("date sale price starts"), "Date sale price starts")
    ends = _moment(row.get("date sale price ends"), "Date sale price ends")
    if ends is not None and ends.time() == datetime.min.time():
        ends += timedelta(days=1)
    return (starts is None or starts <= now) and (ends is None or now < ends)


def _moment(text: str, column: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CellError(column, f"“{text[:40]}” is not a date: write it like 2026-11-30.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
