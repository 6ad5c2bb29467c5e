"""Reads of the history: what a chart of one variant and a statement about one offer need, in one statement."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from marketplace.core import cache
from marketplace.core.replica import reader
from marketplace.prices.steps import DAY, PRIOR, Change, Present, lowest_between, median, present, steps

MEDIAN_DAYS = 90
# A reduction is news for as long as it is compared with; older ones are the usual price.
NEWS = timedelta(days=30)

# The latest row before the range says how it begins.
_HISTORY = """
SELECT
    (SELECT coalesce(jsonb_agg(jsonb_build_array(day, opened, low, closed, quartile_low, median, quartile_high, offers)
                               ORDER BY day), '[]')
     FROM prices_dailyprice
     WHERE variant_id = %(variant)s AND day >= coalesce(
         (SELECT max(day) FROM prices_dailyprice WHERE variant_id = %(variant)s AND day < %(since)s), %(since)s)),
    (SELECT min(day) FROM prices_dailyprice WHERE variant_id = %(variant)s),
    (SELECT coalesce(jsonb_agg(jsonb_build_array(changed_at, CASE WHEN asking THEN price_minor END)
                               ORDER BY changed_at), '[]')
     FROM prices_pricehistory
     WHERE offer_id = %(offer)s AND changed_at >= coalesce(
         (SELECT max(changed_at) FROM prices_pricehistory WHERE offer_id = %(offer)s AND changed_at < %(from)s), %(from)s))
"""


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day of a variant, in minor units; None where nobody asked."""

    day: date
    low: int | None
    closed: int | None
    quartile_low: int | None
    median: int | None
    quartile_high: int | None
    offers: int


@dataclass(frozen=True, slots=True)
class OfferPast:
    """What one offer asked lately: the price in force, with the lowest of the 30 days before it began and of those until now."""

    present: Present | None
    lowest_30: int | None


@dataclass(frozen=True, slots=True)
class History:
    """``days`` has every day from its first to today, also those without a change; empty for a variant nobody offered."""

    days: tuple[DayRow, ...] = ()
    since: date | None = None
    offer: OfferPast = OfferPast(None, None)


# CONTRACT "price": five minutes; a price that changed is shown at once, because its product is touched.
_PAST = cache.declare("price_history", History, soft=300.0, hard=1800.0)


def history(*, product_id: int, variant_id: int, offer_id: int | None, since: date, now: datetime) -> History:
    """The days of a variant from ``since`` on, and the past of the offer in the buy box: one statement."""
    return _PAST.get(
        f"{variant_id}:{offer_id or 0}:{since.isoformat()}",
        lambda: _history(variant_id, offer_id, since, now),
        depends=(f"product:{product_id}",),
    )


def _history(variant_id: int, offer_id: int | None, since: date, now: datetime) -> History:
    start = now - PRIOR - NEWS
    params: dict[str, int | date | datetime] = {
        "variant": variant_id,
        "offer": offer_id or 0,
        "since": since,
        "from": start,
    }
    with reader().cursor() as cursor:
        cursor.execute(_HISTORY, params)
        rows, first, changes = cursor.fetchone()
    if first is None:
        return History()
    days = _dense([_row(row) for row in json.loads(rows)], max(since, first), now.astimezone(UTC).date())
    return History(tuple(days), first, _offer(json.loads(changes), now))


def _row(row: Sequence[str | int | None]) -> DayRow:
    day, _, low, closed, quartile_low, middle, quartile_high, offers = row
    return DayRow(
        date.fromisoformat(str(day)),
        low=_number(low),
        closed=_number(closed),
        quartile_low=_number(quartile_low),
        median=_number(middle),
        quartile_high=_number(quartile_high),
        offers=int(offers or 0),
    )


def _number(value: str | int | None) -> int | None:
    return None if value is None else int(value)


def _dense(rows: Sequence[DayRow], start: date, today: date) -> Iterator[DayRow]:
    """Every day from ``start`` to ``today``: one without a row is as the latest ended."""
    known = {row.day: row for row in rows}
    latest = next((row for row in rows if row.day < start), None)
    day = start
    while day <= today:
        if day in known:
            latest = known[day]
            yield latest
        elif latest is not None:
            yield DayRow(
                day,
                latest.closed,
                latest.closed,
                latest.quartile_low,
                latest.median,
                latest.quartile_high,
                latest.offers,
            )
        day += DAY


def _offer(changes: Sequence[tuple[str, int | None]], now: datetime) -> OfferPast:
    found = steps(Change(0, 0, price, datetime.fromisoformat(at)) for at, price in changes)
    # A clock that was ahead may have written the present price for a moment yet to come: it counts all the same.
    end = max([now, *(step.at for step in found[-1:])]) + timedelta(microseconds=1)
    return OfferPast(present(found), lowest_between(found, now - PRIOR, end))


def reduction(past: Present | None, *, now: datetime) -> int | None:
    """The lowest price of the 30 days before, in minor units, when the present one is a reduction of it; else None.

    The rule of Directive 98/6/EC, Article 6a; see ``steps.present``. A reduction is shown for 30 days.
    """
    if past is None or past.prior_low is None or past.began_at <= now - NEWS:
        return None
    return past.prior_low if past.price_minor < past.prior_low else None


def median_of_lows(days: Sequence[DayRow]) -> int | None:
    """The median of the daily lowest asking prices of the last 90 of these days; None before there are 30."""
    lows = [day.low for day in days[-MEDIAN_DAYS:] if day.low is not None]
    return median(lows) if len(lows) >= PRIOR.days else None


def range_of(days: Sequence[DayRow]) -> tuple[DayRow, DayRow] | None:
    """The days with the lowest and the highest low; of equals the latest."""
    asked = [day for day in days if day.low is not None]
    if not asked:
        return None
    return min(reversed(asked), key=_low), max(reversed(asked), key=_low)


def _low(day: DayRow) -> int:
    return day.low or 0
