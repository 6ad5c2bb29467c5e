"""The one table of what runs by the clock, and the queue of every task.

critical: money and what buyers wait for; seconds matter. default: what the hall needs to keep going. bulk: what may take its
time, however much of it there is. Each has workers of its own in the Procfile, so that a flood in one delays no other.

To add a periodic task: one line in JOBS. To add a task that is only sent by code: one line in SENT.
"""

from datetime import timedelta
from typing import Final

from monitoring.jobs.table import Job, Misfire, register

CRITICAL, DEFAULT, BULK = QUEUES = ("critical", "default", "bulk")
HEARTBEAT: Final = "supervision.heartbeat"
_SECOND, _MINUTE, _HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def _job(name: str, every: timedelta, queue: str, misfire: Misfire) -> Job:
    return Job(name, every, queue, misfire)


JOBS: Final = (
    # One per queue: a worker that consumes says so, see monitoring.supervision.consumption.
    *(Job(f"{HEARTBEAT}.{queue}", 10 * _SECOND, queue, "skip", task=HEARTBEAT) for queue in QUEUES),
    _job("rates.poll", 30 * _SECOND, DEFAULT, "skip"),
    _job("errors.forward", 30 * _SECOND, DEFAULT, "skip"),
    _job("imports.fetch_pictures", 30 * _SECOND, BULK, "skip"),
    # Not skipped: behind long tasks of its queue every slot would be late, and the views would stay old as long as those last.
    _job("insights.refresh", 30 * _SECOND, BULK, "once"),
    _job("payments.reconcile", 6 * _HOUR, DEFAULT, "once"),
    _job("core.partitions", _HOUR, DEFAULT, "once"),
    _job("catalog.refresh_words", _HOUR, BULK, "once"),
    _job("catalog.record_asks", _HOUR, BULK, "once"),
    _job("core.prune", _HOUR, BULK, "once"),
    _job("carts.prune", _HOUR, BULK, "once"),
    _job("sessions.prune", 6 * _HOUR, BULK, "once"),
    _job("supervision.prune", _HOUR, BULK, "once"),
    _job("errors.prune", _HOUR, BULK, "once"),
    _job("database.prune", _HOUR, BULK, "once"),
    _job("metrics.prune", _HOUR, BULK, "once"),
    # As often as what it loads begins to be old.
    _job("storefront.warm", 10 * _MINUTE, BULK, "skip"),
    _job("jobs.prune", _HOUR, BULK, "once"),
)  # fmt: skip

# Tasks that code sends, by queue.
SENT: Final = {
    "core.relay": CRITICAL,
    "payments.process_inbox": CRITICAL,
    "payments.perform_refunds": CRITICAL,
    "errors.store": DEFAULT,
}

# Where a task goes that is sent without naming a queue. Heartbeats are beat's alone.
ROUTES: Final = {
    **{job.task_name: {"queue": job.queue} for job in JOBS if job.task_name != HEARTBEAT},
    **{name: {"queue": queue} for name, queue in SENT.items()},
    HEARTBEAT: {"queue": DEFAULT},
}

register(JOBS)
