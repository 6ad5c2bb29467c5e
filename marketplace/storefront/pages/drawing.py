"""Draws a price history as paths in a stretched box of 1000 by 1000: steps, a band, dots and ticks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from marketplace.core.hall import currency
from marketplace.core.money import digits
from marketplace.prices.queries import DayRow
from marketplace.storefront import formats
from marketplace.storefront.viewmodels.history import Anchor, Tick

BOX = 1000
# About so many lines across.
_LINES = 5
# Nearer to an end than this (percent) a label would lie on that end's.
_APART = 14.0
# On a narrow screen it takes this much.
_APART_NARROW = 24.0
# The present price lies over the texts of the axis this far up and down (of 1000).
_COVERED = 75.0
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Frame:
    """Which days and prices (minor units) the box spans. A day begins at its ``x``; the last one is the right edge."""

    first: date
    last: date
    low: int
    high: int
    step: int

    def x(self, day: float) -> float:
        """Where a day counted from the first stands, 0 to 1000."""
        return BOX * min(max(day / max((self.last - self.first).days, 1), 0.0), 1.0)

    def day(self, moment: datetime) -> float:
        """A moment as days since the first."""
        return (moment - datetime.combine(self.first, time(), UTC)) / _DAY

    def y(self, price: int) -> float:
        """The height of a price, 0 at the top."""
        return BOX * (self.high - price) / (self.high - self.low)


def frame(days: Sequence[DayRow], others: Iterable[int]) -> Frame:
    """A box around all prices, with round numbers at its edges."""
    prices = [
        price
        for day in days
        for price in (day.low, day.closed, day.quartile_low, day.quartile_high)
        if price is not None
    ]
    prices += others
    low, high = min(prices), max(prices)
    step = _round_step(max(high - low, high // 10, 1) / (_LINES - 1))
    bottom = max(low - step // 3, 0) // step * step
    top = -(-(high + step // 5) // step) * step
    return Frame(days[0].day, days[-1].day, bottom, max(top, bottom + step), step)


def _round_step(wanted: float) -> int:
    """1, 2 or 5 times a power of ten, in minor units; never finer than a tenth of the major unit."""
    size = max(int(10 ** digits(currency())) // 10, 1)
    while True:
        for factor in (1, 2, 5):
            if size * factor >= wanted:
                return size * factor
        size *= 10


def ask_path(frame: Frame, days: Sequence[DayRow]) -> str:
    """A step line of the daily lows that ends with the present price; it is broken where nobody asked."""
    path: list[str] = []
    level: int | None = None
    for day in days:
        x = frame.x((day.day - frame.first).days)
        if day.low is None:
            path += [f"H{x:.1f}"] if level is not None else []
        elif level is None:
            path.append(f"M{x:.1f} {frame.y(day.low):.1f}")
        elif day.low != level:
            path.append(f"H{x:.1f}V{frame.y(day.low):.1f}")
        level = day.low
    last = days[-1]
    if level is not None:
        path.append(f"H{BOX}")
        if last.closed is not None and last.closed != last.low:
            path.append(f"V{frame.y(last.closed):.1f}")
    return "".join(path)


def band_path(frame: Frame, days: Sequence[DayRow]) -> str:
    """The middle half of asking prices where at least two ask, as closed shapes."""
    return "".join(_shapes(frame, days))


def _shapes(frame: Frame, days: Sequence[DayRow]) -> Iterator[str]:
    for asked, group in groupby(days, key=lambda day: day.offers >= 2 and day.quartile_low is not None):
        if not asked:
            continue
        run = list(group)
        start = frame.x((run[0].day - frame.first).days)
        end = frame.x((run[-1].day - frame.first).days + 1)
        above = _edge(frame, [(day.day, day.quartile_high or 0) for day in run])
        below = _edge(frame, [(day.day, day.quartile_low or 0) for day in run])
        down = [f"{x:.1f} {y:.1f}" for x, y in reversed([*_corners(below, end)])]
        up = [f"{x:.1f} {y:.1f}" for x, y in _corners(above, end)]
        yield f"M{start:.1f} {above[0][1]:.1f}L" + "L".join([*up, *down]) + "Z"


def _edge(frame: Frame, points: Sequence[tuple[date, int]]) -> list[tuple[float, float]]:
    """Where an edge changes its height."""
    return [
        (frame.x((day - frame.first).days), frame.y(price))
        for place, (day, price) in enumerate(points)
        if not place or price != points[place - 1][1]
    ]


def _corners(points: Sequence[tuple[float, float]], end: float) -> Iterator[tuple[float, float]]:
    for place, (x, y) in enumerate(points):
        yield x, y
        yield (points[place + 1][0] if place + 1 < len(points) else end), y


def dots(frame: Frame, sales: Iterable[tuple[datetime, int]]) -> str:
    """A dot per sale; what falls onto the same spot is one dot."""
    spots = {(round(frame.x(frame.day(at)), 1), round(frame.y(price), 1)) for at, price in sales}
    return "".join(f"M{x} {y}h0" for x, y in sorted(spots))


def pill_width(text: str) -> int:
    """Pixels around a price on the axis: a long one grows towards the plot."""
    return max(51, 7 * len(text) + 10)


def y_ticks(frame: Frame, present: int | None) -> tuple[Tick, ...]:
    """A line at each round price, from the top; one that runs behind the present price has no text of its own."""
    prices = range(frame.high, frame.low - 1, -frame.step)
    return tuple(Tick("0", f"{frame.y(price) / 10:.2f}", _y_text(frame, price, present)) for price in prices)


def _y_text(frame: Frame, price: int, present: int | None) -> str:
    covered = present is not None and abs(frame.y(price) - frame.y(present)) < _COVERED
    return "" if covered else formats.price(price)


def x_ticks(frame: Frame) -> tuple[Tick, ...]:
    """The ends, and round dates between them that do not lie on the ends' texts."""
    span = (frame.last - frame.first).days
    # A year's first and last label name the year: nothing else tells them apart.
    ends = (lambda day: f"{day:%b %Y}") if span > 200 else _short
    ticks = [Tick("0", "100", ends(frame.first), "start")]
    between = [(day, 100 * (day - frame.first).days / span) for day in _round_days(frame, span)] if span else []
    kept = [(day, x) for day, x in between if _APART < x < 100 - _APART]
    for place, (day, x) in enumerate(kept):
        text = f"{day:%b}" if span > 200 else _short(day)
        ticks.append(
            Tick(f"{x:.2f}", "100", text, only_wide=place % 2 == 0 or not _APART_NARROW < x < 100 - _APART_NARROW)
        )
    return (*ticks, Tick("100", "100", ends(frame.last), "end"))


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"


def _round_days(frame: Frame, span: int) -> Iterator[date]:
    """First days of months, or of weeks where there are few."""
    if span <= 45:
        yield from (frame.first + timedelta(days=n) for n in range(1, span) if (frame.first + n * _DAY).weekday() == 0)
        return
    every = 1 if span <= 200 else 2 if span <= 500 else 6 if span <= 1500 else 12
    for year in range(frame.first.year, frame.last.year + 1):
        for month in range(1, 13, every):
            if frame.first < (day := date(year, month, 1)) < frame.last:
                yield day


def marks(frame: Frame, lowest: DayRow, highest: DayRow) -> tuple[Tick, ...]:
    """The lowest and the highest point of the line, named; one of them is enough for a line without ups and downs."""
    if lowest.low is None or highest.low is None or lowest.low == highest.low:
        return ()
    return (_mark(frame, "Low", lowest.day, lowest.low), _mark(frame, "High", highest.day, highest.low))


def _mark(frame: Frame, word: str, day: date, price: int) -> Tick:
    x = frame.x((day - frame.first).days) / 10
    anchor: Anchor = "start" if x < 8 else "end" if x > 92 else "middle"
    return Tick(f"{x:.2f}", f"{frame.y(price) / 10:.2f}", f"{word} {formats.price(price)}", anchor)
