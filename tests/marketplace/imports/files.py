"""Small product files of our own making, and how to read them."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from marketplace.imports.limits import DEFAULT_LIMITS, Limits
from marketplace.imports.reading import open_catalogue
from marketplace.imports.records import Entry, ProductRecord, ReadOptions, RowProblem, Severity

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
EURO = ReadOptions(currency="EUR", digits=2, now=NOW, symbols=("€",))

SHOPIFY = (
    "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published", "Option1 Name", "Option1 Value",
    "Option2 Name", "Option2 Value", "Option3 Name", "Option3 Value", "Variant SKU", "Variant Inventory Qty",
    "Variant Price", "Variant Barcode", "Image Src", "Image Position", "Image Alt Text", "Gift Card", "Variant Image",
    "Status",
)  # fmt: skip
WOO = (
    "ID", "Type", "SKU", "GTIN, UPC, EAN, or ISBN", "Name", "Published", "Short description", "Description",
    "Date sale price starts", "Date sale price ends", "In stock?", "Stock", "Sale price", "Regular price",
    "Categories", "Tags", "Images", "Parent", "Position", "Attribute 1 name", "Attribute 1 value(s)",
    "Attribute 2 name", "Attribute 2 value(s)",
)  # fmt: skip
AWNING = (
    "product_key", "title", "description", "brand", "type", "category", "attributes", "status", "sku", "gtin",
    "condition", "price", "stock", "offer_status", "variant_picture_url", "option1_name", "option1_value",
    "picture_url", "picture_alt",
)  # fmt: skip
Cells = Mapping[str, object]


def text(columns: Iterable[str], rows: Iterable[Cells], *, delimiter: str = ",", end: str = "\n") -> str:
    """A CSV file as text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(columns), restval="", delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def shopify(path: Path, *rows: Cells) -> Path:
    """A Shopify export; the first row of a handle without a title gets one."""
    return _write(path / "shopify.csv", text(SHOPIFY, rows))


def woo(path: Path, *rows: Cells) -> Path:
    return _write(path / "woo.csv", text(WOO, rows))


def awning(path: Path, *rows: Cells) -> Path:
    return _write(path / "awning.csv", text(AWNING, rows))


def _write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8", newline="")
    return path


def a_shirt(**cells: object) -> dict[str, object]:
    """One Shopify row with a product and its only variant."""
    return {
        "Handle": "blue-shirt",
        "Title": "Blue shirt",
        "Option1 Name": "Title",
        "Option1 Value": "Default Title",
        "Variant SKU": "SHIRT",
        "Variant Price": "49.90",
        "Variant Inventory Qty": "5",
        **{name.replace("_", " "): value for name, value in cells.items()},
    }


def entries(path: Path, *, options: ReadOptions = EURO, limits: Limits = DEFAULT_LIMITS, **given: str) -> list[Entry]:
    """Everything the reader finds."""
    return list(open_catalogue(path, options=options, limits=limits, **given).entries())


def products(found: list[Entry]) -> list[ProductRecord]:
    return [entry for entry in found if isinstance(entry, ProductRecord)]


def skipped(found: list[Entry]) -> dict[int, str]:
    """Row → message of what was left out."""
    return {
        entry.row: entry.message
        for entry in found
        if isinstance(entry, RowProblem) and entry.severity is Severity.SKIPPED
    }


def notes(found: list[Entry]) -> dict[int, str]:
    """Row → message of what was set aside."""
    return {
        entry.row: entry.message for entry in found if isinstance(entry, RowProblem) and entry.severity is Severity.NOTE
    }
