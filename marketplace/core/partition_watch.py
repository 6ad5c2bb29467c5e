"""What operators see of tables partitioned by month: how many months ahead can be written."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db import connection

from marketplace.core import partitions
from monitoring.alerts.registry import register as register_rules
from monitoring.alerts.rules import Reading, Rule
from monitoring.health.registry import Check, Finding
from monitoring.health.registry import register as register_check
from monitoring.metrics import collected
from monitoring.metrics.collected import Row as GaugeRow
from monitoring.ops import panels
from monitoring.ops.panels import Panel
from monitoring.ops.parts import Body, Cell, Mark, Row, Table, Tone, many, worst

_SIZE = """
SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0), greatest(sum(child.reltuples), 0)
FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid WHERE inhparent = %s::regclass
"""


def register() -> None:
    """Called when the app is ready."""
    collected.register(
        "partitions_months_ahead",
        "Months after this one that can be written; -1 when this month cannot.",
        lambda: ahead_rows(datetime.now(UTC)),
        labels=["table"],
        every=60.0,
    )
    register_check(Check("partitions", run=lambda: finding(datetime.now(UTC)), every=60.0, lane="database"))
    register_rules(_running_out())
    panels.register(Panel("partitions", "Tables by month", panel, 65, every=30.0, column="right"))


def ahead_rows(now: datetime) -> list[GaugeRow]:
    """One row per table: how many months ahead are there."""
    return [
        ({"table": table.table}, float(partitions.months_ahead(table, now=now))) for table in partitions.registered()
    ]


def finding(now: datetime) -> Finding:
    """Well while every table has a month ahead. Never more than a warning: whoever writes makes the month that is missing."""
    ahead = {str(labels["table"]): int(value) for labels, value in ahead_rows(now)}
    short = sorted(table for table, months in ahead.items() if months < 1)
    if short:
        return Finding("warning", f"No month ahead is made for {', '.join(short)}.", ahead)
    return Finding("ok", figures=ahead)


def _running_out() -> Rule:
    return Rule(
        name="partitions_short",
        title="A table has no month ahead to write into",
        severity="warning",
        read=_readings,
        threshold=1.0,
        clear=1.0,
        below=True,
        unit="count",
        # The task comes every hour: a month that it makes at once is no news.
        hold=timedelta(hours=2),
        advice="See why the task core.partitions fails, then run it: writes make the month themselves meanwhile.",
        runbook="docs/operations/prices.md#partitions",
    )


def _readings(now: datetime) -> Sequence[Reading]:
    return [Reading(subject=str(labels["table"]), value=value) for labels, value in ahead_rows(now)]


def panel(now: datetime) -> Body:
    """Each table with its oldest month, the months ahead, what is kept and how large it is."""
    rows, tones = [], []
    for table in partitions.registered():
        known, ahead = partitions.months(table), partitions.months_ahead(table, now=now)
        tone: Tone = "good" if ahead >= 1 else "warn"
        tones.append(tone)
        kept = f"{table.keep_months} months kept" if table.keep_months else "all kept"
        rows.append(
            Row(
                table.table,
                (
                    Cell(table.table, small=f"since {known[0]:%b %Y}, {kept}" if known else kept, code=True),
                    Cell(mark=Mark(tone, many(ahead, "month") if ahead >= 0 else "none")),
                    Cell(_size(table.table), number=True),
                ),
            )
        )
    heads = (("Table", False), ("Ahead", False), ("Size", True))
    if not rows:
        return Body(Mark("idle", "None"), note="No table is partitioned.")
    tone = worst(*tones)
    mark = Mark(tone, "Months ahead" if tone == "good" else "Short of months")
    return Body(mark, tables=(Table("partitions", "Tables partitioned by month", heads, tuple(rows)),))


def _size(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(_SIZE, [table])
        size, rows = cursor.fetchone()
    return f"{float(size) / 2**20:,.1f} MB, {int(rows or 0):,} rows"
