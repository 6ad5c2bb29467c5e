"""The id travels with Celery's messages: what a request causes later, elsewhere, logs under the same word."""

from collections.abc import Mapping, MutableMapping
from typing import Final, Protocol

from celery import signals

from monitoring.requests import ids

HEADER: Final = "request_id"


class Context(Protocol):
    """What a message said beside its arguments."""

    def get(self, key: str) -> object: ...


class Task(Protocol):
    """What we need of Celery's task."""

    name: str
    request: Context


def follow_tasks() -> None:
    """From now on messages carry the id and tasks begin with it. Calling it again changes nothing."""
    signals.before_task_publish.connect(_publish, weak=False, dispatch_uid="requests.publish")
    signals.task_prerun.connect(_begin, weak=False, dispatch_uid="requests.begin")
    signals.task_postrun.connect(_end, weak=False, dispatch_uid="requests.end")


def _publish(headers: MutableMapping[str, object] | None = None, **kwargs: object) -> None:
    # A message that is sent again keeps the id it has.
    if headers is not None and (request_id := ids.current()):
        headers.setdefault(HEADER, request_id)


def _begin(task_id: str = "", task: Task | None = None, **kwargs: object) -> None:
    ids.begin(_sent_with(task), task=getattr(task, "name", ""), task_id=task_id)


def _end(**kwargs: object) -> None:
    ids.end()


def _sent_with(task: Task | None) -> str | None:
    """The header, where a worker or an eager call puts it."""
    if task is None:
        return None
    found = task.request.get(HEADER)
    if found is None:
        headers = task.request.get("headers")
        found = headers.get(HEADER) if isinstance(headers, Mapping) else None
    return found if isinstance(found, str) else None
