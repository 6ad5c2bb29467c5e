"""A worker's part: claims the owner row of a slot, runs, writes the outcome down behind the fence."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from django.db import connection, transaction
from django.db.models import F, Q

from monitoring.jobs import table
from monitoring.jobs.models import JobRun, PeriodicJob

logger = logging.getLogger(__name__)

# taken: somebody else has it or had it. busy: another slot of the job is at work. late: of no use any more.
Refusal: TypeAlias = Literal["taken", "busy", "late"]

# The job's own row follows in the same statement, and only if the slot was still ours.
_END = """
WITH mine AS (
    UPDATE jobs_jobrun SET state = %(state)s, ended_at = %(now)s, locked_until = NULL, error = %(error)s
    WHERE job = %(job)s AND slot = %(slot)s AND state = 'running' AND attempts = %(fence)s
    RETURNING job
)
UPDATE jobs_periodicjob AS known SET
    succeeded_at = CASE WHEN %(state)s = 'done' THEN greatest(succeeded_at, %(now)s) ELSE succeeded_at END,
    duration_ms = %(took)s,
    failed_at = CASE WHEN %(state)s = 'done' THEN failed_at ELSE %(now)s END,
    last_error = CASE WHEN %(state)s = 'done' THEN last_error ELSE %(error)s END
FROM mine WHERE known.name = mine.job
RETURNING known.name
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A slot that is ours until ``until``, unless it ends sooner; ``fence`` tells us from who had it before."""

    job: str
    slot: datetime
    fence: int
    until: datetime


def claim(*, job: str, slot: datetime, task_id: str, now: datetime) -> Claim | Refusal:
    """Claims the slot for the message ``task_id``. The same message may claim again: its worker was lost, or it retries.

    A job never works at two slots at once: a run that takes longer than its period is not joined by the next.
    """
    known = table.find(job)
    until = now + (known.lease if known else table.LEASE)
    if known is not None and known.is_late(slot, now):
        _skip(job, slot, now)
        return "late"
    with transaction.atomic():
        # Whoever claims a slot of this job waits here for whoever does so now.
        list(PeriodicJob.objects.select_for_update(no_key=True).filter(pk=job).values_list("pk"))
        at_work = JobRun.objects.filter(job=job, state=JobRun.State.RUNNING, locked_until__gte=now)
        busy = at_work.exclude(slot=slot).exclude(task_id=task_id).exists()
        if not busy:
            free = Q(state=JobRun.State.DUE) | Q(state=JobRun.State.RUNNING, locked_until__lt=now)
            again = Q(state=JobRun.State.RUNNING, task_id=task_id)
            rows = JobRun.objects.filter(free | again, job=job, slot=slot)
            taken = rows.update(
                state=JobRun.State.RUNNING,
                task_id=task_id,
                attempts=F("attempts") + 1,
                locked_until=until,
                started_at=now,
                error="",
            )
            if not taken:
                return "taken"
            fence = JobRun.objects.values_list("attempts", flat=True).get(job=job, slot=slot)
            return Claim(job, slot, fence, until)
    if known is not None and known.misfire == "skip":
        _skip(job, slot, now)
    return "busy"


def end(claimed: Claim, *, now: datetime, took: timedelta, error: str = "") -> bool:
    """Writes how it ended; False when the slot was somebody else's by then."""
    values = {
        "state": JobRun.State.FAILED if error else JobRun.State.DONE,
        "now": now,
        "error": error[:300],
        "job": claimed.job,
        "slot": claimed.slot,
        "fence": claimed.fence,
        "took": min(round(took.total_seconds() * 1000), 2**31 - 1),
    }
    with connection.cursor() as cursor:
        cursor.execute(_END, values)
        ours = cursor.fetchone() is not None
    if not ours:
        logger.warning("jobs.overtaken", extra={"job": claimed.job})
    return ours


def give_up(*, job: str, slot: datetime, now: datetime, reason: str) -> None:
    """Nobody tries this slot again."""
    rows = JobRun.objects.filter(job=job, slot=slot, state__in=[JobRun.State.DUE, JobRun.State.RUNNING])
    if rows.update(state=JobRun.State.FAILED, ended_at=now, locked_until=None, error=reason[:300]):
        PeriodicJob.objects.filter(pk=job).update(failed_at=now, last_error=reason[:300])


def _skip(job: str, slot: datetime, now: datetime) -> None:
    JobRun.objects.filter(job=job, slot=slot, state=JobRun.State.DUE).update(state=JobRun.State.SKIPPED, ended_at=now)
