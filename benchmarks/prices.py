"""Price history: COPY beside executemany into the partitioned table, and thirty days of one thing out of ten million rows."""

import os
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
from django.db import connection, transaction

from benchmarks.entries import Entry, at_least, at_most, milliseconds, p50, p95

if TYPE_CHECKING:
    from marketplace.prices.services import PastAsk

NAMES = ("prices.copy_vs_executemany", "prices.candles_p95_10m")
ROWS, ROUNDS = 10_000, 5
MANY, PRODUCTS, OFFERS = 10_000_000, 20_000, 3
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
MONTHS = 12
# No offer of an earlier run: history cannot be emptied.
_FIRST_OFFER = time.time_ns() // 1_000
# The history as migrations make it, without its name: the same keys, the same covering indexes, the same triggers on rows.
_INSERT = """
INSERT INTO prices_pricehistory (offer_id, variant_id, product_id, seller_id, price_minor, asking, changed_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
# Written in the order of time, as a hall does: each thing's rows lie scattered over all pages. UNLOGGED: what is
# measured is reading, and the table is thrown away.
_FILL = """
INSERT INTO {table} (offer_id, variant_id, product_id, seller_id, price_minor, changed_at, asking)
SELECT offer, offer, offer %% {products} + 1, offer %% 97 + 1, 900 + (offer * 7919 + place * 104729) %% 200,
       %(start)s::timestamptz + (place - 1) * ((%(end)s::timestamptz - %(start)s::timestamptz) / {rows}), place %% 17 <> 0
FROM (SELECT place, (place * 2654435761 + {month}) %% {offers} + 1 AS offer FROM generate_series(1::bigint, {rows}) place) made
"""


def run() -> dict[str, Entry]:
    """Rows per CPU second as a ratio, and milliseconds."""
    return {"prices.copy_vs_executemany": _writing(), "prices.candles_p95_10m": _reading()}


# --- writing --------------------------------------------------------------------------------------------------------


def _writing() -> Entry:
    from marketplace.core import partitions
    from marketplace.prices import services

    months = [partitions.later(partitions.month_of(NOW), -back) for back in range(MONTHS)]
    partitions.make_months(services.TABLE, months)
    ours, reference = [], []
    for place in range(ROUNDS):
        # Offers that no other round has: the key must hold.
        ours.append(_cpu(services.copy, 2 * place))
        reference.append(_cpu(_one_by_one, 2 * place + 1))
    ratio = p50([slow / fast for slow, fast in zip(reference, ours, strict=True)])
    told = f"executemany: {ROWS / p50(reference):,.0f} rows per CPU second; COPY: {ROWS / p50(ours):,.0f}"
    return at_least(ratio, 6, "x", told)


def _one_by_one(rows: Sequence["PastAsk"]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, [_values(row) for row in rows])


def _values(row: "PastAsk") -> tuple[int | bool | datetime, ...]:
    return (
        row.offer_id,
        row.variant_id,
        row.product_id,
        row.seller_id,
        row.price_minor,
        row.asking,
        row.changed_at,
    )


def _cpu(write: Callable[[Sequence["PastAsk"]], None], place: int) -> float:
    """CPU seconds of this process and of its backend for one transaction of ROWS rows."""
    from marketplace.prices.services import PastAsk

    chance = random.Random(place)
    rows = [
        PastAsk(
            _FIRST_OFFER + place * ROWS + number,
            number,
            number % PRODUCTS + 1,
            number % 97 + 1,
            chance.randrange(500, 90_000),
            number % 9 > 0,
            NOW - timedelta(minutes=chance.randrange(60 * 24 * 300)),
        )
        for number in range(ROWS)
    ]
    connection.ensure_connection()
    backend = connection.connection.info.backend_pid
    begun = time.process_time() + _spent(backend)
    with transaction.atomic():
        write(rows)
    return time.process_time() + _spent(backend) - begun


def _spent(pid: int) -> float:
    """User and system time of a process on this machine, in seconds (proc(5), fields 14 and 15 of stat)."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123 - not a file of ours
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- reading --------------------------------------------------------------------------------------------------------


def _reading() -> Entry:
    begun = time.perf_counter()
    _build()
    built = time.perf_counter() - begun
    chance = random.Random(7)
    asked: list[int] = []

    def ours() -> None:
        asked.append(_candles(chance.randrange(PRODUCTS) + 1))

    wall = milliseconds(ours, runs=40, warm_up=20)

    def calibration() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    times, empty, rounds = [], [], []
    for _ in range(ROUNDS):
        found = _cpu_milliseconds(ours, runs=40)
        rounds.append(p95(found))
        times += found
        empty += milliseconds(calibration, runs=40, warm_up=2)
    told = (
        f"{MANY:,} rows in {MONTHS} months, made in {built:.0f} s (unlogged); {sum(asked) / len(asked):.0f} changes per answer; "
        f"CPU of client and server, median {p50(times):.2f} ms; wall {p50(wall):.2f} ms, p95 {p95(wall):.2f}; "
        f"SELECT 1 {p50(empty):.2f} ms"
    )
    return at_most(p50(rounds), 5, "ms", told)


def _cpu_milliseconds(call: Callable[[], None], *, runs: int) -> list[float]:
    """CPU of this process and of its backend per call, sorted: the machine's other work does not count."""
    call()
    backend = connection.connection.info.backend_pid
    found = []
    for _ in range(runs):
        begun = time.process_time_ns() + _on_cpu(backend)
        call()
        found.append((time.process_time_ns() + _on_cpu(backend) - begun) / 1e6)
    return sorted(found)


def _on_cpu(pid: int) -> int:
    """How long a process has run, in nanoseconds (the kernel's sched-stats, first field of schedstat)."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:  # noqa: PTH123 - not a file of ours
        return int(file.read().split()[0])


def _candles(product: int) -> int:
    """Thirty days of one thing as the hall reads them: its changes, and from them its days."""
    from marketplace.prices.steps import Change, days

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT offer_id, variant_id, CASE WHEN asking THEN price_minor END, changed_at FROM bench_history"
            " WHERE product_id = %s AND changed_at >= %s AND changed_at < %s ORDER BY changed_at, offer_id",
            [product, NOW - timedelta(days=30), NOW],
        )
        changes = [Change(*row) for row in cursor.fetchall()]
    days(changes, first=(NOW - timedelta(days=30)).date())
    return len(changes)


def _build() -> None:
    """The table of the hall under another name, month by month on two connections; its indexes after the rows."""
    from marketplace.core.partitions import later, month_of

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_history")
        cursor.execute("CREATE TABLE bench_history (LIKE prices_pricehistory) PARTITION BY RANGE (changed_at)")
    months = [later(month_of(NOW), -back) for back in range(MONTHS)]
    params = connection.get_connection_params()
    for name in ("cursor_factory", "context"):
        params.pop(name, None)
    with psycopg.connect(**params) as other:
        other.execute("SET statement_timeout = 0")
        other.execute("SET maintenance_work_mem = '512MB'")
        other.execute("SET TimeZone = 'UTC'")
        for number, month in enumerate(months):
            table = f"bench_history_{number}"
            start, end = f"{month} 00:00+00", f"{later(month, 1)} 00:00+00"
            other.execute(f"CREATE UNLOGGED TABLE {table} (LIKE prices_pricehistory)")
            filling = _FILL.format(
                table=table, products=PRODUCTS, offers=PRODUCTS * OFFERS, rows=MANY // MONTHS, month=number
            )
            other.execute(filling, {"start": start, "end": end})
            other.execute(
                f"CREATE INDEX ON {table} (product_id, changed_at) INCLUDE (offer_id, variant_id, price_minor, asking)"
            )
            other.execute(
                f"ALTER TABLE bench_history ATTACH PARTITION {table} FOR VALUES FROM ('{start}') TO ('{end}')"
            )
            other.commit()
    with psycopg.connect(**params, autocommit=True) as other:
        other.execute("SET statement_timeout = 0")
        other.execute("VACUUM ANALYZE bench_history")
