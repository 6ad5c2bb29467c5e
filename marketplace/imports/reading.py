"""The way in: find out what a file is and stream its products."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from marketplace.imports.errors import CatalogueFileError
from marketplace.imports.formats import awning, shopify, woocommerce
from marketplace.imports.limits import Limits
from marketplace.imports.records import Entry, ProductRecord, ReadOptions, RowProblem, VariantRecord
from marketplace.imports.rows import Header, open_rows
from marketplace.imports.source import Source, inspect


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of export: how its header is known and how its rows are read."""

    name: str
    required: tuple[str, ...]
    matches: Callable[[Mapping[str, int]], bool]
    read: Callable[[Source, Limits, ReadOptions], Iterator[Entry]]


FORMATS = {
    module.NAME: Format(module.NAME, module.REQUIRED, module.matches, module.read)
    for module in (shopify, woocommerce, awning)
}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A file that can be read: `entries` streams it once more each time it is called."""

    format: str
    source: Source
    header: Header
    entries: Callable[[], Iterator[Entry]]


def open_catalogue(
    path: Path, *, options: ReadOptions, limits: Limits, format_name: str = "", encoding: str = ""
) -> Catalogue:
    """Inspect the file and pick its reader. Raises CatalogueFileError, saying what was looked for."""
    source = inspect(path, limits, encoding=encoding)
    with open_rows(source, limits) as (header, _):
        chosen = _pick(header, format_name)
    return Catalogue(chosen.name, source, header, lambda: unique(chosen.read(source, limits, options)))


def _pick(header: Header, format_name: str) -> Format:
    if format_name:
        chosen = FORMATS[format_name]
        if not chosen.matches(header.columns):
            missing = [name for name in chosen.required if name.lower() not in header.columns]
            raise CatalogueFileError(
                f"This is no {format_name} export: the header lacks {_spoken(missing)}. It has {_spoken(header.names)}."
            )
        return chosen
    for candidate in FORMATS.values():
        if candidate.matches(header.columns):
            return candidate
    wanted = "; ".join(f"{each.name}: {', '.join(each.required)}" for each in FORMATS.values())
    raise CatalogueFileError(
        f"The header is that of no format we read ({wanted}). It has {_spoken(header.names)}."
        " Export the products in English column names, or name the format with --format."
    )


def _spoken(names: list[str] | tuple[str, ...]) -> str:
    shown = ", ".join(names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown or "nothing"


def unique(entries: Iterator[Entry]) -> Iterator[Entry]:
    """Lets each SKU and each product through once; a repeat becomes a problem that names the first row."""
    skus: dict[str, int] = {}
    handles: dict[str, int] = {}
    for entry in entries:
        if isinstance(entry, RowProblem):
            yield entry
            continue
        if handles.setdefault(entry.handle, entry.row) != entry.row:
            for row in entry.rows:
                message = (
                    f"The product “{entry.handle[:60]}” stands in row {handles[entry.handle]} already: merge them."
                )
                yield RowProblem(row, "", message)
            continue
        yield from _without_repeats(entry, skus)


def _without_repeats(record: ProductRecord, skus: dict[str, int]) -> Iterator[Entry]:
    kept: list[VariantRecord] = []
    dropped: set[int] = set()
    for variant in record.variants:
        first = skus.setdefault(variant.sku.casefold(), variant.row)
        if first == variant.row:
            kept.append(variant)
            continue
        dropped.add(variant.row)
        message = f"The SKU stands in row {first} already: give each variant its own."
        yield RowProblem(variant.row, "SKU", message, variant.sku)
    if not dropped:
        yield record
        return
    rows = tuple(row for row in record.rows if row not in dropped)
    if kept:
        yield replace(record, variants=tuple(kept), rows=rows)
        return
    for row in rows:
        yield RowProblem(row, "", f"Nothing of “{record.title[:60]}” can be sold: see its other rows.")
