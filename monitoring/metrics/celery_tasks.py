"""What Celery's workers do: tasks by name and outcome, how long they took and how long they had waited."""

import time
from typing import Any

from celery import signals

from monitoring.metrics import samples
from monitoring.metrics.instruments import counter, histogram
from monitoring.metrics.queues import PUBLISHED_AT

tasks_total = counter("tasks", "Tasks that ended, by name and outcome.", ["task", "outcome"])
duration = histogram("task_duration_seconds", "Time that a task took, by name.", ["task"])
waited = histogram("task_wait_seconds", "Time from publishing a task to its start.")

_OUTCOMES = {"SUCCESS": "success", "FAILURE": "failure", "RETRY": "retry", "REJECTED": "rejected", "IGNORED": "ignored"}
# Where a task carries its start, on its own request: a worker that is killed leaves nothing behind.
_BEGIN = "awning_begin"


def connect() -> None:
    """Listens to Celery's signals; a second call changes nothing."""
    signals.before_task_publish.connect(stamp, dispatch_uid="metrics.stamp")
    signals.task_prerun.connect(begin, dispatch_uid="metrics.begin")
    signals.task_postrun.connect(end, dispatch_uid="metrics.end")


def stamp(headers: dict[str, Any] | None = None, **kwargs: object) -> None:
    """Notes when a task is published, so that its wait can be told."""
    if headers is not None:
        headers.setdefault(PUBLISHED_AT, time.time())


def begin(task: Any = None, **kwargs: object) -> None:
    """A task starts."""
    setattr(task.request, _BEGIN, time.monotonic())
    published = getattr(task.request, PUBLISHED_AT, None) or (task.request.headers or {}).get(PUBLISHED_AT)
    if isinstance(published, int | float):
        waited.observe(max(0.0, time.time() - published))


def end(task: Any = None, state: str | None = None, **kwargs: object) -> None:
    """A task has ended, well or not. Names are those of registered tasks, as a worker runs no others."""
    begun = getattr(task.request, _BEGIN, None)
    outcome = _OUTCOMES.get(state or "", "other")
    tasks_total.labels(task.name, outcome).inc()
    seconds = None if begun is None else time.monotonic() - begun
    if seconds is not None:
        duration.labels(task.name).observe(seconds)
    if outcome != "retry":
        samples.observe("task", seconds=seconds, bad=outcome != "success")
