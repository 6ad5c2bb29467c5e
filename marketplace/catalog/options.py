"""Options of a variant: their canonical text, and the numbers on its label."""

from collections.abc import Iterable
from typing import TypeAlias

from marketplace.catalog.errors import BadProduct

OptionPairs: TypeAlias = Iterable[tuple[str, str]]
MAX_OPTIONS = 3
MAX_PART = 60


def checked_options(options: OptionPairs) -> list[tuple[str, str]]:
    """Names and values with their blanks tidied, in the order given. Raises BadProduct."""
    pairs = [(" ".join(name.split()), " ".join(value.split())) for name, value in options]
    if len(pairs) > MAX_OPTIONS:
        raise BadProduct(f"A variant has at most {MAX_OPTIONS} options.", fields={"options": "Remove an option."})
    if any(not name or not value for name, value in pairs):
        raise BadProduct("An option needs a name and a value.", fields={"options": "Fill in both, such as Size and M."})
    if any(len(part) > MAX_PART for pair in pairs for part in pair):
        raise BadProduct("An option is too long.", fields={"options": f"Shorten it to {MAX_PART} characters."})
    if len({name.casefold() for name, _ in pairs}) < len(pairs):
        raise BadProduct("An option is given twice.", fields={"options": "Give each option one value."})
    return pairs


def options_key(options: OptionPairs) -> str:
    """The options in canonical text, the same whatever their order and the case of their names: ``colour=Blue|size=M``.

    The separators are escaped within a part, so that no two different combinations share a key.
    """
    return "|".join(sorted(f"{_part(name).casefold()}={_part(value)}" for name, value in options))


def _part(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("=", "\\=")


def gtin_is_valid(digits: str) -> bool:
    """Whether this is a GTIN-8, -12, -13 or -14 with the right check digit (GS1 General Specifications, 7.9)."""
    if len(digits) not in (8, 12, 13, 14) or not (digits.isascii() and digits.isdecimal()):
        return False
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return weighted % 10 == 0 and any(digit != "0" for digit in digits)
