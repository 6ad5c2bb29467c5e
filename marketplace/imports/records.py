"""What every reader hands over, whatever the file looked like."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias


class Severity(StrEnum):
    """Whether a problem cost the row, or only something in it."""

    SKIPPED = "skipped"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Something wrong in one row. `row` is the number a spreadsheet shows: the header is row 1."""

    row: int
    column: str
    message: str
    sku: str = ""
    severity: Severity = Severity.SKIPPED


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """A picture that stays where it is until the fetcher asks for it."""

    row: int
    url: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class VariantRecord:
    """One sellable thing with the stall's offer for it. `price` is minor units; `stock` None means not counted."""

    row: int
    sku: str
    price: int
    stock: int | None = None
    in_stock: bool = True
    gtin: str = ""
    options: tuple[tuple[str, str], ...] = ()
    image_url: str = ""
    condition: str = "new"
    active: bool = True


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """One product with its variants and pictures, and every row of the file it was read from.

    `attributes` holds each label with its values; `categories` are paths from the top shelf down.
    """

    row: int
    handle: str
    title: str
    variants: tuple[VariantRecord, ...]
    rows: tuple[int, ...]
    body_html: str = ""
    brand: str = ""
    kind: str = ""
    tags: tuple[str, ...] = ()
    categories: tuple[tuple[str, ...], ...] = ()
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    images: tuple[ImageRecord, ...] = ()
    published: bool = True


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a reader must know beside the file: the hall's money, the hour, and how numbers are written."""

    currency: str
    digits: int
    now: datetime
    decimal_mark: str | None = None
    symbols: tuple[str, ...] = field(default=())


Entry: TypeAlias = ProductRecord | RowProblem
