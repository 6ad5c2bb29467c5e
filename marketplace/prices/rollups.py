"""Keeps each day and each trend equal to the history: reads the products that changed, from the day of the change on."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction

from marketplace.core import cache
from marketplace.prices.steps import Change, Day, Present, daily_lows, days, midnight, present, steps

# A card shows 90 days; the present price's reference reaches 30 days before a beginning of at most 30 days ago.
TREND_DAYS = 90
# Products per transaction.
BATCH = 200
_LOCK_SPACE = 0x41574E52  # "AWNR": sets these advisory locks apart from everybody else's

# One at a time per product: of two computations the one with the older picture must not be the last to write. Products
# share 64 locks, taken in order: the server's table of locks is small.
_LOCK = """
SELECT pg_advisory_xact_lock(%s, bucket) FROM (
    SELECT DISTINCT (id %% 64)::integer AS bucket FROM unnest(%s::bigint[]) AS product (id) ORDER BY bucket
) taken
"""
_CHANGES = """
SELECT product_id, offer_id, variant_id, CASE WHEN asking THEN price_minor END, changed_at
FROM (
    (SELECT DISTINCT ON (offer_id) product_id, offer_id, variant_id, price_minor, asking, changed_at
     FROM prices_pricehistory WHERE product_id = ANY(%(ids)s) AND changed_at < %(start)s
     ORDER BY offer_id, changed_at DESC)
    UNION ALL
    SELECT product_id, offer_id, variant_id, price_minor, asking, changed_at
    FROM prices_pricehistory WHERE product_id = ANY(%(ids)s) AND changed_at >= %(start)s
) known
ORDER BY changed_at, offer_id
"""
_EARLIER = """
SELECT product_id, min(low) FILTER (WHERE day < %(day)s), min(day)
FROM prices_dailyprice WHERE product_id = ANY(%(ids)s) GROUP BY product_id
"""
_FORGET = """
DELETE FROM prices_dailyprice
WHERE product_id = ANY(%(ids)s) AND day >= %(day)s
AND (variant_id, day) NOT IN (SELECT * FROM unnest(%(variants)s::bigint[], %(days)s::date[]))
"""
_KEEP = """
INSERT INTO prices_dailyprice (product_id, variant_id, day, opened, low, high, closed,
                               quartile_low, median, quartile_high, offers)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::date[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
                     %s::bigint[], %s::bigint[], %s::bigint[], %s::smallint[])
ON CONFLICT (variant_id, day) DO UPDATE SET
    product_id = excluded.product_id, opened = excluded.opened, low = excluded.low, high = excluded.high,
    closed = excluded.closed, quartile_low = excluded.quartile_low, median = excluded.median,
    quartile_high = excluded.quartile_high, offers = excluded.offers
"""
_TREND = """
INSERT INTO prices_pricetrend (product_id, until, since, lows, ask, began_at, prior_low, earlier_low)
SELECT product_id, until, since, (SELECT array_agg(low::bigint ORDER BY place)
                                  FROM jsonb_array_elements_text(lows) WITH ORDINALITY AS l (low, place)),
       ask, began_at, prior_low, earlier_low
FROM jsonb_to_recordset(%s::jsonb) AS trend (product_id bigint, until date, since date, lows jsonb, ask bigint,
                                             began_at timestamptz, prior_low bigint, earlier_low bigint)
ON CONFLICT (product_id) DO UPDATE SET
    until = excluded.until, since = excluded.since, lows = excluded.lows, ask = excluded.ask,
    began_at = excluded.began_at, prior_low = excluded.prior_low, earlier_low = excluded.earlier_low
"""


@dataclass(slots=True)
class _Product:
    """Its changes in the order of time, and what was before them."""

    changes: list[Change] = field(default_factory=list)
    earlier_low: int | None = None
    since: date | None = None


def roll_up(product_ids: Iterable[int], *, since: date, now: datetime) -> int:
    """Computes the days from ``since`` on and the trend of these products; returns how many days were written.

    Repeating it changes nothing; for data that came late call it with the day they are of.
    """
    ids = sorted(set(product_ids))
    return sum(_batch(ids[start : start + BATCH], since, now) for start in range(0, len(ids), BATCH))


def _batch(ids: list[int], since: date, now: datetime) -> int:
    today = now.astimezone(UTC).date()
    window = today - timedelta(days=TREND_DAYS)
    first = min(since, window)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [_LOCK_SPACE, ids])
        products = _load(ids, first)
        rows = [
            (product_id, variant_id, day)
            for product_id, product in products.items()
            for variant_id, changes in sorted(_by_variant(product.changes).items())
            for day in days(changes, first=since)
        ]
        _write_days(ids, since, rows)
        _write_trends({pk: product for pk, product in products.items() if product.changes}, first, today, ids)
        cache.touch(*(f"product:{product_id}" for product_id in ids))
    return len(rows)


def _load(ids: list[int], first: date) -> dict[int, _Product]:
    products: dict[int, _Product] = defaultdict(_Product)
    with connection.cursor() as cursor:
        cursor.execute(_CHANGES, {"ids": ids, "start": midnight(first)})
        for product_id, *change in cursor.fetchall():
            products[product_id].changes.append(Change(*change))
    return products


def _by_variant(changes: Iterable[Change]) -> dict[int, list[Change]]:
    found: dict[int, list[Change]] = defaultdict(list)
    for change in changes:
        found[change.variant_id].append(change)
    return found


def _write_days(ids: list[int], since: date, rows: Sequence[tuple[int, int, Day]]) -> None:
    values = [
        (product_id, variant_id, day.day, day.opened, day.low, day.high, day.closed,
         *(day.quartiles or (None, None, None)), day.offers)
        for product_id, variant_id, day in rows
    ]  # fmt: skip
    columns: list[list[object]] = [list(column) for column in zip(*values, strict=True)] or [[] for _ in range(11)]
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, {"ids": ids, "day": since, "variants": columns[1], "days": columns[2]})
        if rows:
            cursor.execute(_KEEP, columns)


def _write_trends(products: dict[int, _Product], first: date, today: date, ids: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_EARLIER, {"ids": ids, "day": first})
        for product_id, earlier_low, since in cursor.fetchall():
            if product_id in products:
                products[product_id].earlier_low, products[product_id].since = earlier_low, since
        rows = [_trend(product_id, product, today) for product_id, product in products.items()]
        if rows:
            cursor.execute(_TREND, [json.dumps(rows, default=_text)])


def _trend(product_id: int, product: _Product, today: date) -> dict[str, object]:
    found = steps(product.changes)
    current = present(found)
    return {
        "product_id": product_id,
        "until": today,
        "since": product.since or found[0].at.astimezone(UTC).date(),
        "lows": daily_lows(found, until=today, count=TREND_DAYS),
        "ask": current.price_minor if current else None,
        "began_at": current.began_at if current else None,
        "prior_low": current.prior_low if current else None,
        "earlier_low": _earlier_low(product, current),
    }


def _earlier_low(product: _Product, current: Present | None) -> int | None:
    lows = (product.earlier_low, current.earlier_low if current else None)
    return min((low for low in lows if low is not None), default=None)


def _text(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in a trend.")
