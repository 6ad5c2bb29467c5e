"""What the signs of life say: for health checks, alerts, pages and supervisors."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max

from monitoring.supervision.models import Heartbeat, Restart

# A process that gave no sign for this long is not running, or stuck.
SILENCE = timedelta(seconds=60)
# Pages list what has lived lately.
LATELY = timedelta(minutes=15)
MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Process:
    """One process; ``fresh`` means that it gave a sign within the last minute."""

    kind: str
    instance: str
    seen_at: datetime
    started_at: datetime
    version: str
    details: Mapping[str, str | int | float]
    fresh: bool


@dataclass(frozen=True, slots=True)
class RestartLine:
    """One restart; ``given_up`` when there was none, because the hour had none left."""

    kind: str
    instance: str
    at: datetime
    reason: str
    given_up: bool


def last_seen(kind: str) -> datetime | None:
    """When any process of this kind gave its last sign of life."""
    latest: datetime | None = Heartbeat.objects.filter(kind=kind).aggregate(at=Max("seen_at"))["at"]
    return latest


def seen(kind: str, instance: str) -> datetime | None:
    """When this very process did."""
    return Heartbeat.objects.filter(kind=kind, instance=instance).values_list("seen_at", flat=True).first()


def alive(kind: str, *, since: datetime) -> int:
    """How many processes of this kind gave a sign since then."""
    return Heartbeat.objects.filter(kind=kind, seen_at__gte=since).count()


def processes(now: datetime) -> list[Process]:
    """The processes of the last quarter of an hour, by kind, the latest sign first."""
    rows = Heartbeat.objects.filter(seen_at__gte=now - LATELY).order_by("kind", "-seen_at", "instance")[:MOST_ROWS]
    return [
        Process(
            kind=row.kind,
            instance=row.instance,
            seen_at=row.seen_at,
            started_at=row.started_at,
            version=row.version,
            details=row.details,
            fresh=row.seen_at >= now - SILENCE,
        )
        for row in rows
    ]


def restarts(since: datetime) -> list[RestartLine]:
    """What supervisors have started again since then, or have given up, the latest first."""
    rows = Restart.objects.filter(at__gte=since).order_by("-at", "-pk")[:MOST_ROWS]
    return [RestartLine(row.kind, row.instance, row.at, row.reason, row.given_up) for row in rows]


def restart_counts(since: datetime) -> dict[str, int]:
    """How many restarts there were since then, by kind."""
    rows = Restart.objects.filter(at__gte=since, given_up=False).values("kind").annotate(many=Count("pk"))
    return {row["kind"]: row["many"] for row in rows}
