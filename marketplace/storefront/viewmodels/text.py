"""Pages of plain text, the list of stalls, and the choice of a country."""

from dataclasses import dataclass

from marketplace.core.page_parts import Choice, Crumb, Hidden, Link, Meta
from marketplace.storefront.viewmodels.home import StallTile


@dataclass(frozen=True, slots=True)
class TextSection:
    """Paragraphs under a heading; `link` is the way on."""

    heading: str
    paragraphs: tuple[str, ...]
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class TextPage:
    """`lead` stands large under the heading."""

    meta: Meta
    heading: str
    lead: str
    sections: tuple[TextSection, ...]
    crumbs: tuple[Crumb, ...] = ()


@dataclass(frozen=True, slots=True)
class StallsPage:
    """Every stall, in pages."""

    meta: Meta
    heading: str
    stalls: tuple[StallTile, ...]
    previous_href: str = ""
    next_href: str = ""


@dataclass(frozen=True, slots=True)
class CountryPage:
    """Asks where to send things; the form is a GET to `action` with the choice in `ship_to`."""

    meta: Meta
    heading: str
    action: str
    countries: tuple[Choice, ...]
    hidden: tuple[Hidden, ...] = ()
    back_href: str = "/"
