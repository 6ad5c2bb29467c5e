"""What the operators' panels are made of: finished text in frozen dataclasses, which one template draws.

A state is a word with a shape; its tone only repeats it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

# "idle" is neither good nor bad: nothing to show, or not known.
Tone: TypeAlias = Literal["good", "warn", "bad", "idle"]
_RANK: dict[Tone, int] = {"good": 0, "idle": 1, "warn": 2, "bad": 3}


@dataclass(frozen=True, slots=True)
class Mark:
    """A state in words."""

    tone: Tone
    text: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One place of a table: ``small`` stands under the text; ``number`` aligns it; ``code`` is for names of the machine."""

    text: str = ""
    small: str = ""
    mark: Mark | None = None
    number: bool = False
    code: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """A button: ``name`` is a registered action, ``target`` what it is done to, ``about`` completes the label aloud."""

    name: str
    target: str
    text: str
    about: str
    danger: bool = False


@dataclass(frozen=True, slots=True)
class More:
    """Something long that is folded away under ``title``."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line; ``key`` names it within its table, so that an open fold stays open when the panel is renewed."""

    key: str
    cells: tuple[Cell, ...]
    acts: tuple[Act, ...] = ()
    more: tuple[More, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """``heads`` are (text, is a number); ``empty`` is said where there are no rows; ``folded`` is a title to fold it under."""

    key: str
    caption: str
    heads: tuple[tuple[str, bool], ...]
    rows: tuple[Row, ...]
    empty: str = ""
    folded: str = ""

    @property
    def has_acts(self) -> bool:
        """Whether any line has a button."""
        return any(row.acts for row in self.rows)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number above the tables."""

    label: str
    value: str
    tone: Tone = "idle"


@dataclass(frozen=True, slots=True)
class Chart:
    """A line over time: ``line`` and ``area`` are SVG paths in a box of 300 × 60; ``text`` says the same in words."""

    title: str
    text: str
    line: str
    area: str
    highest: str
    begins: str
    ends: str


@dataclass(frozen=True, slots=True)
class Body:
    """What a panel shows; ``mark`` is its state in the overview."""

    mark: Mark
    figures: tuple[Figure, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    note: str = ""


def worst(*tones: Tone) -> Tone:
    """The one that matters most."""
    return max(tones, key=_RANK.__getitem__, default="idle")


def many(number: int, one: str, more: str = "") -> str:
    """1 alert, 2 alerts; ``more`` for irregular ones."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def clock(at: datetime | None, now: datetime) -> str:
    """A moment as operators say it: the time of day, with the date when that is another one; UTC."""
    if at is None:
        return "never"
    return f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at:%d %b, %H:%M}"


def span(seconds: float | timedelta) -> str:
    """A duration in one unit, coarse enough that it does not change with every look."""
    total = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    if total < 1:
        return "under 1 s"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if total >= size:
            return f"{total / size:.0f} {unit}"
    return f"{total:.0f} s"


def milliseconds(value: float | None) -> str:
    """A latency in steps of 10 ms: finer ones would change at every look and say nothing."""
    if value is None:
        return "–"
    if value < 10:
        return "< 10 ms"
    return f"{round(value, -1):,.0f} ms" if value < 1000 else f"{value / 1000:.1f} s"
