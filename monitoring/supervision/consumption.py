"""A worker's sign of life: that it consumes. Its process may live, and even its threads, while it takes no task any more.

Each pool process remembers whether it has taken a task, and whether it is at one; a background job writes that down. A task
that takes long within its time limit is work; past the limit it is none. An idle worker is kept in practice by beat, which
sends `supervision.heartbeat` every 10 s.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime

from celery import current_app, signals

from monitoring.supervision import services

# Seconds that a task may run past its hard limit before it no longer counts as work.
MARGIN = 15.0
_DEFAULT_LIMIT = 300.0


class Consumption:
    """What this process has taken since it was last written down."""

    def __init__(self, limit: Callable[[], float], clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._clock, self._lock = limit, clock, threading.Lock()
        self._taken = False
        self._running: dict[str, float] = {}

    def begin(self, task_id: str) -> None:
        """A task was taken."""
        with self._lock:
            self._taken = True
            self._running[task_id] = self._clock()

    def end(self, task_id: str) -> None:
        """It has ended, well or not."""
        with self._lock:
            self._running.pop(task_id, None)

    def works(self) -> bool:
        """Whether it has taken anything since the last call, or is at a task within its time limit."""
        with self._lock:
            taken, self._taken = self._taken, False
            earliest = self._clock() - self._limit() - MARGIN
            return taken or any(begun >= earliest for begun in self._running.values())


def _limit() -> float:
    return float(current_app.conf.task_time_limit or _DEFAULT_LIMIT)


_own = Consumption(_limit)


def note(now: datetime) -> None:
    """The background job."""
    if _own.works():
        services.note(kind="worker", now=now)


def connect() -> None:
    """Listens to Celery's signals; a second call changes nothing."""
    signals.task_prerun.connect(_begin, dispatch_uid="supervision.begin")
    signals.task_postrun.connect(_end, dispatch_uid="supervision.end")


def _begin(task_id: str = "", **kwargs: object) -> None:
    _own.begin(task_id)


def _end(task_id: str = "", **kwargs: object) -> None:
    _own.end(task_id)
