"""What the operators see of the outbox: how much is undelivered, and since when."""

from django.db import connection

from monitoring.metrics import collected
from monitoring.supervision import probes

_OPEN = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(due_at)), 0)
FROM core_outboxevent WHERE processed_at IS NULL AND dead_at IS NULL
"""
_DEAD = "SELECT count(*) FROM core_outboxevent WHERE processed_at IS NULL AND dead_at IS NOT NULL"


def register() -> None:
    """Registers the gauges that are looked up when somebody scrapes, and what a wedged worker leaves lying."""
    probes.register_backlog("the outbox", lambda now: _outbox()[1])
    collected.register("outbox_events", "Events not delivered yet.", lambda: [({}, _outbox()[0])])
    collected.register(
        "outbox_oldest_age_seconds",
        "How long the oldest undelivered event is overdue; one that waits for its next attempt is not.",
        lambda: [({}, _outbox()[1])],
        level="outbox_age_s",
    )
    collected.register(
        "outbox_dead_events",
        "Events that were given up and wait for people.",
        lambda: [({}, _dead())],
        # Nobody needs it sooner.
        source="database:audit",
        every=60.0,
        limit=2.0,
        level="outbox_dead",
    )


def _outbox() -> tuple[float, float]:
    with connection.cursor() as cursor:
        cursor.execute(_OPEN)
        count, age = cursor.fetchone()
    return float(count), max(0.0, float(age))


def _dead() -> float:
    with connection.cursor() as cursor:
        cursor.execute(_DEAD)
        return float(cursor.fetchone()[0])
