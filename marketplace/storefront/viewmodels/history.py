"""The price history of a product: a chart drawn by the server, its numbers, and the same as a table."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from marketplace.core.page_parts import Link

# Where a text stands to its point, in the terms of SVG.
Anchor: TypeAlias = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis, or in the chart: percentages of its width and height, and the text beside it."""

    x: str
    y: str
    text: str
    anchor: Anchor = "middle"
    only_wide: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Paths stand in a 1000 by 1000 box that is stretched; "" leaves one out. `summary` says in words what it shows."""

    title: str
    summary: str
    ask: str
    band: str
    sales: str
    now: str
    now_y: str
    now_text: str
    now_width: int
    ys: tuple[Tick, ...]
    xs: tuple[Tick, ...]
    marks: tuple[Tick, ...]
    unit: str


@dataclass(frozen=True, slots=True)
class Stat:
    """A number with what it is and a line below it."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A line of the table: the day it ends with, and texts without their currency."""

    day: str
    low: str
    median: str
    sold: str


@dataclass(frozen=True, slots=True)
class PriceHistory:
    """`chart` is None while there is too little to draw; `empty_text` says since when prices are kept."""

    ranges: tuple[Link, ...] = ()
    chart: Chart | None = None
    empty_text: str = ""
    day_head: str = "Day"
    rows: tuple[HistoryRow, ...] = ()
    stats: tuple[Stat, ...] = ()
