"""Who watches the watcher: the health check and the figures that say when the rules were last evaluated."""

from datetime import UTC, datetime, timedelta

from monitoring.alerts import queries
from monitoring.health import registry
from monitoring.health.registry import Check, Finding
from monitoring.metrics import collected

# Eight rounds; a restart of everything takes less.
STALE = timedelta(seconds=120)


def register() -> None:
    """Registers the check ``alerts``, which degrades the hall and never takes it out of service, and the gauges."""
    collected.register(
        "alerts_evaluated_timestamp_seconds",
        "When the rules were last evaluated, in any process; 0 for never.",
        lambda: [({}, _evaluated())],
    )
    collected.register(
        "alerts_open",
        "Open alerts by severity and state.",
        _open,
        labels=["severity", "state"],
    )
    collected.register(
        "alert_messages_waiting", "Messages not sent yet.", lambda: [({}, float(queries.telling().waiting))]
    )
    collected.register("alert_messages_dead", "Messages given up.", lambda: [({}, float(queries.telling().dead))])
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


def _evaluated() -> float:
    last = queries.last_evaluated()
    return last.timestamp() if last else 0.0


def _open() -> list[collected.Row]:
    found = queries.counts()
    pairs = [(severity, state) for severity in ("page", "warning") for state in ("firing", "acknowledged")]
    return [
        ({"severity": severity, "state": state}, float(found.get((severity, state), 0))) for severity, state in pairs
    ]
