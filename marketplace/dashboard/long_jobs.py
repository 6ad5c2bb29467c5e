"""Imports and exports of a stall, while they run and for a while after: a panel that renews itself until all have ended."""

from datetime import datetime
from typing import Final

from django.urls import reverse

from marketplace.core import dates
from marketplace.core.page_parts import Badge, BadgeTone
from marketplace.dashboard.viewmodels import JobLine, JobsPanel
from marketplace.sellers.models import Seller
from monitoring.jobs import queries
from monitoring.jobs.queries import Long

_STATES: Final[dict[str, tuple[str, BadgeTone]]] = {
    "running": ("Running", "info"),
    "stopped": ("Stopped", "danger"),
    "finished": ("Done", "drop"),
    "failed": ("Not done", "danger"),
}


def panel(seller: Seller, *, now: datetime) -> JobsPanel:
    """One query."""
    found = queries.long_jobs(now, owners=[f"seller:{seller.pk}"])
    return JobsPanel(
        lines=tuple(_line(job) for job in found),
        # Nothing asks any more once everything has ended.
        renew_href=reverse("dashboard:jobs", args=[seller.slug])
        if any(job.course == "running" for job in found)
        else "",
    )


def _line(job: Long) -> JobLine:
    text, tone = _STATES[job.course]
    running = job.course == "running"
    return JobLine(
        title=job.title,
        state=Badge(text, tone),
        count=_count(job),
        note=_note(job),
        percent=f"{int(job.share * 100)}" if running and job.share is not None else "",
        running=running,
        report_href=job.href,
    )


def _count(job: Long) -> str:
    if job.total and job.course != "finished":
        return f"{job.done:,} of {job.total:,} {job.unit}".rstrip()
    return f"{job.done:,} {job.unit}".rstrip() if job.done else ""


def _note(job: Long) -> str:
    if job.course == "stopped":
        return "It was interrupted. What it had done by then is kept: start it again, it goes on with the rest."
    if job.course == "running":
        return f"Began {dates.moment(job.started_at)}"
    return job.text
