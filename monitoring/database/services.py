"""Writes slow statements down, plans one on request, forgets old ones."""

from datetime import datetime, timedelta

from django.db import Error, connection, transaction

from monitoring.database import watch
from monitoring.database.models import SlowQuery
from monitoring.database.statements import is_read

RETENTION = timedelta(days=30)
# Rows kept at all: the latest.
MOST_ROWS = 1000
PLAN_TIMEOUT = "2s"
LONGEST_PLAN = 20_000

# Ordered, so that two processes lock the same rows in the same order.
_UPSERT = """
INSERT INTO database_slowquery AS q
    (fingerprint, origin, statement, code, count, very_slow, total_ms, worst_ms, first_at, last_at, plan)
SELECT fingerprint, origin, statement, code, count, very_slow, total_ms, worst_ms, first_at, last_at, ''
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::int[],
            %s::timestamptz[], %s::timestamptz[])
     AS t(fingerprint, origin, statement, code, count, very_slow, total_ms, worst_ms, first_at, last_at)
ORDER BY fingerprint, origin
ON CONFLICT (fingerprint, origin) DO UPDATE SET
    count = q.count + excluded.count,
    very_slow = q.very_slow + excluded.very_slow,
    total_ms = q.total_ms + excluded.total_ms,
    worst_ms = greatest(q.worst_ms, excluded.worst_ms),
    first_at = least(q.first_at, excluded.first_at),
    last_at = greatest(q.last_at, excluded.last_at),
    code = excluded.code
"""


class NotPlanned(Exception):
    """The statement has no plan to show; the text says why, for people."""


def write(now: datetime) -> int:
    """Writes what this process has noted, in one statement; returns the rows. What cannot be written waits."""
    slow = watch.take()
    if not slow:
        return 0
    try:
        _upsert(slow)
    except Error:
        watch.put_back(slow)
        raise
    return len(slow)


def plan(*, query: int, now: datetime) -> str:
    """Asks PostgreSQL how it would run the statement with any values, and keeps the answer. It is not run.

    Raises NotPlanned with the reason: no such row, not a SELECT, or refused by PostgreSQL.
    """
    row = SlowQuery.objects.filter(pk=query).first()
    if row is None:
        raise NotPlanned("This slow query has been forgotten meanwhile.")
    if not is_read(row.statement):
        raise NotPlanned("Only a single SELECT can be planned here: copy the statement and plan it by hand.")
    row.plan, row.planned_at = _explain(row.statement), now
    row.save(update_fields=["plan", "planned_at"])
    return row.plan


def prune(*, now: datetime) -> int:
    """Deletes statements not seen for 30 days, and all beyond the latest 1,000; returns how many."""
    gone = SlowQuery.objects.filter(last_at__lt=now - RETENTION).delete()[0]
    beyond = SlowQuery.objects.order_by("-last_at", "-pk").values_list("pk", flat=True)[MOST_ROWS : MOST_ROWS + 5000]
    return gone + SlowQuery.objects.filter(pk__in=list(beyond)).delete()[0]


def _explain(statement: str) -> str:
    """GENERIC_PLAN (PostgreSQL 16) takes $1 … as they stand; read-only and short, should planning itself run anything."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute(f"SET LOCAL statement_timeout = '{PLAN_TIMEOUT}'")
            # Without parameters psycopg sends the text as it is: percent signs and $1 are the statement's own.
            cursor.execute(f"EXPLAIN (GENERIC_PLAN, COSTS) {statement.rstrip('; ')}", None)
            return "\n".join(line for (line,) in cursor.fetchall())[:LONGEST_PLAN]
    except Error as error:
        said = getattr(getattr(error.__cause__, "diag", None), "message_primary", None) or type(error).__name__
        raise NotPlanned(f"PostgreSQL does not plan it: {said}.") from error


def _upsert(slow: list[watch.Slow]) -> None:
    columns: list[list[str] | list[int] | list[datetime]] = [
        [one.fingerprint for one in slow],
        [one.origin for one in slow],
        [one.statement for one in slow],
        [one.code for one in slow],
        [one.count for one in slow],
        [one.very_slow for one in slow],
        [one.total_ms for one in slow],
        [one.worst_ms for one in slow],
        [one.first_at for one in slow],
        [one.last_at for one in slow],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, columns)
