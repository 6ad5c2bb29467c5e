"""The chart of a stall's sales: bars by day or by month, drawn by the server in per cent of its box."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from marketplace.core import dates, money
from marketplace.core.page_parts import Link
from marketplace.dashboard.viewmodels import Bar, ChartRow, SalesChart, Tick
from marketplace.insights.queries import DaySales

# Address, words on the tab, words in a sentence.
RANGES: Mapping[str, tuple[str, str]] = {
    "7": ("7 days", "the last 7 days"),
    "30": ("30 days", "the last 30 days"),
    "year": ("Year", "the last 12 months"),
}
DEFAULT = "30"
MONTHS = 12
# The share of its place that a bar fills.
_WIDTH = 0.64
_LINES = 5


@dataclass(frozen=True, slots=True)
class _Slot:
    """A day or a month, from ``first`` to the day before the next one's."""

    first: date
    short: str
    long: str


def first_day(today: date) -> date:
    """The earliest day that the longest range shows."""
    return date(today.year - 1, today.month + 1, 1) if today.month < MONTHS else date(today.year, 1, 1)


def chart(
    days: Sequence[DaySales], *, chosen: str, today: date, as_of: datetime | None, currency: str, here: str
) -> SalesChart:
    """The bars of the chosen range with their table; ``days`` begin at ``first_day`` or before."""
    slots = _months(today) if chosen == "year" else _days(today, int(chosen))
    ends = [after.first for _, after in pairwise(slots)] + [today + timedelta(days=1)]
    sums = [_sum(days, slot.first, end) for slot, end in zip(slots, ends, strict=True)]
    values = [max(0, total.sales_minor) for total in sums]
    step = _step(max(values), currency)
    top = step * max(1, -(-max(values) // step))
    name = RANGES[chosen][1]
    return SalesChart(
        tabs=tuple(
            Link(text, f"{here}?range={key}" if key != DEFAULT else here, current=key == chosen)
            for key, (text, _) in RANGES.items()
        ),
        summary=_summary(slots, values, name, currency),
        bars=_bars(slots, values, top, currency) if any(values) else (),
        lines=_ticks(step, top, currency),
        labels=_labels(slots),
        rows=tuple(
            ChartRow(slot.long, f"{total.orders:,}", f"{total.units:,}", money.text(total.sales_minor, currency))
            for slot, total in zip(slots, sums, strict=True)
        ),
        unit="Month" if chosen == "year" else "Day",
        as_of=f"As of {_moment(as_of, today)}." if as_of else "",
        nothing="" if any(values) else f"Nothing sold in {name}.",
    )


def _days(today: date, number: int) -> list[_Slot]:
    listed = [today - timedelta(days=number - 1 - place) for place in range(number)]
    return [_Slot(day, f"{day.day} {day:%b}", dates.short_day(day)) for day in listed]


def _months(today: date) -> list[_Slot]:
    first = first_day(today)
    listed = [date(first.year + (first.month + n - 1) // 12, (first.month + n - 1) % 12 + 1, 1) for n in range(MONTHS)]
    return [_Slot(day, f"{day:%b}", f"{day:%B %Y}") for day in listed]


def _sum(days: Sequence[DaySales], first: date, end: date) -> DaySales:
    inside = [day for day in days if first <= day.day < end]
    return DaySales(
        first,
        sum(day.orders for day in inside),
        sum(day.units for day in inside),
        sum(day.sales_minor for day in inside),
    )


def _step(most: int, currency: str) -> int:
    """The distance of the lines in minor units: 1, 2 or 5 times a power of ten of the major unit, at most five of them."""
    one = money.to_minor(Decimal(1), currency)
    step = one
    for factor in (2, 5, 10) * 18:
        if step * _LINES >= most:
            return step
        power = 10 ** (len(str(step // one)) - 1) * one
        step = power * factor
    return step


def _bars(slots: Sequence[_Slot], values: Sequence[int], top: int, currency: str) -> tuple[Bar, ...]:
    place = 100 / len(slots)
    drawn = []
    for number, (slot, value) in enumerate(zip(slots, values, strict=True)):
        # Whatever was sold at all is seen.
        height = max(0.6, 100 * value / top) if value else 0.0
        x = place * (number + (1 - _WIDTH) / 2)
        drawn.append(
            Bar(
                f"{x:.2f}", f"{100 - height:.2f}", f"{place * _WIDTH:.2f}", f"{height:.2f}", _tip(slot, value, currency)
            )
        )
    return tuple(bar for bar in drawn if bar.height != "0.00")


def _tip(slot: _Slot, value: int, currency: str) -> str:
    return f"{slot.long}: {money.short(value, currency)}"


def _ticks(step: int, top: int, currency: str) -> tuple[Tick, ...]:
    return tuple(
        Tick(f"{100 - 100 * value / top:.2f}", money.short(value, currency)) for value in range(0, top + 1, step)
    )


def _labels(slots: Sequence[_Slot]) -> tuple[Tick, ...]:
    """Five to seven words under the bars; of many, every seventh, and of months only every second on phones."""
    place = 100 / len(slots)
    every = 7 if len(slots) > MONTHS else 1
    return tuple(
        # A word is wider than a narrow bar: in the middle of the first it would stand out at the left.
        Tick("0", slot.short, anchor="start")
        if every > 1 and not number
        else Tick(f"{place * (number + 0.5):.2f}", slot.short, wide=every == 1 and bool(number % 2))
        for number, slot in enumerate(slots)
        if number % every == 0
    )


def _summary(slots: Sequence[_Slot], values: Sequence[int], name: str, currency: str) -> str:
    total = money.short(sum(values), currency)
    best = max(range(len(values)), key=values.__getitem__)
    if not values[best]:
        return f"Sales in {name}: none."
    return f"Sales in {name}: {total}. Most on {slots[best].long}: {money.short(values[best], currency)}."


def _moment(as_of: datetime, today: date) -> str:
    return f"{as_of:%H:%M} UTC" if as_of.date() == today else f"{dates.moment(as_of)} UTC"
