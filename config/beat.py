"""Celery's beat with a table, a leader and a memory of our own: however many run, one sends, and each slot runs once.

What is due stands in PostgreSQL (monitoring.jobs) before anything is sent; the broker only wakes workers up. A broker that is
away costs the time it is away, a beat that dies as long as its lease lasts.
"""

import logging
import secrets
import time
from datetime import datetime
from typing import Any, Final

from celery.beat import Scheduler as CeleryScheduler
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from config.broker import beat_lease_seconds
from monitoring import background
from monitoring.jobs import dispatch, table
from monitoring.jobs.dispatch import Due
from monitoring.jobs.lease import Lease
from monitoring.jobs.task import headers
from monitoring.supervision import identity
from monitoring.supervision.pulse import Pulse

logger = logging.getLogger(__name__)

# A round at least so often (seconds): the lease wants to be renewed, and a second beat to see that it has ended.
ROUND: Final = 1.0
# Between two looks at what was lost or not taken (seconds).
TIDY: Final = 5.0
# What the last writing down may take (seconds).
FINISH: Final = 1.0


class Scheduler(CeleryScheduler):
    """Named in config.broker as ``beat_scheduler``."""

    def __init__(self, *args: Any, lease_seconds: float = beat_lease_seconds, **kwargs: Any) -> None:
        # Its own word after the name: a beat that starts again is another holder.
        holder = f"{identity.instance()}:{secrets.token_hex(4)}"
        self.lease = Lease(holder, seconds=lease_seconds)
        self.pulse = Pulse("beat")
        self.last: dict[str, datetime] | None = None
        self.tidied = float("-inf")
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        """Nothing of Celery's: the table is monitoring.jobs', and what was sent stands in PostgreSQL."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """One round: sends what is due, if it is ours to send; seconds until the next."""
        wait = ROUND
        close_old_connections()
        try:
            wait = self.round(timezone.now())
        except DatabaseError as error:
            # Without its word nobody knows who may send.
            logger.warning("beat.blind", extra={"error": type(error).__name__})
            connection.close()
            self.last = None
        self.pulse.beat(timezone.now())
        return wait

    def round(self, now: datetime) -> float:
        """As ``tick``. Raises DatabaseError."""
        led = self.lease.held()
        if not self.lease.take():
            if led:
                logger.warning("beat.overtaken")
            self.last = None
            return min(ROUND, self.lease.seconds / 4)
        if self.last is None:
            logger.info("beat.leads", extra={"count": self.lease.fence})
            self.last = dispatch.begin(now)
        due = dispatch.open_slots(self.lease, self.last, now=now)
        if time.monotonic() - self.tidied >= TIDY:
            self.tidied = time.monotonic()
            due += dispatch.tidy(self.lease, now=now)
        self.send(due)
        next_slot = min((job.slot(now) + job.every for job in table.jobs()), default=now)
        return max(0.01, min(ROUND, self.lease.seconds / 4, (next_slot - timezone.now()).total_seconds()))

    def send(self, dues: list[Due]) -> None:
        """Sends them in order; what the broker does not take, or what is not ours any more, stays due."""
        for place, due in enumerate(dues):
            if not self.lease.held():
                # Stopped in the middle and woken after somebody else took over: that one sends the rest.
                logger.warning("beat.late", extra={"count": len(dues) - place})
                return
            try:
                self.publish(due)
            except Exception as error:  # noqa: BLE001 - whatever it is: the slot is written down and is sent again
                logger.warning("beat.unsent", extra={"job": due.job.name, "error": type(error).__name__})
                dispatch.unsent(self.lease, dues[place:])
                return

    def publish(self, due: Due) -> None:
        """One message; a fast job's is of no use after its period."""
        self.app.send_task(
            due.job.task_name,
            queue=due.job.queue,
            headers=headers(due.job.name, due.slot),
            expires=due.job.every.total_seconds() if due.job.misfire == "skip" else None,
            ignore_result=True,
        )

    def close(self) -> None:
        """The end: somebody else may lead at once, and what was measured is written down before the process goes."""
        super().close()
        try:
            self.lease.leave()
        except DatabaseError:
            logger.warning("beat.lease_left")
        background.finish(FINISH)
