"""Health checks of rows that are a queue: how long what is due has been waiting."""

from collections.abc import Callable
from datetime import UTC, datetime

from django.db.models import Model, QuerySet

from marketplace.core.models import OutboxEvent
from monitoring.health.registry import Check, Finding, register

# Seconds overdue: the sweep comes every second, so a minute means that nobody works; five, that nobody has noticed.
LATE, LOST = 60.0, 300.0
# Counting stops here: the page needs no exact number of a flood.
MOST_COUNTED = 1000


def register_checks() -> None:
    """Called when the process starts."""
    register(Check("outbox", run=lambda: backlog(undelivered, now=datetime.now(UTC)), lane="database"))


def undelivered() -> "QuerySet[OutboxEvent]":
    """What the relay still has to deliver."""
    return OutboxEvent.objects.filter(processed_at=None, dead_at=None)


def backlog(rows: "Callable[[], QuerySet[Model]]", *, now: datetime) -> Finding:
    """How long the oldest due row of a queue has waited; rows with ``due_at``, in the order of its index."""
    due = rows().filter(due_at__lte=now)
    oldest = due.order_by("due_at", "id").values_list("due_at", flat=True).first()
    late = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    figures = {"oldest_s": round(late, 1), "due": due.order_by()[:MOST_COUNTED].count()}
    if late >= LOST:
        return Finding("failed", f"The oldest has waited for {late:.0f} s: nobody works.", figures)
    if late >= LATE:
        return Finding("warning", f"The oldest has waited for {late:.0f} s.", figures)
    return Finding("ok", "", figures)
