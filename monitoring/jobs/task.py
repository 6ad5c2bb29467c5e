"""What every task of the hall goes through: the owner row of its slot, and the count of its deliveries.

Celery's application names this class, so that no task can do without it.
"""

import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from celery import Task
from celery.exceptions import Ignore, Reject, Retry
from django.db import DatabaseError
from django.utils import timezone

from monitoring.jobs import poison, runs
from monitoring.requests import ids
from monitoring.requests.scrubber import scrub_error

logger = logging.getLogger(__name__)

# Headers of a message that beat sends.
JOB: Final = "awning_job"
SLOT: Final = "awning_slot"
# Where Celery notes on a request that its body is at work.
PROTECTED: Final = "_protected"


def headers(job: str, slot: datetime) -> dict[str, str]:
    """What makes a message a periodic one."""
    return {JOB: job, SLOT: slot.isoformat()}


class HallTask(Task[..., Any]):
    """Celery calls it in the worker's child, inside its own bookkeeping: what is raised here is the task's failure."""

    abstract = True
    Request = "monitoring.jobs.handing:HallRequest"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the task, unless it is a slot that somebody else runs, or one that has cost too many workers."""
        if self.request.called_directly or getattr(self.request, PROTECTED):
            return super().__call__(*args, **kwargs)
        # From here on a task that calls itself just does so.
        setattr(self.request, PROTECTED, 1)
        periodic = _periodic(self.request)
        if _again(self.request) and self._is_poison(args, kwargs, periodic):
            return None
        try:
            return self._run_slot(*periodic, args, kwargs) if periodic else self.run(*args, **kwargs)
        finally:
            if _again(self.request):
                _forgiving(poison.forget, self.request.id)

    def _is_poison(self, args: Any, kwargs: Any, periodic: tuple[str, datetime] | None) -> bool:
        """Counts this delivery before anything is tried. A database that is away counts nothing and stops nothing."""
        now = timezone.now()
        message = poison.Message(
            task_id=str(self.request.id),
            name=self.name,
            queue=str((self.request.delivery_info or {}).get("routing_key") or ""),
            args=list(args),
            kwargs=dict(kwargs),
            correlation_id=ids.current() or "",
        )
        try:
            deliveries = poison.count(message, now=now)
            if deliveries <= poison.MOST_DELIVERIES:
                return False
            reason = poison.bury(message, deliveries=deliveries - 1, now=now)
            if periodic is not None:
                runs.give_up(job=periodic[0], slot=periodic[1], now=now, reason=reason)
        except DatabaseError:
            logger.exception("jobs.uncounted", extra={"task": self.name})
            return False
        return True

    def _run_slot(self, job: str, slot: datetime, args: Any, kwargs: Any) -> Any:
        claimed = runs.claim(job=job, slot=slot, task_id=str(self.request.id), now=timezone.now())
        if not isinstance(claimed, runs.Claim):
            logger.info("jobs.not_ours", extra={"job": job, "reason": claimed})
            return None
        begun = time.monotonic()
        try:
            result = self.run(*args, **kwargs)
        except (Retry, Reject):
            # The same message comes back and claims the slot again.
            raise
        except Exception as error:
            said = "" if isinstance(error, Ignore) else scrub_error(error) or type(error).__name__
            _forgiving(runs.end, claimed, now=timezone.now(), took=_since(begun), error=said)
            raise
        _forgiving(runs.end, claimed, now=timezone.now(), took=_since(begun))
        return result


def _since(begun: float) -> timedelta:
    return timedelta(seconds=time.monotonic() - begun)


def _forgiving(write: Any, *args: Any, **kwargs: Any) -> None:
    """What was done is done: a database that is away now must not turn it into a failure."""
    try:
        write(*args, **kwargs)
    except DatabaseError:
        logger.exception("jobs.unwritten")


def _again(request: Any) -> bool:
    return bool((request.delivery_info or {}).get("redelivered"))


def _periodic(request: Any) -> tuple[str, datetime] | None:
    """Which job's slot the message is for; a worker puts headers on the request, an eager call below ``headers``."""
    below = request.get("headers")
    found = below if isinstance(below, Mapping) else {}
    job, slot = (request.get(name) or found.get(name) for name in (JOB, SLOT))
    if not (isinstance(job, str) and isinstance(slot, str)):
        return None
    return job, datetime.fromisoformat(slot)
