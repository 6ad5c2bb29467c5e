"""Beat's part: opens the slots that have come, as rows, and says which of them are to be sent. Nothing here talks to the broker.

Every statement looks at the lease by itself: whoever has lost it writes nothing.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from django.db import connection

from monitoring.jobs import table
from monitoring.jobs.lease import Lease
from monitoring.jobs.models import JobRun, PeriodicJob
from monitoring.metrics.instruments import counter

logger = logging.getLogger(__name__)

Values: TypeAlias = dict[str, str | int | float | datetime | list[str] | list[datetime] | list[timedelta]]
# A message that nobody has taken by then may be lost: it is sent again, then each time after twice as long.
RESEND: Final = timedelta(seconds=60)
# A slot whose workers were lost so often is given up.
MOST_ATTEMPTS: Final = 5
LOST: Final = "Its worker was lost and nobody came back to it."

skipped_total = counter("job_slots_skipped", "Slots of periodic jobs that nobody ran, by job.", ["job"])

_HELD = """
EXISTS (SELECT 1 FROM jobs_lease WHERE name = %(lease)s AND holder = %(holder)s AND fence = %(fence)s
        AND expires_at > clock_timestamp())
"""
_OPEN = f"""
INSERT INTO jobs_jobrun (job, slot, state, fence, sent_at, sends, task_id, attempts, error)
SELECT job, slot, 'due', %(fence)s, %(now)s, 1, '', 0, ''
FROM unnest(%(jobs)s::text[], %(slots)s::timestamptz[]) AS come (job, slot)
WHERE {_HELD} ORDER BY job, slot
ON CONFLICT (job, slot) DO NOTHING
RETURNING job, slot
"""  # noqa: S608 - text of ours
_LAST = """
UPDATE jobs_periodicjob AS known SET last_slot = come.slot
FROM unnest(%(jobs)s::text[], %(slots)s::timestamptz[]) AS come (job, slot)
WHERE known.name = come.job AND known.last_slot < come.slot
"""
_AGAIN = f"""
UPDATE jobs_jobrun SET sent_at = %(now)s, sends = least(sends + 1, 1000), fence = %(fence)s
WHERE state = 'due' AND {_HELD}
AND (sent_at IS NULL OR sent_at < %(now)s - make_interval(secs => %(resend)s * power(2, least(greatest(sends, 1) - 1, 6))))
RETURNING job, slot
"""  # noqa: S608 - text of ours
_UNSENT = """
UPDATE jobs_jobrun SET sent_at = NULL
WHERE state = 'due' AND fence = %(fence)s
AND (job, slot) IN (SELECT * FROM unnest(%(jobs)s::text[], %(slots)s::timestamptz[]))
"""
# A worker that died, and whose message did not come back: once more, unless that has happened too often or is of no use.
_LOST = f"""
UPDATE jobs_jobrun AS run SET
    state = CASE WHEN again THEN 'due' ELSE 'failed' END, sent_at = NULL, locked_until = NULL,
    ended_at = CASE WHEN again THEN NULL ELSE %(now)s END, error = %(lost)s
FROM (
    SELECT id, job <> ALL(%(skipping)s::text[]) AND attempts < %(most)s AS again
    FROM jobs_jobrun WHERE state = 'running' AND locked_until < %(now)s ORDER BY id FOR UPDATE SKIP LOCKED
) AS found
WHERE run.id = found.id AND {_HELD}
RETURNING run.job, run.state
"""  # noqa: S608 - text of ours
# Nobody needs them any more: their time is over, a later slot runs for them, or there is no such job.
_SKIP = f"""
UPDATE jobs_jobrun AS run SET state = 'skipped', ended_at = %(now)s
WHERE run.state = 'due' AND {_HELD} AND (
    run.job <> ALL(%(known)s::text[])
    OR EXISTS (SELECT 1 FROM unnest(%(skipping)s::text[], %(periods)s::interval[]) AS policy (job, every)
               WHERE policy.job = run.job AND run.slot + policy.every <= %(now)s)
    OR (run.job = ANY(%(folding)s::text[])
        AND EXISTS (SELECT 1 FROM jobs_jobrun later WHERE later.job = run.job AND later.slot > run.slot))
)
RETURNING run.job
"""  # noqa: S608 - text of ours


@dataclass(frozen=True, slots=True)
class Due:
    """One slot of one job, to be sent now."""

    job: table.Job
    slot: datetime


def begin(now: datetime) -> dict[str, datetime]:
    """The last slot of every job in the table. New jobs begin with the slot at hand, those of an hour and more with the next."""
    known = table.jobs()
    rows = [
        PeriodicJob(
            name=job.name,
            added_at=now,
            last_slot=job.slot(now) - (timedelta(0) if job.every >= timedelta(hours=1) else job.every),
        )
        for job in known
    ]
    PeriodicJob.objects.bulk_create(rows, ignore_conflicts=True)
    found = PeriodicJob.objects.filter(name__in=[job.name for job in known]).values_list("name", "last_slot")
    return {name: last or now for name, last in found}


def open_slots(lease: Lease, last: dict[str, datetime], *, now: datetime) -> list[Due]:
    """Opens what has come since ``last``, which moves on; the slots that this call has opened, the oldest first."""
    come: list[Due] = []
    for job in table.jobs():
        slots, left_out = job.missed(last.get(job.name, now), now)
        come += [Due(job, slot) for slot in slots]
        if left_out:
            skipped_total.labels(job.name).inc(left_out)
            logger.warning("jobs.missed", extra={"job": job.name, "count": left_out})
    if not come:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, _columns(come) | _holding(lease) | {"now": now})
        mine = set(cursor.fetchall())
        if not lease.held():
            return []
        cursor.execute(_LAST, _columns(come))
    for due in come:
        last[due.job.name] = max(due.slot, last.get(due.job.name, due.slot))
    return sorted((due for due in come if (due.job.name, due.slot) in mine), key=_urgency)


def tidy(lease: Lease, *, now: datetime) -> list[Due]:
    """Ends what nobody needs, takes back what a lost worker held; the slots to send once more."""
    known = table.jobs()
    skipping = [job for job in known if job.misfire == "skip"]
    values: Values = _holding(lease) | {
        "now": now,
        "lost": LOST,
        "most": MOST_ATTEMPTS,
        "resend": RESEND.total_seconds(),
        "known": [job.name for job in known],
        "skipping": [job.name for job in skipping],
        "periods": [job.every for job in skipping],
        "folding": [job.name for job in known if job.misfire == "once"],
    }
    with connection.cursor() as cursor:
        cursor.execute(_LOST, values)
        for name, state in cursor.fetchall():
            logger.warning("jobs.lost", extra={"job": name, "state": state})
        cursor.execute(_SKIP, values)
        for (name,) in cursor.fetchall():
            skipped_total.labels(name).inc()
        cursor.execute(_AGAIN, values)
        found = cursor.fetchall()
    jobs = {job.name: job for job in known}
    return sorted((Due(jobs[name], slot) for name, slot in found if name in jobs), key=_urgency)


def unsent(lease: Lease, dues: Sequence[Due]) -> None:
    """The broker did not take these: they stay due."""
    if dues:
        with connection.cursor() as cursor:
            cursor.execute(_UNSENT, _columns(dues) | {"fence": lease.fence})


def prune(*, now: datetime, keep: timedelta = timedelta(days=2), limit: int = 20_000) -> int:
    """Deletes ended slots older than ``keep``, at most ``limit`` in one go."""
    old = JobRun.objects.filter(slot__lt=now - keep).exclude(state__in=[JobRun.State.DUE, JobRun.State.RUNNING])
    return JobRun.objects.filter(pk__in=list(old.order_by("slot").values_list("pk", flat=True)[:limit])).delete()[0]


def _urgency(due: Due) -> tuple[bool, datetime, str]:
    """Missed slots in their order; of one moment, the critical ones first."""
    return (due.job.queue != "critical", due.slot, due.job.name)


def _holding(lease: Lease) -> Values:
    return {"lease": lease.name, "holder": lease.holder, "fence": lease.fence}


def _columns(dues: Iterable[Due]) -> Values:
    rows = list(dues)
    return {"jobs": [due.job.name for due in rows], "slots": [due.slot for due in rows]}
