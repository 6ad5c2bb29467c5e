"""Who watches the watcher: the health check and the figures that say when the rules were last evaluated."""

from datetime import UTC, datetime, timedelta

from monitoring.alerts import queries
from monitoring.health import registry
from monitoring.health.registry import Check, Finding

# Eight rounds; a restart of everything takes less.
STALE = timedelta(seconds=120)


def register_check() -> None:
    """Registers the check ``alerts``. It degrades the hall and never takes it out of service."""
    registry.register(Check(name="alerts", run=lambda: check(datetime.now(UTC)), lane="database"))


def check(now: datetime) -> Finding:
    """Whether the rules are being evaluated, and whether what they say reaches anybody."""
    last = queries.last_evaluated()
    if last is None:
        return Finding("failed", "The rules were never evaluated.")
    age = (now - last).total_seconds()
    telling = queries.telling()
    figures = {"evaluated_s_ago": round(age, 1), "messages_waiting": telling.waiting, "messages_dead": telling.dead}
    if age > STALE.total_seconds():
        return Finding("failed", "The rules are no longer evaluated: is any process alive but this one?", figures)
    oldest = telling.oldest_due_at
    if oldest is not None and now - oldest > STALE:
        return Finding("warning", "Messages wait for longer than two minutes.", figures)
    return Finding("ok", "", figures)
