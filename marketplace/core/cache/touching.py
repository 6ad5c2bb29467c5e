"""Invalidation: a change touches its tags when it is committed, and a touch that Redis did not hear of is made good."""

import logging
from datetime import datetime

from django.db import DatabaseError, transaction

from marketplace.core.cache.depends import checked
from marketplace.core.cache.engines import engine
from marketplace.core.cache.link import LinkDown, Refused
from marketplace.core.db import in_transaction
from marketplace.core.models import UnsentTouch
from monitoring.metrics.instruments import counter

logger = logging.getLogger(__name__)

# Everything in the cache depends on it.
EVERYTHING = "*"
# Tags that one change touches one by one; beyond them everything is touched.
MOST_AT_ONCE = 5_000
_SETTLED_AT_ONCE = 1_000
_touches = counter("cache_touches", "Tags touched, by whether Redis heard of it.", ["heard"])
_heard, _unheard = _touches.labels("yes"), _touches.labels("no")


class _Touch:
    """A callback of a transaction; tags of the same savepoint gather in one. ``written`` ones have a row already."""

    def __init__(self) -> None:
        self.tags: dict[str, None] = {}
        self.written: set[str] = set()

    def __call__(self) -> None:
        _send(list(self.tags), written=self.written)


def touch(*tags: str) -> None:
    """Ends the belief in everything made of these, once the open transaction is committed; at once outside one.

    While Redis is away the touch is written down in the same transaction, so that a process which dies with it loses none.
    """
    names = [checked(tag) for tag in tags]
    if not names:
        return
    if not engine().enabled:
        engine().local.touch(names)
        return
    if not in_transaction():
        _send(names, written=set())
        return
    gathered = _gathered()
    gathered.tags.update(dict.fromkeys(names))
    if engine().link.down and (new := [name for name in gathered.tags if name not in gathered.written]):
        UnsentTouch.objects.create(tags=_bounded(new))
        gathered.written.update(new)


def _gathered() -> _Touch:
    """The callback of the innermost open savepoint: one that is rolled back takes its touches with it."""
    connection = transaction.get_connection()
    if connection.run_on_commit:
        savepoints, callback = connection.run_on_commit[-1][:2]
        if isinstance(callback, _Touch) and savepoints == set(connection.savepoint_ids):
            return callback
    gathered = _Touch()
    transaction.on_commit(gathered, robust=True)
    return gathered


def touch_now(*tags: str) -> None:
    """Ends the belief in everything made of these at once; for what no transaction writes."""
    _send([checked(tag) for tag in tags], written=set())


def _send(tags: list[str], *, written: set[str]) -> None:
    try:
        engine().store.touch(_bounded(tags))
        _heard.inc(len(tags))
    except (LinkDown, Refused) as error:
        _unheard.inc(len(tags))
        if isinstance(error, Refused):
            # It holds values that are no longer true and will not hear of it: not to be believed until it does.
            engine().link.leave_alone()
        _write_down([tag for tag in tags if tag not in written])
    finally:
        # Last: what was read from Redis before it knew may have come into memory since.
        engine().local.touch(tags)


def _write_down(tags: list[str]) -> None:
    if not tags:
        return
    try:
        UnsentTouch.objects.create(tags=_bounded(tags))
    except DatabaseError:
        engine().owes = True
        logger.exception("cache.touch_lost")


def _bounded(tags: list[str]) -> list[str]:
    return tags if len(tags) <= MOST_AT_ONCE else [EVERYTHING]


def settle(now: datetime) -> int:
    """Sends what Redis did not hear of; returns how many changes were sent, 0 while it is still away. A sweep."""
    try:
        return _settle(anyway=False)
    except (LinkDown, Refused):
        return 0


def make_good() -> bool:
    """Before this process asks Redis again: everything it may have missed is sent. Raises LinkDown, Refused."""
    try:
        while _settle(anyway=True):
            pass
    except DatabaseError:
        # PostgreSQL is away too: better an old page than none, unless we know that something changed.
        if engine().owes:
            return False
    if engine().owes:
        engine().store.touch([EVERYTHING], anyway=True)
        engine().owes = False
    return True


def _settle(*, anyway: bool) -> int:
    rows = list(UnsentTouch.objects.order_by("pk").values_list("pk", "tags")[:_SETTLED_AT_ONCE])
    if not rows:
        return 0
    tags = list(dict.fromkeys(tag for _, row in rows for tag in row))
    engine().store.touch(_bounded(tags), anyway=anyway)
    engine().local.touch(tags)
    # Only what was seen: a touch that is being written down meanwhile is sent the next time.
    UnsentTouch.objects.filter(pk__in=[pk for pk, _ in rows]).delete()
    logger.info("cache.settled", extra={"count": len(tags)})
    return len(rows)
