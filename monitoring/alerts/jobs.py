"""The rules over what runs in the background: jobs of the clock, tasks that were given up, and what waits in each queue."""

from datetime import datetime, timedelta
from typing import Final

from monitoring.alerts import sources
from monitoring.alerts.registry import register
from monitoring.alerts.rules import Reading, Rule, Severity
from monitoring.jobs import queries

RUNBOOK: Final = "docs/operations/jobs.md"
_MINUTE = timedelta(minutes=1)
# Waiting tasks from which on somebody should look: nobody waits for bulk.
MOST_WAITING: Final[dict[str, tuple[float, Severity]]] = {
    "critical": (100.0, "page"),
    "default": (500.0, "warning"),
    "bulk": (5_000.0, "warning"),
}


def register_rules() -> None:
    """Registers them."""
    register(_overdue(), _dead(), *(_waiting(queue, *most) for queue, most in MOST_WAITING.items()))


def _overdue() -> Rule:
    return Rule(
        name="job_overdue",
        title="A periodic job is overdue",
        severity="warning",
        read=overdue,
        threshold=0.0,
        clear=0.0,
        unit="duration",
        absent="over",
        hold=_MINUTE,
        clear_for=_MINUTE,
        advice="See its last error under Jobs on /ops/, and whether a beat leads and a worker consumes its queue.",
        runbook=f"{RUNBOOK}#job_overdue",
    )


def overdue(now: datetime) -> list[Reading]:
    """How long ago each overdue job should have gone well. Nothing before any beat has begun."""
    found = []
    for state in queries.overdue(now):
        since = state.succeeded_at
        age = (now - since) if since else state.job.overdue_after()
        said = f"last success {since:%Y-%m-%d %H:%M:%S} UTC" if since else "it has never gone well"
        text = ". ".join(filter(None, (said, state.error if state.failing else "")))
        found.append(Reading(subject=state.job.name, value=max(age.total_seconds(), 1.0), text=text))
    return found


def _dead() -> Rule:
    return Rule(
        name="tasks_dead",
        title="Tasks were given up",
        severity="warning",
        read=lambda now: [Reading(subject=name, value=many) for name, many in queries.dead_by_name().items()],
        threshold=0.0,
        clear=0.0,
        unit="count",
        absent="over",
        advice="They killed their worker each time. Find out why (memory?), then send them again or set them aside on /ops/.",
        runbook=f"{RUNBOOK}#tasks_dead",
    )


def _waiting(queue: str, most: float, severity: Severity) -> Rule:
    return Rule(
        name=f"queue_{queue}_long",
        title=f"Tasks pile up in the {queue} queue",
        severity=severity,
        read=sources.sampled(f"queue_depth.{queue}", _MINUTE, sources.highest),
        threshold=most,
        clear=most / 2,
        unit="count",
        hold=2 * _MINUTE,
        clear_for=2 * _MINUTE,
        give_up=timedelta(hours=1),
        advice=f"See whether a worker consumes {queue} and what it is at; start more of them.",
        runbook=f"{RUNBOOK}#queues",
    )
