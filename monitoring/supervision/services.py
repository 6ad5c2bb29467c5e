"""Writes signs of life and restarts down, and clears old ones away."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Max

from monitoring.supervision import identity
from monitoring.supervision.models import Heartbeat, Restart

KEEP_HEARTBEATS = timedelta(days=1)
KEEP_RESTARTS = timedelta(days=90)


def note(*, kind: str, now: datetime, details: Mapping[str, str | int | float] | None = None) -> None:
    """This process lives: one row per process, moved forward."""
    row = Heartbeat(
        kind=kind,
        instance=identity.instance(),
        seen_at=now,
        started_at=identity.started_at(),
        version=identity.release(),
        details=dict(details or {}),
    )
    Heartbeat.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["kind", "instance"],
        update_fields=["seen_at", "started_at", "version", "details"],
    )


def note_restart(*, kind: str, instance: str, at: datetime, reason: str, given_up: bool = False) -> None:
    """A supervisor has started ``instance`` again; or leaves it alone, because the hour has no restarts left."""
    Restart.objects.create(kind=kind, instance=instance, at=at, reason=reason[:300], given_up=given_up)


def prune(*, now: datetime) -> int:
    """Deletes signs of life older than a day, but never the last one of a kind, and restarts older than 90 days."""
    latest = Heartbeat.objects.values("kind").annotate(at=Max("seen_at"))
    newest = {row["kind"]: row["at"] for row in latest}
    gone = 0
    for kind, at in newest.items():
        old = Heartbeat.objects.filter(kind=kind, seen_at__lt=min(at, now - KEEP_HEARTBEATS))
        gone += old.delete()[0]
    return gone + Restart.objects.filter(at__lt=now - KEEP_RESTARTS).delete()[0]
