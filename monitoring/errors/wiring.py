"""Where errors come from by themselves: pages and tasks; and how this process hands them on."""

import sys

from celery import signals
from django.core.signals import got_request_exception
from django.db import DataError, IntegrityError, ProgrammingError, connections
from django.http import HttpRequest
from django.utils import timezone

from monitoring.errors import delivery, services, tasks
from monitoring.errors.batches import BatchRecord, Sender
from monitoring.errors.capture import capture
from monitoring.requests import origin
from monitoring.requests.overload import is_overload


def listen() -> None:
    """From now on every failed page and every failed task is reported. Calling it again changes nothing."""
    origin.follow_tasks()
    got_request_exception.connect(_page_failed, dispatch_uid="errors.page")
    signals.task_failure.connect(_task_failed, weak=False, dispatch_uid="errors.task")


def courier(sender: Sender) -> delivery.Courier:
    """By the broker, else with this thread's own connection."""
    return delivery.Courier(sender, publish=_publish, store=_store)


def _page_failed(request: HttpRequest | None = None, **kwargs: object) -> None:
    error = sys.exc_info()[1]
    # An overload is counted, and alerted by its level: a thousand reports would say the same and cost the most.
    if error is not None and not is_overload(error):
        place = origin.of_request(request) if request is not None else None
        capture(error, handled=False, place=place, facts={})


def _task_failed(sender: object = None, exception: BaseException | None = None, **kwargs: object) -> None:
    """Never the arguments of the task: they may be anything. Our own task reports nothing, lest it feed itself."""
    name = getattr(sender, "name", "")
    if exception is not None and name != tasks.STORE:
        place = origin.Origin(name=f"task:{name}")
        capture(exception, handled=False, place=place, facts={"task_id": kwargs.get("task_id")})


def _publish(batch: BatchRecord) -> None:
    tasks.store_errors.apply_async(args=(batch,), retry=False)


def _store(batch: BatchRecord) -> None:
    try:
        services.store(batch, now=timezone.now())
    except (DataError, IntegrityError, ProgrammingError, ValueError, TypeError, LookupError) as error:
        raise delivery.Unstorable from error
    finally:
        connections.close_all()
