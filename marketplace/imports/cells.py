"""Reading one cell: text, prices, counts, lists, barcodes, and the guard against spreadsheet formulas."""

import re
import unicodedata
from decimal import Decimal
from hashlib import blake2b

from marketplace.catalog.options import gtin_is_valid
from marketplace.imports.errors import CellError
from marketplace.imports.records import ReadOptions

MAX_PRICE = 1_000_000_000  # minor units, as the catalogue has it
MAX_COUNT = 10**8
GUARDED = "=+-@\t\r"
_GUARD = re.compile(r"'+[=+\-@\t\r]")
_NEEDS_GUARD = re.compile(r"'*[=+\-@\t\r]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UNDECODED = re.compile("[\ud800-\udfff]")
_PRICE = re.compile(
    r"(?P<before>[^\d.,+\-−]*)(?P<sign>[+\-−]?)(?P<before2>[^\d.,]*)(?P<number>[\d.,'’\s]*)(?P<after>.*)", re.S
)
_GROUPED = re.compile(r"\d{1,3}(?:\d{2})*(?P<mark>[.,'’\s])\d{3}(?:(?P=mark)\d{3})*|\d{1,3}(?:,\d{2})+,\d{3}")
_TRUE = frozenset({"1", "true", "yes", "y", "on", "instock", "active", "published"})
_FALSE = frozenset({"", "0", "-1", "false", "no", "n", "off", "outofstock", "draft", "archived", "private"})


def clean(raw: str, column: str) -> str:
    """Trimmed text with our own export's guard taken off, `\\n` line ends and no control characters."""
    text = raw.strip(" \n\r\t\u00a0") if raw[:1] != "'" else raw.strip(" \n\u00a0")
    if text.isprintable() and text[:1] != "'":
        return text
    if _UNDECODED.search(text):
        raise CellError(column, "The cell holds bytes that are not text in this file's encoding: save it as UTF-8.")
    if _GUARD.match(text):
        text = text[1:]
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def guard(text: str) -> str:
    """The text as it may stand in a CSV cell without a spreadsheet taking it for a formula."""
    return f"'{text}" if _NEEDS_GUARD.match(text) else text


def price(text: str, column: str, options: ReadOptions) -> int | None:
    """A price in minor units, None when the cell is blank. Raises CellError with what to write instead."""
    if not text:
        return None
    parts = _PRICE.fullmatch(text)
    if parts is None or not any(character.isdigit() for character in parts["number"]):
        raise CellError(column, f"“{_short(text)}” is not a price: write it like 1234.50.")
    _check_marks(parts["before"] + " " + parts["before2"] + " " + parts["after"], text, column, options)
    if parts["sign"] in {"-", "−"}:
        raise CellError(column, f"“{_short(text)}” is below zero: a price must be 0 or more.")
    amount = _decimal(parts["number"].strip(), text, column, options)
    minor = amount.scaleb(options.digits)
    if minor != minor.to_integral_value():
        raise CellError(column, f"“{_short(text)}” has more decimals than {options.currency} has: round it.")
    if not minor:
        raise CellError(column, "The price is 0: nothing can be charged for it, so give it a price.")
    if minor > MAX_PRICE:
        raise CellError(column, f"“{_short(text)}” is larger than any price we take: check the decimal mark.")
    return int(minor)


def _check_marks(marks: str, text: str, column: str, options: ReadOptions) -> None:
    accepted = {options.currency.upper(), *(symbol.upper() for symbol in options.symbols)}
    for mark in marks.upper().split():
        if mark not in accepted:
            raise CellError(
                column, f"“{_short(text)}” is not a price in {options.currency}: convert it, and write only the number."
            )


def _decimal(number: str, text: str, column: str, options: ReadOptions) -> Decimal:
    """The value of digits with separators; the last of two different marks is the decimal one."""
    if not number.isascii() and any(character.isdigit() and not character.isascii() for character in number):
        raise CellError(column, f"“{_short(text)}” is not a price: write it with the digits 0 to 9.")
    mark = _decimal_mark(number, text, column, options)
    whole, _, fraction = number.rpartition(mark) if mark else (number, "", "")
    if not whole.isdecimal() and whole and not _GROUPED.fullmatch(whole):
        raise CellError(column, f"“{_short(text)}” is not a price: write it like 1234.50.")
    if fraction and not fraction.isdecimal():
        raise CellError(column, f"“{_short(text)}” is not a price: write it like 1234.50.")
    digits = re.sub(r"\D", "", whole)
    if not digits and not fraction:
        raise CellError(column, f"“{_short(text)}” is not a price: write it like 1234.50.")
    return Decimal(f"{digits or '0'}.{fraction or '0'}")


def _decimal_mark(number: str, text: str, column: str, options: ReadOptions) -> str:
    """Which character separates the decimals; blank when there are none."""
    points, commas = number.count("."), number.count(",")
    if not points and not commas:
        return ""
    if points and commas:
        return max(".,", key=number.rfind)
    mark = "." if points else ","
    if points + commas > 1:
        return ""
    whole, _, fraction = number.partition(mark)
    if options.decimal_mark:
        return mark if mark == options.decimal_mark else ""
    if len(fraction) != 3 or options.digits == 3 or not whole.isdecimal() or len(whole) > 3 or whole.startswith("0"):
        return mark
    raise CellError(
        column,
        f"“{_short(text)}” could mean {whole}{fraction} or {whole}.{fraction}: write {whole}{fraction}.00,"
        " or name the decimal mark with --decimal.",
    )


def count(text: str, column: str) -> int | None:
    """A whole number that may be negative (oversold stock), None when blank."""
    if not text:
        return None
    match = re.fullmatch(r"([+\-−]?)(\d+)(?:[.,]0+)?", text, re.ASCII)
    if match is None or int(match[2][:12]) > MAX_COUNT:
        raise CellError(column, f"“{_short(text)}” is not a whole number: write it like 12.")
    return -int(match[2]) if match[1] in {"-", "−"} else int(match[2])


def flag(text: str, column: str, *, default: bool) -> bool:
    """Yes or no in the words the exports use."""
    word = text.lower()
    if not word:
        return default
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise CellError(column, f"“{_short(text)}” is neither yes nor no: write 1 or 0.")


def split(text: str, separator: str) -> list[str]:
    """The parts between separators, their backslash escapes still in place."""
    if "\\" not in text:
        return text.split(separator)
    return re.findall(rf"(?:\\.|[^\\{re.escape(separator)}]|\\\Z)+", text, re.S)


def unescape(text: str) -> str:
    """Takes the backslash off an escaped separator; a backslash before anything else is itself."""
    if "\\" not in text:
        return text
    return re.sub(r"\\([\\,>:n])", lambda match: "\n" if match[1] == "n" else match[1], text)


def escape(text: str) -> str:
    """The reverse of `unescape`, for values that will stand between separators."""
    return re.sub(r"([\\,>:])", r"\\\1", text).replace("\n", "\\n")


def listing(text: str, separator: str = ",") -> tuple[str, ...]:
    """Values between separators; one after a backslash belongs to its value. Blanks and repeats are dropped."""
    if not text:
        return ()
    return tuple(dict.fromkeys(value for part in split(text, separator) if (value := unescape(part.strip()))))


def paths(text: str) -> tuple[tuple[str, ...], ...]:
    """Category paths: `A > B, C` is B within A, and C."""
    if not text:
        return ()
    return tuple(dict.fromkeys(path for part in split(text, ",") if (path := listing(part, ">"))))


def gtin(text: str) -> str:
    """The digits of a GTIN-8, -12, -13 or -14 whose check digit is right, else blank."""
    digits = text.replace(" ", "").replace("-", "")
    return digits if gtin_is_valid(digits) else ""


def slug(text: str, *, length: int = 80) -> str:
    """Lower-case ASCII words joined by hyphens, never blank for text that is not: unspellable text becomes a digest."""
    flat = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = "-".join(re.findall(r"[a-z0-9]+", flat.lower()))
    if words and len(words) <= length:
        return words
    if not text.strip():
        return ""
    return f"{words[: length - 9]}-{digest(text)}".strip("-")


def digest(text: str) -> str:
    """Eight hexadecimal digits that stay the same for the same text."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
