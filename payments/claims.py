"""Rows that are a queue: taken one at a time with a lease, given back behind a fence."""

from collections.abc import Iterator
from datetime import datetime
from time import monotonic
from typing import TypeVar

from django.db import models, transaction
from django.db.models import F, Q, QuerySet

from marketplace.core.leases import expiry

M = TypeVar("M", bound=models.Model)

# Seconds after which a round takes nothing new: leases count from its start and last 30 s.
PATIENCE = 10.0
# The largest number the column holds.
_MOST_ATTEMPTS = 32_767


def each(rows: "QuerySet[M]", *, now: datetime, limit: int) -> "Iterator[M]":
    """Claims due rows one by one, so that no lease runs out while the row waits for its turn."""
    deadline = monotonic() + PATIENCE
    for _ in range(limit):
        if monotonic() > deadline:
            return
        row = one(rows.filter(due_at__lte=now).order_by("due_at", "pk"), now=now)
        if row is None:
            return
        yield row


def one(rows: "QuerySet[M]", *, now: datetime) -> "M | None":
    """The first row that nobody holds, now held by this caller; None when there is none."""
    free = rows.filter(Q(locked_until=None) | Q(locked_until__lt=now))
    with transaction.atomic():
        # NO KEY: rows that refer to this one may be written meanwhile.
        row = free.select_for_update(skip_locked=True, no_key=True, of=("self",)).first()
        if row is None:
            return None
        # From the last number back to 1: a fence must only differ from the one before.
        held = {"attempts": F("attempts") % _MOST_ATTEMPTS + 1, "locked_until": expiry(now)}
        rows.model._default_manager.filter(pk=row.pk).update(**held)
    was_lost = row.locked_until is not None  # type: ignore[attr-defined]
    row.refresh_from_db()
    row._lost_before = was_lost  # type: ignore[attr-defined]
    return row


def lost_before(row: "models.Model") -> bool:
    """Whether whoever claimed it before never gave it back: that process has died, or hangs."""
    return bool(getattr(row, "_lost_before", False))


def give_back(row: "models.Model", **changes: object) -> bool:
    """Writes the outcome and ends the lease, unless somebody else has taken the row since: then False."""
    attempts = row.attempts  # type: ignore[attr-defined]
    mine = type(row)._default_manager.filter(pk=row.pk, attempts=attempts)
    return bool(mine.update(locked_until=None, **changes))
