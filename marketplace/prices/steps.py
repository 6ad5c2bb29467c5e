"""A lowest asking price through time, computed from what each offer asked. Plain functions: no database, no clock."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

DAY = timedelta(days=1)
# Directive 98/6/EC, Article 6a(2), as Directive (EU) 2019/2161 inserted it: "not shorter than 30 days".
PRIOR = timedelta(days=30)
# Asked for less of that time, a price is nothing to compare with: a thing left away for a month and offered dearly for a
# minute would be reduced ever after.
LEAST_ASKED = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Change:
    """From ``at`` on an offer asked this price, in minor units; None: it could not be bought."""

    offer_id: int
    variant_id: int
    price_minor: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """The lowest asking price from ``at`` to the next step; None: nobody asked."""

    at: datetime
    price_minor: int | None


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one variant, as DailyPrice keeps it; quartiles and offers are of those that ask when it ends."""

    day: date
    opened: int | None
    low: int | None
    high: int | None
    closed: int | None
    quartiles: tuple[int, int, int] | None
    offers: int


@dataclass(frozen=True, slots=True)
class Present:
    """The price in force: since when, the lowest of the 30 days before that moment, and the lowest of all before it.

    ``prior_low`` is None when it could be bought for less than a week of those 30 days.
    """

    price_minor: int
    began_at: datetime
    prior_low: int | None
    earlier_low: int | None


def midnight(day: date) -> datetime:
    """When a day begins, UTC."""
    return datetime.combine(day, time(), UTC)


def steps(changes: Iterable[Change]) -> list[Step]:
    """The lowest price of all offers, step by step; neighbouring steps differ. Changes come in the order of time.

    Changes of one moment count together: a price between them was never in force.
    """
    asked: dict[int, int] = {}
    found: list[Step] = []
    for at, batch in groupby(changes, key=lambda change: change.at):
        _apply(asked, batch)
        lowest = min(asked.values(), default=None)
        if not found or found[-1].price_minor != lowest:
            found.append(Step(at, lowest))
    return found


def _apply(asked: dict[int, int], batch: Iterable[Change]) -> None:
    for change in batch:
        if change.price_minor is None:
            asked.pop(change.offer_id, None)
        else:
            asked[change.offer_id] = change.price_minor


def lowest_between(found: Sequence[Step], start: datetime, end: datetime) -> int | None:
    """The lowest price in force at any moment of [start, end); None when nobody asked."""
    prices = [
        step.price_minor
        for step, until in zip(found, [*(step.at for step in found[1:]), end], strict=True)
        if step.price_minor is not None and step.at < end and until > start and start < end
    ]
    return min(prices, default=None)


def asked_for(found: Sequence[Step], start: datetime, end: datetime) -> timedelta:
    """For how much of [start, end) somebody asked a price."""
    ends = [*(step.at for step in found[1:]), end]
    spans = (
        min(until, end) - max(step.at, start)
        for step, until in zip(found, ends, strict=True)
        if step.price_minor is not None
    )
    return sum((span for span in spans if span > timedelta()), timedelta())


def present(found: Sequence[Step]) -> Present | None:
    """The price in force after the last step; None when nobody asks.

    The reference of a reduction is "the lowest price applied by the trader during a period of time not shorter than 30
    days prior to the application of the price reduction": the lowest in force at any moment of [began - 30 d, began),
    the reduced price itself left out. A time in which the thing could not be bought applied no price.
    """
    if not found or found[-1].price_minor is None:
        return None
    last = found[-1]
    before = found[:-1]
    start = last.at - PRIOR
    compared = asked_for(found, start, last.at) >= LEAST_ASKED
    return Present(
        price_minor=found[-1].price_minor,
        began_at=last.at,
        prior_low=lowest_between(found, start, last.at) if compared else None,
        earlier_low=min((step.price_minor for step in before if step.price_minor is not None), default=None),
    )


def days(changes: Sequence[Change], *, first: date) -> list[Day]:
    """Each day from ``first`` on with a change, of one variant. Changes come in the order of time, earlier ones too."""
    asked: dict[int, int] = {}
    found = []
    for day, of_day in groupby(changes, key=lambda change: change.at.astimezone(UTC).date()):
        if day < first:
            _apply(asked, of_day)
        else:
            found.append(_day(day, asked, list(of_day)))
    return found


def _day(day: date, asked: dict[int, int], changes: Sequence[Change]) -> Day:
    opened = min(asked.values(), default=None)
    start = midnight(day)
    # What ended in the day's first moment was not in force on that day.
    lowest = [] if changes[0].at == start else [opened]
    for _, batch in groupby(changes, key=lambda change: change.at):
        _apply(asked, batch)
        lowest.append(min(asked.values(), default=None))
    prices = [price for price in lowest if price is not None]
    return Day(
        day=day,
        opened=opened,
        low=min(prices, default=None),
        high=max(prices, default=None),
        closed=lowest[-1],
        quartiles=quartiles(asked.values()),
        offers=len(asked),
    )


def quartiles(prices: Iterable[int]) -> tuple[int, int, int] | None:
    """The lower quartile, the median and the upper one, between neighbours by distance (type 7 of Hyndman and Fan, 1996)."""
    ordered = sorted(prices)
    if not ordered:
        return None
    return _quantile(ordered, 1), _quantile(ordered, 2), _quantile(ordered, 3)


def _quantile(ordered: Sequence[int], quarter: int) -> int:
    whole, rest = divmod((len(ordered) - 1) * quarter, 4)
    if not rest:
        return ordered[whole]
    # Half a minor unit goes up.
    return ordered[whole] + ((ordered[whole + 1] - ordered[whole]) * rest + 2) // 4


def median(prices: Iterable[int]) -> int | None:
    """The middle price; of an even number the mean of the middle two, in whole minor units."""
    found = quartiles(prices)
    return found[1] if found else None


def daily_lows(found: Sequence[Step], *, until: date, count: int) -> list[int | None]:
    """The lowest price of each of the ``count`` days that end with ``until``; steps come in the order of time."""
    return list(_lows(found, until - DAY * (count - 1), until))


def _lows(found: Sequence[Step], day: date, until: date) -> Iterator[int | None]:
    place, current = 0, None
    while day <= until:
        start, end = midnight(day), midnight(day + DAY)
        while place < len(found) and found[place].at <= start:
            current = found[place].price_minor
            place += 1
        in_force = [current]
        while place < len(found) and found[place].at < end:
            current = found[place].price_minor
            in_force.append(current)
            place += 1
        yield min((price for price in in_force if price is not None), default=None)
        day += DAY
