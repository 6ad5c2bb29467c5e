"""A product while its rows are being read: what is good is kept, what is bad is named."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from marketplace.catalog.errors import BadProduct
from marketplace.catalog.options import checked_options, options_key
from marketplace.catalog.richtext import MAX_LENGTH
from marketplace.imports.cells import digest, gtin, slug
from marketplace.imports.errors import CellError
from marketplace.imports.records import Entry, ImageRecord, ProductRecord, RowProblem, Severity, VariantRecord
from marketplace.imports.rows import Row

MAX_TITLE = 200
MAX_SKU = 120
MAX_BRAND = 120
MAX_HANDLE = 200
MAX_URL = 2_000
MAX_IMAGES = 250
MAX_ALT = 200


@dataclass(slots=True)
class Draft:
    """Collects the variants and pictures of one product. `rows` are those that gave something to it."""

    row: int
    handle: str
    title: str
    body_html: str = ""
    brand: str = ""
    kind: str = ""
    tags: tuple[str, ...] = ()
    categories: tuple[tuple[str, ...], ...] = ()
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    published: bool = True
    variants: list[VariantRecord] = field(default_factory=list)
    images: dict[str, ImageRecord] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    _options: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises CellError when the product itself cannot be stored."""
        if not self.title:
            raise CellError("Title", "The title is empty: give the product a name.")
        if len(self.title) > MAX_TITLE:
            raise CellError("Title", f"The title is longer than {MAX_TITLE} characters: shorten it.")
        if len(self.handle) > MAX_HANDLE:
            raise CellError("Handle", f"The handle is longer than {MAX_HANDLE} characters: shorten it.")
        if len(self.body_html) > MAX_LENGTH:
            raise CellError("Description", f"The description is longer than {MAX_LENGTH:,} characters: shorten it.")
        if len(self.brand) > MAX_BRAND:
            raise CellError("Vendor", f"The brand is longer than {MAX_BRAND} characters: shorten it.")

    def skip(self, row: int, error: CellError, sku: str = "") -> None:
        """The row is left out, and why."""
        self.problems.append(RowProblem(row, error.column, error.message, sku))

    def note(self, row: int, column: str, message: str, sku: str = "") -> None:
        """The row is taken, but something in it was set aside."""
        self.problems.append(RowProblem(row, column, message, sku, Severity.NOTE))

    def add_variant(self, variant: VariantRecord) -> None:
        """Raises CellError when the product has the same options already, or the SKU is too long."""
        if len(variant.sku) > MAX_SKU:
            raise CellError("SKU", f"The SKU is longer than {MAX_SKU} characters: shorten it.")
        try:
            variant = replace(variant, options=tuple(checked_options(variant.options)))
        except BadProduct as error:
            raise CellError("Option1 Value", f"{error.message} {error.fields.get('options', '')}".strip()) from error
        same = self._options.setdefault((options_key(variant.options), variant.condition), variant.row)
        if same != variant.row:
            raise CellError(
                "Option1 Value", f"Row {same} has the same options: give each variant its own, or merge them."
            )
        self.variants.append(variant)

    def add_image(self, row: int, url: str, alt: str = "") -> None:
        """Takes a picture once; an address that is no http(s) URL becomes a note."""
        if not url or url in self.images:
            return
        if len(url) > MAX_URL or not _is_web_address(url):
            self.note(
                row, "Image", "The picture's address is not an http or https URL: correct it to have the picture."
            )
            return
        if len(self.images) >= MAX_IMAGES:
            self.note(row, "Image", f"A product may have {MAX_IMAGES} pictures: this one is left out.")
            return
        self.images[url] = ImageRecord(row, url, alt[:MAX_ALT])

    def each(self, rows: Sequence[Row], act: Callable[[Row], None], sku: Callable[[Row], str]) -> None:
        """Does something with every row that is still good; where it fails, that row is left out."""
        bad = {problem.row for problem in self.problems if problem.severity is Severity.SKIPPED}
        for row in rows:
            if row.number not in bad:
                try:
                    act(row)
                except CellError as error:
                    self.skip(row.number, error, sku(row))

    def barcode(self, row: int, text: str, column: str, sku: str) -> str:
        """The GTIN, or blank with a note when the barcode is not one."""
        found = gtin(text)
        if text and not found:
            self.note(
                row,
                column,
                f"“{text[:40]}” is not a GTIN (8, 12, 13 or 14 digits with a check digit): left blank.",
                sku,
            )
        return found

    def finish(self) -> Iterator[Entry]:
        """The problems, then the product; without anything to sell, a problem for each of its rows instead."""
        yield from self.problems
        bad = {problem.row for problem in self.problems if problem.severity is Severity.SKIPPED}
        if not self.variants:
            for row in dict.fromkeys([self.row, *self.rows]):
                if row not in bad:
                    yield RowProblem(row, "", f"Nothing of “{self.title[:60]}” can be sold: see its other rows.")
            return
        yield ProductRecord(
            row=self.row,
            handle=self.handle,
            title=self.title,
            variants=_with_skus(self.handle, self.variants),
            rows=tuple(row for row in self.rows if row not in bad),
            body_html=self.body_html,
            brand=self.brand,
            kind=self.kind,
            tags=self.tags,
            categories=self.categories,
            attributes=self.attributes,
            images=tuple(self.images.values()),
            published=self.published,
        )


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _with_skus(handle: str, variants: list[VariantRecord]) -> tuple[VariantRecord, ...]:
    """Gives each variant without SKU one made of the handle and its options: the same in every run."""
    if all(variant.sku for variant in variants):
        return tuple(variants)
    base = slug(handle, length=60)
    short = [_option_slug(variant) for variant in variants]
    return tuple(
        variant if variant.sku else _named(variant, base, name, unique=short.count(name) == 1)
        for variant, name in zip(variants, short, strict=True)
    )


def _option_slug(variant: VariantRecord) -> str:
    condition = [] if variant.condition == "new" else [slug(variant.condition)]
    return "-".join([*(slug(value, length=24) for _, value in variant.options), *condition])


def _named(variant: VariantRecord, base: str, name: str, *, unique: bool) -> VariantRecord:
    if not unique:
        name = f"{name}-{digest(repr(variant.options))}"
    sku = f"{base}-{name}" if name else base
    return replace(variant, sku=sku[:MAX_SKU])
