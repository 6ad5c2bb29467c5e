"""A product as its family writes it, before stalls have put a price on it."""

import re
import unicodedata
from dataclasses import dataclass

from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.catalogue.shapes import AttributeValue


@dataclass(frozen=True, slots=True)
class Form:
    """One variant to be: its options, its price against the base, its own looks if they differ."""

    options: tuple[tuple[str, str], ...] = ()
    factor: float = 1.0
    art: ArtSpec | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A product without offers; `used` goods come in several conditions, `base_cents` is the price when new."""

    title: str
    category: str
    type: str
    description_html: str
    attributes: tuple[tuple[str, AttributeValue], ...]
    art: ArtSpec
    base_cents: int
    forms: tuple[Form, ...] = (Form(),)
    used: bool = False
    popular: float = 1.0


def slugify(text: str) -> str:
    """Return the text in ASCII, lower case, words joined by hyphens."""
    folded = text.replace("ø", "o").replace("Ø", "O").replace("ß", "ss").replace("æ", "ae").replace("ł", "l")
    plain = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def prose(sentences: list[str], details: list[tuple[str, str]]) -> str:
    """Return a paragraph and a list of details as HTML."""
    lines = "".join(f"<li><strong>{name}:</strong> {value}</li>" for name, value in details)
    return f"<p>{' '.join(sentences)}</p><ul>{lines}</ul>"
