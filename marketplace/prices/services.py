"""Writes what is asked, in the transaction that changes it: one statement for a few, COPY for many."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection

from marketplace.core import events, partitions
from marketplace.core.db import require_transaction
from marketplace.core.partitions import Partitioned, month_of

RECORDED = "prices.recorded"

# From so many rows on COPY is worth its second round trip.
MANY = 50
# One fact is handled within the lease of the relay, so it names a bounded number of products.
BATCH = 200

# The latest row of each offer decides: what is as it was is not written again, and a caller whose clock is behind cannot
# write its change before the one it follows. The caller holds the offers' rows, so nobody writes in between.
_NEWS = """
SELECT ask.offer_id, ask.variant_id, ask.product_id, ask.seller_id, ask.price_minor, ask.asking,
       greatest(%(now)s, latest.changed_at + interval '1 microsecond')
FROM unnest(%(offers)s::bigint[], %(variants)s::bigint[], %(products)s::bigint[], %(sellers)s::bigint[],
            %(prices)s::bigint[], %(asking)s::boolean[])
     AS ask (offer_id, variant_id, product_id, seller_id, price_minor, asking)
LEFT JOIN LATERAL (
    SELECT price_minor, asking, changed_at FROM prices_pricehistory
    WHERE offer_id = ask.offer_id ORDER BY changed_at DESC LIMIT 1
) latest ON true
WHERE latest.changed_at IS NULL OR (latest.price_minor, latest.asking) <> (ask.price_minor, ask.asking)
"""
_COLUMNS = "offer_id, variant_id, product_id, seller_id, price_minor, asking, changed_at"
_INSERT = f"INSERT INTO prices_pricehistory ({_COLUMNS}) {_NEWS} RETURNING product_id"
_COPY = f"COPY prices_pricehistory ({_COLUMNS}) FROM STDIN (FORMAT BINARY)"
# What PostgreSQL's COPY writes before and after the rows, and one row of five bigint, a boolean and a timestamptz, each
# after its length. Source: PostgreSQL documentation, COPY, "Binary Format".
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_ROW = struct.Struct("!hiqiqiqiqiqi?iq")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_CHUNK = 4096
# A month that retention drops leaves the last word of each offer to the next: what an offer has asked for years is known
# after any number of dropped months.
_CARRY = """
INSERT INTO prices_pricehistory (offer_id, variant_id, product_id, seller_id, price_minor, asking, changed_at)
SELECT DISTINCT ON (offer_id) offer_id, variant_id, product_id, seller_id, price_minor, asking, %(end)s::timestamptz
FROM prices_pricehistory WHERE changed_at >= %(start)s AND changed_at < %(end)s
ORDER BY offer_id, changed_at DESC
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Ask:
    """What an offer asks now, in minor units; ``asking`` when it can be bought at that price."""

    offer_id: int
    variant_id: int
    product_id: int
    seller_id: int
    price_minor: int
    asking: bool


@dataclass(frozen=True, slots=True)
class PastAsk:
    """What an offer asked from ``changed_at`` on."""

    offer_id: int
    variant_id: int
    product_id: int
    seller_id: int
    price_minor: int
    asking: bool
    changed_at: datetime


def record(asks: Sequence[Ask], *, now: datetime) -> int:
    """Writes what differs from the latest that is known of each offer; returns how many did.

    Inside the transaction that changes the offers, which holds their rows; each offer once. Raises NoOpenTransaction.
    """
    require_transaction("A price")
    if not asks:
        return 0
    partitions.assure(TABLE, month_of(now))
    products = _insert(asks, now) if len(asks) < MANY else _copy_news(asks, now)
    tell(products, since=now, now=now)
    return len(products)


def _insert(asks: Sequence[Ask], now: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, _params(asks, now))
        return [product_id for (product_id,) in cursor.fetchall()]


def _copy_news(asks: Sequence[Ask], now: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_NEWS, _params(asks, now))
        rows = [PastAsk(*row) for row in cursor.fetchall()]
    copy(rows)
    return [row.product_id for row in rows]


def _params(asks: Sequence[Ask], now: datetime) -> dict[str, datetime | list[int] | list[bool]]:
    return {
        "now": now,
        "offers": [ask.offer_id for ask in asks],
        "variants": [ask.variant_id for ask in asks],
        "products": [ask.product_id for ask in asks],
        "sellers": [ask.seller_id for ask in asks],
        "prices": [ask.price_minor for ask in asks],
        "asking": [ask.asking for ask in asks],
    }


def backfill(rows: Sequence[PastAsk]) -> None:
    """Writes a past that is known from elsewhere, by COPY; ``rollups.roll_up`` then computes its days.

    Inside a transaction. Each offer's times must differ from each other and from known ones.
    """
    require_transaction("A past price")
    if rows:
        partitions.make_months(TABLE, {month_of(row.changed_at) for row in rows})
        copy(rows)


def copy(rows: Sequence[PastAsk]) -> None:
    """Appends the rows by binary COPY; tells nobody. Their months must exist."""
    with connection.cursor() as cursor, cursor.copy(_COPY) as stream:
        stream.write(_HEADER)
        for start in range(0, len(rows), _CHUNK):
            stream.write(b"".join(map(_packed, rows[start : start + _CHUNK])))
        stream.write(_TRAILER)


def _packed(row: PastAsk) -> bytes:
    since = row.changed_at - _EPOCH
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return _ROW.pack(
        7, 8, row.offer_id, 8, row.variant_id, 8, row.product_id, 8, row.seller_id, 8, row.price_minor,
        1, row.asking, 8, micros,
    )  # fmt: skip


def tell(product_ids: Iterable[int], *, since: datetime, now: datetime) -> None:
    """Says whose days must be computed again, from which day on."""
    ids = sorted(set(product_ids))
    for start in range(0, len(ids), BATCH):
        payload: events.Payload = {
            "product_ids": list(ids[start : start + BATCH]),
            "since": since.astimezone(UTC).date().isoformat(),
        }
        events.publish(RECORDED, payload, now=now)


def carry(start: datetime, end: datetime) -> None:
    """Repeats the last word of each offer in a month that is about to go at the first moment of the next."""
    with connection.cursor() as cursor:
        cursor.execute(_CARRY, {"start": start, "end": end})


TABLE = Partitioned("prices_pricehistory", "changed_at", keep_months=26, before_drop=carry)
