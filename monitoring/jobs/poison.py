"""Tasks that take their worker with them: counted each time the broker delivers them again, given up after the fifth.

The broker marks what it delivers again, so the first delivery of a task writes nothing. An orderly stop hands tasks back by the
same way; it is taken off the count (monitoring.jobs.handing). Counts are forgotten after a day.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from monitoring.jobs.models import DeadTask, Delivery
from monitoring.metrics.instruments import counter
from monitoring.requests.scrubber import scrub_text

logger = logging.getLogger(__name__)

# How often a task is begun at most.
MOST_DELIVERIES: Final = 5
KEEP_COUNTS: Final = timedelta(days=1)
KEEP_SETTLED: Final = timedelta(days=30)
# Arguments longer than this (characters of JSON) are not kept.
LONGEST: Final = 20_000
REASON: Final = "It was begun {count} times and its worker was lost each time: out of memory, killed or crashed."

dead_total = counter("tasks_given_up", "Tasks given up because they took their worker with them, by name.", ["task"])

_COUNT = """
INSERT INTO jobs_delivery AS known (task_id, name, count, last_at) VALUES (%(id)s, %(name)s, 2, %(now)s)
ON CONFLICT (task_id) DO UPDATE SET
    count = CASE WHEN known.last_at < %(forgotten)s THEN 2 ELSE least(known.count + 1, 1000) END, last_at = excluded.last_at
RETURNING count
"""
# 0 for a first delivery, which had written nothing: the next one is the first again.
_HANDED_BACK = """
INSERT INTO jobs_delivery AS known (task_id, name, count, last_at)
SELECT task_id, name, 0, %(now)s FROM unnest(%(ids)s::text[], %(names)s::text[]) AS back (task_id, name) ORDER BY task_id
ON CONFLICT (task_id) DO UPDATE SET count = greatest(known.count - 1, 0)
"""


@dataclass(frozen=True, slots=True)
class Message:
    """A task as the broker delivered it."""

    task_id: str
    name: str
    queue: str = ""
    args: list[object] = field(default_factory=list)
    kwargs: dict[str, object] = field(default_factory=dict)
    correlation_id: str = ""


def count(message: Message, *, now: datetime) -> int:
    """Notes that the message was delivered again; how often it was delivered in all. Committed before anything is tried."""
    values: dict[str, str | datetime] = {
        "id": message.task_id,
        "name": message.name,
        "now": now,
        "forgotten": now - KEEP_COUNTS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        return int(cursor.fetchone()[0])


def handed_back(names: Mapping[str, str], *, now: datetime) -> None:
    """These tasks, names by id, were stopped in order or not begun: their present delivery does not count."""
    values: dict[str, list[str] | datetime] = {"ids": list(names), "names": list(names.values()), "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_HANDED_BACK, values)


def forget(task_id: str) -> None:
    """It has ended, well or not, and its worker lives."""
    Delivery.objects.filter(pk=task_id).delete()


def bury(message: Message, *, deliveries: int, now: datetime) -> str:
    """Writes the dead letter, once; returns the reason."""
    reason = REASON.format(count=deliveries)
    args, kwargs, complete = _kept(message)
    with transaction.atomic():
        _, new = DeadTask.objects.get_or_create(
            task_id=message.task_id,
            defaults={
                "name": message.name,
                "queue": message.queue,
                "args": args,
                "kwargs": kwargs,
                "complete": complete,
                "reason": reason,
                "deliveries": deliveries,
                "correlation_id": message.correlation_id,
                "dead_at": now,
            },
        )
        forget(message.task_id)
    if new:
        dead_total.labels(message.name).inc()
        logger.error("jobs.given_up", extra={"task": message.name, "task_id": message.task_id, "count": deliveries})
    return reason


def settle(*, pk: int, by: int, now: datetime) -> DeadTask | None:
    """Takes an open dead letter off the list, for whoever asked first; None when there is none."""
    taken = DeadTask.objects.filter(pk=pk, settled_at=None).update(settled_at=now, settled_by=by)
    return DeadTask.objects.get(pk=pk) if taken else None


def reopen(pk: int) -> None:
    """It could not be sent after all."""
    DeadTask.objects.filter(pk=pk).update(settled_at=None, settled_by=None, sent_again_as="")


def prune(*, now: datetime) -> int:
    """Deletes counts of yesterday and letters that were settled a month ago; open ones stay for people to see."""
    gone = Delivery.objects.filter(last_at__lt=now - KEEP_COUNTS).delete()[0]
    return gone + DeadTask.objects.filter(settled_at__lt=now - KEEP_SETTLED).delete()[0]


def _kept(message: Message) -> tuple[list[object], dict[str, object], bool]:
    """The arguments without secrets, and whether they are all there."""
    said = json.dumps([message.args, message.kwargs], default=repr, ensure_ascii=False)
    if len(said) > LONGEST or "\\u0000" in said:
        return [], {}, False
    try:
        # PostgreSQL keeps neither the character 0 nor half a pair: a letter must not fail on its arguments.
        said.encode()
        args, kwargs = json.loads(scrub_text(said))
        return list(args), dict(kwargs), [args, kwargs] == [message.args, message.kwargs]
    except (ValueError, TypeError):
        return [], {}, False
