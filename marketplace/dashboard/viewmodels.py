"""What the seller's pages show: the contract between the dashboard's page modules and `templates/dashboard/`.

Frozen and all text, as in `marketplace.core.page_parts`. Each template is rendered with
`{"seller": SellerShell, "page": …}`; `shell` (flash messages, sign-out) comes from the context processor.

| template | page |
|---|---|
| dashboard/today.html | TodayPage |
| dashboard/orders.html | SellerOrdersPage |
| dashboard/order.html | SellerOrderPage |
| dashboard/products.html | SellerProductsPage |
| dashboard/open_stall.html | OpenStallPage (without `seller`) |
"""

from dataclasses import dataclass
from typing import Literal

from marketplace.core.page_parts import (
    Act,
    Badge,
    Crumb,
    EmptyState,
    Field,
    FormError,
    Hidden,
    Link,
    Meta,
    Note,
    PageLink,
    Picture,
    SumRow,
    TimelineStep,
)


@dataclass(frozen=True, slots=True)
class SellerShell:
    """What stands around a seller's page. `nav` links carry `icon`, `count` ("9") and `current`.

    `search_action` "" leaves the search out. `stalls` are the other stalls this person may switch to.
    """

    stall_name: str
    hue: int
    home_href: str
    nav: tuple[Link, ...]
    stall_href: str = ""
    search_action: str = ""
    search_label: str = "Search your orders and listings"
    search_text: str = ""
    stalls: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Todo:
    """Something that waits for the seller: `strong` "3 parcels", `text` "leave today"."""

    strong: str
    text: str
    href: str
    icon: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A number of the stall. `trend` "up", "down" or "" says which way the note points, in words and by an arrow.

    `colour` names a class of the stylesheet, made for prices: what went "down" is good, "up" is bad, "flat" is neither.
    """

    label: str
    value: str
    note: str = ""
    trend: Literal["", "up", "down"] = ""
    colour: Literal["down", "up", "flat"] = "flat"


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart in per cent of its box; `text` is what it stands for."""

    x: str
    y: str
    width: str
    height: str
    text: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A word at an axis, in per cent along it; `wide` ones are left out on phones; `anchor` is the end that stands there."""

    at: str
    text: str
    wide: bool = False
    anchor: Literal["start", "middle"] = "middle"


@dataclass(frozen=True, slots=True)
class ChartRow:
    """A line of the table that says what the chart shows."""

    name: str
    orders: str
    units: str
    sales: str


@dataclass(frozen=True, slots=True)
class SalesChart:
    """Sales by day or month. `summary` says it in a sentence; `nothing` stands in place of bars when there are none."""

    tabs: tuple[Link, ...]
    summary: str
    bars: tuple[Bar, ...]
    lines: tuple[Tick, ...]
    labels: tuple[Tick, ...]
    rows: tuple[ChartRow, ...]
    unit: str
    as_of: str = ""
    nothing: str = ""


@dataclass(frozen=True, slots=True)
class ShipRow:
    """A parcel that waits: `by` "Today" or "Tue 24 Nov"."""

    number: str
    href: str
    title: str
    note: str
    by: Badge
    total: str
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class LowRow:
    """An offer of which little is left."""

    title: str
    href: str
    left: Badge


@dataclass(frozen=True, slots=True)
class TodayPage:
    """What waits, the numbers of 30 days, the sales, the parcels that leave next and what runs out."""

    meta: Meta
    heading: str
    text: str
    todo: tuple[Todo, ...]
    tiles: tuple[Tile, ...]
    chart: SalesChart
    to_ship: tuple[ShipRow, ...] = ()
    all_to_ship: Link | None = None
    low: tuple[LowRow, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class SellerOrderRow:
    """An order of this stall: `title` "Blue vase and 2 more", `note` "to Graz, AT", `placed` "22 Nov, 10:42"."""

    number: str
    href: str
    title: str
    placed: str
    state: Badge
    total: str
    note: str = ""
    picture: Picture | None = None
    paid_with: str = ""


@dataclass(frozen=True, slots=True)
class SellerOrdersPage:
    """`tabs` filter by state, with counts. `result_text` "64 orders"."""

    meta: Meta
    heading: str
    rows: tuple[SellerOrderRow, ...]
    result_text: str = ""
    text: str = ""
    tabs: tuple[Link, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    pages: tuple[PageLink, ...] = ()
    notes: tuple[Note, ...] = ()
    empty: EmptyState | None = None


@dataclass(frozen=True, slots=True)
class SellerOrderLine:
    """`unit` "piece" or "pieces", where the column's heading is not shown."""

    title: str
    sku: str
    quantity: str
    unit: str
    unit_price: str
    total: str
    href: str = ""
    note: str = ""
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class SellerOrderPage:
    """One order of this stall. `address` one line each; `actions` are what may be done now (accept, ship, cancel)."""

    meta: Meta
    number: str
    placed: str
    state: Badge
    lines: tuple[SellerOrderLine, ...]
    sums: tuple[SumRow, ...]
    timeline: tuple[TimelineStep, ...]
    address: tuple[str, ...]
    buyer: str = ""
    buyer_email: str = ""
    crumbs: tuple[Crumb, ...] = ()
    actions: tuple[Act, ...] = ()
    notes: tuple[Note, ...] = ()
    payment_text: str = ""
    ship_action: str = ""
    """Where the form that marks the parcel as sent posts to; "" when there is nothing to send."""
    ship_fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class SellerProductRow:
    """An offer of this stall: `stock` "12 in stock", `held` "2 held in carts" or ""."""

    title: str
    href: str
    sku: str
    price: str
    stock: Badge
    state: Badge
    note: str = ""
    held: str = ""
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class SellerProductsPage:
    meta: Meta
    heading: str
    rows: tuple[SellerProductRow, ...]
    result_text: str = ""
    text: str = ""
    tabs: tuple[Link, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    pages: tuple[PageLink, ...] = ()
    notes: tuple[Note, ...] = ()
    empty: EmptyState | None = None


@dataclass(frozen=True, slots=True)
class JobLine:
    """A long job: `count` "1,240 of 5,000 rows", `percent` "24" or "" when nobody knows."""

    title: str
    state: Badge
    count: str
    note: str
    percent: str
    running: bool
    report_href: str = ""


@dataclass(frozen=True, slots=True)
class JobsPanel:
    """Long jobs of the stall; `renew_href` "" when all have ended."""

    lines: tuple[JobLine, ...]
    renew_href: str


@dataclass(frozen=True, slots=True)
class OpenStallPage:
    """The application for a stall of one's own. `errors` repeat every field's, in order."""

    meta: Meta
    action: str
    fields: tuple[Field, ...]
    errors: tuple[FormError, ...] = ()
    notes: tuple[Note, ...] = ()
