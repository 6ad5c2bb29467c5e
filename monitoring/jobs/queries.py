"""What runs by the clock and how it fares, what was given up, how far long work has come: for pages, checks and alerts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from django.db.models import Count, QuerySet

from monitoring.jobs import table
from monitoring.jobs.lease import BEAT
from monitoring.jobs.models import DeadTask, JobRun, Lease, LongJob, PeriodicJob

# A long job that was not heard of for so long has stopped: its process is gone.
SILENCE: Final = timedelta(minutes=2)
LATELY: Final = timedelta(minutes=30)
MOST_LONG: Final = 5

Health: TypeAlias = Literal["well", "running", "failed", "overdue", "waiting"]
Course: TypeAlias = Literal["running", "stopped", "finished", "failed"]


@dataclass(frozen=True, slots=True)
class JobState:
    """One periodic job as it fares now. ``took`` is the last run's; ``next_at`` the next slot."""

    job: table.Job
    health: Health
    succeeded_at: datetime | None
    took: timedelta | None
    failed_at: datetime | None
    error: str
    next_at: datetime
    running_since: datetime | None = None

    @property
    def failing(self) -> bool:
        """Whether its last run has failed."""
        return self.failed_at is not None and (self.succeeded_at is None or self.failed_at > self.succeeded_at)


def states(now: datetime) -> list[JobState]:
    """Every job of the table, by name. Two queries."""
    known = {row.name: row for row in PeriodicJob.objects.all()}
    since = _at_work(now)
    busy = {job.queue for name in since if (job := table.find(name))}
    return [_state(job, known.get(job.name), since.get(job.name), now, job.queue in busy) for job in table.jobs()]


def _at_work(now: datetime) -> dict[str, datetime | None]:
    """The jobs that run, and since when."""
    at_work = JobRun.objects.filter(state=JobRun.State.RUNNING, locked_until__gte=now).order_by("started_at")
    return {run.job: run.started_at for run in at_work}


def consumed(heartbeats: Mapping[str, str], now: datetime) -> dict[str, datetime]:
    """When a worker last took from each queue; ``heartbeats`` is job by queue. Now, while one is at a job. Two queries."""
    seen = succeeded(heartbeats.values())
    found = {queue: seen[name] for queue, name in heartbeats.items() if name in seen}
    busy = {job.queue for name in _at_work(now) if (job := table.find(name))}
    return found | {queue: now for queue in heartbeats if queue in busy}


def _state(job: table.Job, row: PeriodicJob | None, since: datetime | None, now: datetime, busy: bool) -> JobState:
    """``busy``: a worker of its queue is at a job; what is skipped meanwhile, such as a heartbeat, is late by right."""
    next_at = job.slot(now) + job.every
    if row is None:
        return JobState(job, "waiting", None, None, None, "", next_at)
    took = timedelta(milliseconds=row.duration_ms) if row.duration_ms is not None else None
    found = JobState(job, "well", row.succeeded_at, took, row.failed_at, row.last_error, next_at, since)
    health: Health = "well"
    excused = busy and since is None and job.misfire == "skip"
    if now - (row.succeeded_at or row.added_at) > job.overdue_after() and not excused:
        health = "overdue"
    elif found.failing:
        health = "failed"
    elif since is not None:
        health = "running"
    elif row.succeeded_at is None:
        health = "waiting"
    return JobState(job, health, row.succeeded_at, took, row.failed_at, row.last_error, next_at, since)


def overdue(now: datetime) -> list[JobState]:
    """The jobs whose last success is too long ago."""
    return [state for state in states(now) if state.health == "overdue"]


def succeeded(names: Collection[str]) -> dict[str, datetime]:
    """When each of these jobs last went well; those that never did are left out."""
    rows = PeriodicJob.objects.filter(name__in=names, succeeded_at__isnull=False)
    return {name: at for name, at in rows.values_list("name", "succeeded_at") if at is not None}


def leader(now: datetime) -> str:
    """The beat that may send; "" when none does."""
    return Lease.objects.filter(name=BEAT, expires_at__gt=now).values_list("holder", flat=True).first() or ""


def dead(*, limit: int) -> tuple[list[DeadTask], int]:
    """The open dead letters, the latest first, and how many there are."""
    rows = DeadTask.objects.filter(settled_at=None)
    return list(rows.order_by("-dead_at", "-pk")[:limit]), rows.count()


def dead_by_name() -> dict[str, int]:
    """How many open dead letters there are of each task."""
    rows = DeadTask.objects.filter(settled_at=None).values("name").annotate(many=Count("pk"))
    return {row["name"]: row["many"] for row in rows}


@dataclass(frozen=True, slots=True)
class Long:
    """One long job. ``course`` tells a dead process from one at work; ``share`` is 0 to 1, None when nobody knows."""

    id: int
    kind: str
    title: str
    owner: str
    unit: str
    course: Course
    done: int
    total: int | None
    text: str
    href: str
    started_at: datetime
    updated_at: datetime

    @property
    def share(self) -> float | None:
        """How much of it is done."""
        return min(1.0, self.done / self.total) if self.total else None


def long_jobs(now: datetime, *, owners: Sequence[str] = (), limit: int = MOST_LONG) -> list[Long]:
    """Long jobs that run, or have ended within half an hour, the latest first; of these owners, or of everybody."""
    rows: QuerySet[LongJob] = LongJob.objects.filter(updated_at__gte=now - LATELY)
    if owners:
        rows = rows.filter(owner__in=owners)
    return [_long(row, now) for row in rows.order_by("-updated_at", "-pk")[:limit]]


def _long(row: LongJob, now: datetime) -> Long:
    course: Course = "running"
    if row.state == LongJob.State.FINISHED:
        course = "finished"
    elif row.state == LongJob.State.FAILED:
        course = "failed"
    elif now - row.updated_at > SILENCE:
        course = "stopped"
    return Long(
        id=row.pk,
        kind=row.kind,
        title=row.title,
        owner=row.owner,
        unit=row.unit,
        course=course,
        done=row.done,
        total=row.total,
        text=row.text,
        href=row.href,
        started_at=row.started_at,
        updated_at=row.updated_at,
    )
