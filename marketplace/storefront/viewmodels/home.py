"""The front page and a seller's stall."""

from dataclasses import dataclass

from marketplace.core.page_parts import Choice, Crumb, EmptyState, Hidden, Link, Meta, Note, PageLink, Picture
from marketplace.storefront.viewmodels.cards import Card, StallTag
from marketplace.storefront.viewmodels.product import Fact
from marketplace.storefront.viewmodels.search import Shown


@dataclass(frozen=True, slots=True)
class StallPage:
    """A seller's stall: who they are, then their things as a list."""

    meta: Meta
    stall: StallTag
    action: str
    result_text: str
    cards: tuple[Card, ...]
    crumbs: tuple[Crumb, ...] = ()
    about: str = ""
    facts: tuple[Fact, ...] = ()
    categories: tuple[Link, ...] = ()
    """What the stall sells, as links that narrow the list."""
    hidden: tuple[Hidden, ...] = ()
    """Parameters in force, but sort and page, that the sort form carries along."""
    sort_options: tuple[Choice, ...] = ()
    shown: Shown | None = None
    load_more_href: str = ""
    load_more_text: str = "Load more"
    pages: tuple[PageLink, ...] = ()
    empty: EmptyState | None = None


@dataclass(frozen=True, slots=True)
class CategoryTile:
    """`count` "214 things"."""

    text: str
    href: str
    count: str = ""
    picture: Picture | None = None
    hue: int = 1


@dataclass(frozen=True, slots=True)
class HomeModule:
    """A row of cards from data; `link` reproduces it as results."""

    heading: str
    cards: tuple[Card, ...]
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class StallTile:
    stall: StallTag
    about: str = ""
    count: str = ""
    pictures: tuple[Picture, ...] = ()
    """Up to three of its things."""


@dataclass(frozen=True, slots=True)
class HomePage:
    """`protection` is the one sentence on how buyers are protected, with its link if there is a page for it."""

    meta: Meta
    heading: str
    text: str
    tiles: tuple[CategoryTile, ...]
    modules: tuple[HomeModule, ...]
    stalls_heading: str = ""
    stalls: tuple[StallTile, ...] = ()
    protection: Note | None = None
