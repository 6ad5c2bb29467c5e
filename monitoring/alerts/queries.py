"""Alerts for pages, the health check and the metrics: what is open, how each rule stands, what could not be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min, Q, QuerySet

from monitoring.alerts import registry
from monitoring.alerts.models import Alert, AlertDelivery, Evaluation, Standing
from monitoring.alerts.rules import value_text


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert as a page shows it; ``acknowledged_by`` and ``resolved_by`` are names or addresses of operators."""

    id: int
    rule: str
    title: str
    subject: str
    severity: str
    state: str
    cause: str
    value: str
    text: str
    since: datetime
    fired_at: datetime
    flapping: bool
    acknowledged_at: datetime | None
    acknowledged_by: str
    resolved_at: datetime | None
    resolved_by: str
    note: str
    advice: str
    runbook: str


@dataclass(frozen=True, slots=True)
class StandingView:
    """How one subject of a rule stands: ok, pending, firing or missing. ``value`` and ``threshold`` are texts."""

    rule: str
    title: str
    subject: str
    severity: str
    state: str
    value: str
    threshold: str
    text: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class DeadDelivery:
    """A message that no longer is tried; ``services.send_again`` brings it back."""

    id: int
    subject: str
    channel: str
    target: str
    dead_at: datetime
    attempts: int
    error: str


@dataclass(frozen=True, slots=True)
class Telling:
    """How telling goes: what waits, since when, and what was given up."""

    waiting: int
    oldest_due_at: datetime | None
    dead: int


def open_alerts() -> list[AlertView]:
    """What fires now, pages first, the newest first."""
    rows = _with_people().filter(resolved_at__isnull=True)
    return [_view(alert) for alert in rows.order_by("severity", "-fired_at", "-pk")]


def history(*, limit: int = 50) -> list[AlertView]:
    """What is resolved, the latest first."""
    rows = _with_people().filter(resolved_at__isnull=False)
    return [_view(alert) for alert in rows.order_by("-resolved_at", "-pk")[:limit]]


def standings() -> list[StandingView]:
    """Every rule and how it stands: what fires first, then what is pending, then what has no data."""
    rank = {"firing": 0, "pending": 1, "missing": 2, "ok": 3}
    views = []
    known: dict[str, list[Standing]] = {}
    for row in Standing.objects.order_by("rule", "subject"):
        known.setdefault(row.rule, []).append(row)
    for rule in registry.rules():
        bound = f"{'below' if rule.below else 'above'} {value_text(rule.threshold, rule.unit)}"
        # A rule of many subjects none of which was ever in trouble has no rows, and is well.
        quiet = "ok" if rule.absent == "over" else "missing"
        empty = StandingView(rule.name, rule.title, "", rule.severity, quiet, "", bound, "", None)
        views += [
            StandingView(
                rule=rule.name,
                title=rule.title,
                subject=row.subject,
                severity=rule.severity,
                state=row.state,
                value=value_text(row.value, rule.unit),
                threshold=bound,
                text=row.text,
                since=row.since,
            )
            for row in known.get(rule.name, ())
        ] or [empty]
    return sorted(views, key=lambda view: (rank[view.state], view.rule, view.subject))


def counts() -> dict[tuple[str, str], int]:
    """Open alerts by (severity, state): state is firing or acknowledged."""
    found: dict[tuple[str, str], int] = {}
    for alert in Alert.objects.filter(resolved_at__isnull=True).only("severity", "acknowledged_at", "resolved_at"):
        key = (alert.severity, alert.state)
        found[key] = found.get(key, 0) + 1
    return found


def last_evaluated() -> datetime | None:
    """When the last round ended, in any process; None when there never was one."""
    return Evaluation.objects.filter(pk=1).values_list("finished_at", flat=True).first()


def telling() -> Telling:
    """The queue of messages."""
    rows = AlertDelivery.objects.filter(sent_at__isnull=True)
    waiting = rows.filter(dead_at__isnull=True)
    return Telling(
        waiting=waiting.count(),
        oldest_due_at=waiting.aggregate(oldest=Min("due_at"))["oldest"],
        dead=rows.filter(dead_at__isnull=False).count(),
    )


def dead_deliveries(*, limit: int = 50) -> list[DeadDelivery]:
    """Messages given up, the latest first."""
    rows = AlertDelivery.objects.filter(dead_at__isnull=False).select_related("message").order_by("-dead_at", "-pk")
    return [
        DeadDelivery(
            id=row.pk,
            subject=row.message.subject,
            channel=row.get_channel_display(),
            target=row.target,
            dead_at=row.dead_at,
            attempts=row.attempts,
            error=row.last_error,
        )
        for row in rows[:limit]
        if row.dead_at is not None
    ]


def dead_since(since: datetime, *, but_of: Sequence[str] = ()) -> int:
    """How many messages were given up since then, without those of some rules."""
    return AlertDelivery.objects.filter(~Q(message__rule__in=but_of), dead_at__gte=since).count()


def _with_people() -> "QuerySet[Alert]":
    return Alert.objects.select_related("acknowledged_by", "resolved_by")


def _view(alert: Alert) -> AlertView:
    rule = registry.find(alert.rule)
    return AlertView(
        id=alert.pk,
        rule=alert.rule,
        title=alert.title,
        subject=alert.subject,
        severity=alert.severity,
        state=alert.state,
        cause=alert.cause,
        value=alert.value_text,
        text=alert.text,
        since=alert.since,
        fired_at=alert.fired_at,
        flapping=alert.flapping,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=str(alert.acknowledged_by or ""),
        resolved_at=alert.resolved_at,
        resolved_by=str(alert.resolved_by or ""),
        note=alert.note,
        advice=rule.advice if rule else "",
        runbook=rule.runbook if rule else "",
    )
