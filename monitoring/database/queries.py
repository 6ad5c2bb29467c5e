"""What alerts and pages ask about the database."""

from dataclasses import dataclass
from datetime import datetime

from monitoring.database.models import SlowQuery
from monitoring.database.pool import PoolState, pool_state

__all__ = ["PoolState", "SlowStatement", "pool_state", "slowest", "very_slow_since"]


@dataclass(frozen=True, slots=True)
class SlowStatement:
    """One row, as a page shows it. Milliseconds."""

    pk: int
    statement: str
    origin: str
    code: str
    count: int
    very_slow: int
    mean_ms: int
    worst_ms: int
    last_at: datetime
    plan: str
    planned_at: datetime | None


def slowest(*, since: datetime, limit: int = 20) -> list[SlowStatement]:
    """The statements seen since then, by their worst time."""
    rows = SlowQuery.objects.filter(last_at__gte=since).order_by("-worst_ms", "pk")[:limit]
    return [_shown(row) for row in rows]


def very_slow_since(at: datetime, *, limit: int = 20) -> list[SlowStatement]:
    """Statements seen since then that have taken 5 s or longer: what an alert on the sample ``query`` is about."""
    return [
        _shown(row) for row in SlowQuery.objects.filter(last_at__gte=at, very_slow__gt=0).order_by("-last_at")[:limit]
    ]


def _shown(row: SlowQuery) -> SlowStatement:
    return SlowStatement(
        pk=row.pk,
        statement=row.statement,
        origin=row.origin,
        code=row.code,
        count=row.count,
        very_slow=row.very_slow,
        mean_ms=row.total_ms // max(1, row.count),
        worst_ms=row.worst_ms,
        last_at=row.last_at,
        plan=row.plan,
        planned_at=row.planned_at,
    )
