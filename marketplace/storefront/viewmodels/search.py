"""Lists of results: search and category pages."""

from dataclasses import dataclass

from marketplace.core.page_parts import Choice, Crumb, EmptyState, Hidden, Link, Meta, Note, PageLink
from marketplace.storefront.viewmodels.cards import Card

SHOWN_OPTIONS = 6
"""Values of a facet shown before "Show N more"."""


@dataclass(frozen=True, slots=True)
class FacetOption:
    """`count` is formatted ("1,204"). Zero and not checked: `disabled`, still shown."""

    value: str
    text: str
    count: str = ""
    checked: bool = False
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """A group of checkboxes: `name` is the query parameter, values within it combine as OR."""

    name: str
    title: str
    options: tuple[FacetOption, ...]
    open: bool = True

    @property
    def shown(self) -> tuple[FacetOption, ...]:
        return self.options[:SHOWN_OPTIONS]

    @property
    def more(self) -> tuple[FacetOption, ...]:
        return self.options[SHOWN_OPTIONS:]

    @property
    def more_open(self) -> bool:
        return any(option.checked for option in self.more)


@dataclass(frozen=True, slots=True)
class HistogramBar:
    """A bar in a 120 by 30 box: `x`, `y`, `height` as SVG numbers ("6", "12.5"); `outside` the chosen range."""

    x: str
    y: str
    height: str
    outside: bool = False


@dataclass(frozen=True, slots=True)
class PriceFacet:
    """Two number fields, `price_min` and `price_max`, in major units as typed. `sign` is the currency's ("€")."""

    sign: str
    minimum: str = ""
    maximum: str = ""
    title: str = "Price"
    bars: tuple[HistogramBar, ...] = ()
    summary: str = ""
    """What the histogram says: "Most things cost between €20 and €60"."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """A pill: an applied value (href removes it) or a quick filter (href applies it; `on` when it is)."""

    text: str
    href: str
    on: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """Which part of the list is here, as text: first "25", last "48", total "1,284 things"."""

    first: str
    last: str
    total: str


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A list of results, for `/search/` and for `/c/<category>/`.

    `action` is the path the filter form sends to (sorting is part of it); `hidden` are parameters it carries along (the
    query `q`, on search). `result_text` "1,284 things"; `submit_text` "Show 1,284 results".
    `load_more_href` is the next page's URL, "" on the last. `empty` replaces the list when nothing was found.
    """

    meta: Meta
    heading: str
    action: str
    result_text: str
    submit_text: str
    cards: tuple[Card, ...]
    crumbs: tuple[Crumb, ...] = ()
    query: str = ""
    intro: str = ""
    children: tuple[Link, ...] = ()
    """Subcategories, with counts."""
    notes: tuple[Note, ...] = ()
    """A corrected spelling, a rejected parameter."""
    hidden: tuple[Hidden, ...] = ()
    sort_options: tuple[Choice, ...] = ()
    facets: tuple[Facet, ...] = ()
    price: PriceFacet | None = None
    filter_count: str = ""
    """How many values are applied, "" for none."""
    quick: tuple[Chip, ...] = ()
    chips: tuple[Chip, ...] = ()
    clear_href: str = ""
    shown: Shown | None = None
    load_more_href: str = ""
    load_more_text: str = "Load more"
    pages: tuple[PageLink, ...] = ()
    empty: EmptyState | None = None
