"""What alerts and pages ask about errors."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from monitoring.errors.models import ErrorEvent, ErrorGroup


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of error, as a page or an alert names it."""

    pk: int
    title: str
    message: str
    culprit: str
    origin: str
    status: str
    count: int
    first_seen: datetime
    last_seen: datetime
    created_at: datetime
    reopened_at: datetime | None
    release: str


@dataclass(frozen=True, slots=True)
class Summary:
    """How many kinds are open, and when the last error happened."""

    open: int
    ignored: int
    last_seen: datetime | None


def new_since(at: datetime, *, limit: int = 100) -> list[Kind]:
    """Kinds first stored at ``at`` or later, the newest first; ignored ones left out.

    Let two windows overlap by some seconds: a row becomes visible when its transaction ends, not when it was stamped.
    """
    return _kinds(ErrorGroup.objects.filter(created_at__gte=at).order_by("-created_at"), limit)


def reopened_since(at: datetime, *, limit: int = 100) -> list[Kind]:
    """Kinds that came back after they were resolved, at ``at`` or later; ignored ones left out. Overlap as above."""
    return _kinds(ErrorGroup.objects.filter(reopened_at__gte=at).order_by("-reopened_at"), limit)


def open_kinds(*, limit: int = 50) -> list[Kind]:
    """Open kinds, the latest seen first."""
    return _kinds(ErrorGroup.objects.filter(status=ErrorGroup.Status.OPEN).order_by("-last_seen"), limit)


def summary() -> Summary:
    """The figures above a list of errors."""
    groups = ErrorGroup.objects
    return Summary(
        open=groups.filter(status=ErrorGroup.Status.OPEN).count(),
        ignored=groups.filter(status=ErrorGroup.Status.IGNORED).count(),
        last_seen=groups.order_by("-last_seen").values_list("last_seen", flat=True).first(),
    )


def latest_events(group: int, *, limit: int = 10) -> list[ErrorEvent]:
    """The newest samples of a kind."""
    return list(ErrorEvent.objects.filter(group_id=group).order_by("-at")[:limit])


def _kinds(groups: "QuerySet[ErrorGroup]", limit: int) -> list[Kind]:
    return [
        Kind(
            pk=group.pk,
            title=group.type,
            message=group.message,
            culprit=group.culprit,
            origin=group.origin,
            status=group.status,
            count=group.count,
            first_seen=group.first_seen,
            last_seen=group.last_seen,
            created_at=group.created_at,
            reopened_at=group.reopened_at,
            release=group.release,
        )
        for group in groups.exclude(status=ErrorGroup.Status.IGNORED)[:limit]
    ]
