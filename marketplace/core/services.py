"""Delivers the outbox: claim with a lease, call the handler outside any transaction, mark it done behind a fence."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic

from django.db import connection
from django.db.models import QuerySet

from marketplace.core import events
from marketplace.core.errors import NotFound
from marketplace.core.leases import MAX_ATTEMPTS, backoff, expiry
from marketplace.core.models import OutboxEvent
from monitoring.errors import report
from monitoring.requests import ids
from monitoring.requests.scrubber import scrub_error

logger = logging.getLogger(__name__)

# Seconds after which a relay takes nothing new: a lease is 30 s, a mail server may take 13.
PATIENCE = 10.0

LOST = (
    "Its process was lost at every attempt: out of memory, killed or crashed. See the handler before sending it again."
)

# SKIP LOCKED lets relays work side by side; the lease outlives a crashed one; attempts is the fence.
# An array is made once; a list in IN may be asked for again with each row, and then finds more than the limit.
_CLAIM = """
UPDATE core_outboxevent SET attempts = attempts + 1, locked_until = %s
WHERE id = ANY(ARRAY(
    SELECT id FROM core_outboxevent
    WHERE processed_at IS NULL AND dead_at IS NULL AND due_at <= %s AND (locked_until IS NULL OR locked_until < %s)
    ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED
))
RETURNING id
"""


def claim(*, now: datetime, limit: int = 50) -> Sequence[OutboxEvent]:
    """Takes up to ``limit`` due events for this caller; they are free again when the lease ends."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [expiry(now), now, now, limit])
        ids = [row[0] for row in cursor.fetchall()]
    return list(OutboxEvent.objects.filter(pk__in=ids).order_by("due_at", "id"))


def relay(*, now: datetime, limit: int = 50) -> int:
    """Delivers what is due, one event at a time, and returns how many were delivered.

    Leases count from ``now``, so it stops in good time before the first one ends: handlers talk to slow mail servers.
    """
    done = 0
    deadline = monotonic() + PATIENCE
    for _ in range(limit):
        claimed = claim(now=now, limit=1) if monotonic() < deadline else []
        if not claimed:
            break
        done += deliver(claimed[0], now=now)
    return done


def deliver(event: OutboxEvent, *, now: datetime) -> bool:
    """Calls the handler of one claimed event; a failure is written down and tried again later, or ends as dead.

    It happens under the id of whatever published the event.
    """
    with ids.within(event.correlation_id or ids.current(), handler=event.handler):
        return _deliver(event, now=now)


def _deliver(event: OutboxEvent, *, now: datetime) -> bool:
    if event.attempts > MAX_ATTEMPTS:
        # The last attempt would have ended it: it never came to an end, and took its process with it.
        logger.error("outbox.given_up", extra={"event_id": event.pk, "handler": event.handler})
        _mine(event).update(dead_at=now, locked_until=None, last_error=LOST)
        return False
    subscription = events.subscription(event.handler)
    try:
        if subscription is None:
            raise LookupError(f"No code handles {event.handler!r} any more.")
        with events.delivering(event.pk):
            subscription.handler(event.payload, now)
    except Exception as error:
        logger.exception("outbox.failed", extra={"event_id": event.pk, "handler": event.handler})
        report(error, handler=event.handler, event_id=event.pk)
        _failed(event, error, now=now)
        return False
    return bool(_mine(event).update(processed_at=now, locked_until=None, last_error="", dead_at=None))


def _failed(event: OutboxEvent, error: Exception, *, now: datetime) -> None:
    changes: dict[str, object] = {"last_error": scrub_error(error)[:2000], "locked_until": None}
    if event.attempts >= MAX_ATTEMPTS or getattr(error, "permanent", False):
        changes["dead_at"] = now
    else:
        changes["due_at"] = now + backoff(event.attempts)
    _mine(event).update(**changes)


def _mine(event: OutboxEvent) -> "QuerySet[OutboxEvent]":
    """The row, only while nobody has claimed it since: a slow relay must not overwrite its successor."""
    return OutboxEvent.objects.filter(pk=event.pk, attempts=event.attempts, processed_at__isnull=True)


def send_again(*, event_id: int, now: datetime) -> str:
    """Brings an event that was given up back, with all its attempts; returns its handler. Raises NotFound."""
    dead = OutboxEvent.objects.filter(pk=event_id, processed_at=None, dead_at__isnull=False)
    if not dead.update(dead_at=None, attempts=0, due_at=now, locked_until=None):
        raise NotFound("That event is not among those given up: somebody has sent it again already.")
    return OutboxEvent.objects.values_list("handler", flat=True).get(pk=event_id)


def prune(*, now: datetime, keep: timedelta = timedelta(days=7), limit: int = 5000) -> int:
    """Deletes delivered events older than ``keep``, at most ``limit`` in one go; dead ones stay for people to see."""
    old = OutboxEvent.objects.filter(processed_at__lt=now - keep).order_by("pk").values_list("pk", flat=True)[:limit]
    return OutboxEvent.objects.filter(pk__in=list(old)).delete()[0]
