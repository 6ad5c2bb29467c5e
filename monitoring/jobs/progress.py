"""How far long work has come, told to whom it concerns: ``begin``, ``advance`` now and then, ``finish`` or ``fail``.

Rows are written outside the work's own transactions, at most once a second. Telling must not cost the work: a database that
refuses is logged, and the work goes on. A process that dies says nothing more: readers take silence for an end.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from django.db import DatabaseError, connection, transaction

from monitoring.jobs.models import LongJob
from monitoring.requests.scrubber import scrub_error

logger = logging.getLogger(__name__)

# Between two writings of one job.
THROTTLE: Final = timedelta(seconds=1)
KEEP: Final = timedelta(days=14)
STAFF: Final = "staff"


class Progress:
    """One long job. Times are the caller's; ``done`` counts what ``begin`` named as its unit."""

    def __init__(self, row: LongJob | None) -> None:
        self._row = row
        self._written = row.updated_at if row else None

    @property
    def pk(self) -> int | None:
        """The row's id; None when it could not be written."""
        return self._row.pk if self._row else None

    @property
    def ended(self) -> bool:
        """Whether somebody has said how it ended."""
        return self._row is None or self._row.state != LongJob.State.RUNNING

    def advance(self, done: int, now: datetime, *, total: int | None = None) -> None:
        """So many are done; ``total`` when it is known only now. Written at most once a second."""
        if self._row is None:
            return
        self._row.done = max(0, done)
        known = total is not None and total != self._row.total
        if known:
            self._row.total = total
        if known or self._written is None or now - self._written >= THROTTLE:
            self._write(now)

    def finish(self, now: datetime, *, text: str = "", href: str = "", done: int | None = None) -> None:
        """It has ended well; ``text`` is one sentence about it, ``href`` leads to a report."""
        self._end(LongJob.State.FINISHED, now, text=text, href=href, done=done)

    def fail(self, now: datetime, text: str, *, href: str = "") -> None:
        """It has ended badly; ``text`` says why and what to do."""
        self._end(LongJob.State.FAILED, now, text=text, href=href, done=None)

    def _end(self, state: LongJob.State, now: datetime, *, text: str, href: str, done: int | None) -> None:
        if self._row is None:
            return
        if done is not None:
            self._row.done = done
        self._row.state, self._row.ended_at = state, now
        self._row.text, self._row.href = text[:300], href[:300]
        self._write(now)

    def _write(self, now: datetime) -> None:
        if self._row is None:
            return
        self._row.updated_at = self._written = now
        fields = ["state", "done", "total", "text", "href", "updated_at", "ended_at"]
        _store(partial(self._row.save, update_fields=fields))


def begin(kind: str, title: str, *, owner: str, total: int | None, now: datetime, unit: str = "rows") -> Progress:
    """A long job begins; ``title`` is what its owner reads ("Import of prices.csv"), ``total`` None when nobody knows."""
    if owner != STAFF and owner.partition(":")[0] not in ("seller", "user"):
        raise ValueError(f"{owner!r} is no owner: use seller:<id>, user:<id> or {STAFF}.")
    row = LongJob(kind=kind, title=title[:120], owner=owner, unit=unit, total=total, started_at=now, updated_at=now)
    _store(partial(row.save, force_insert=True))
    return Progress(row if row.pk else None)


@contextmanager
def following(
    kind: str, title: str, *, owner: str, total: int | None, now: datetime, unit: str = "rows"
) -> Iterator[Progress]:
    """A long job as a block: what it raises is its failure, leaving without a word is its end."""
    progress = begin(kind, title, owner=owner, total=total, now=now, unit=unit)
    try:
        yield progress
    except BaseException as error:
        said = getattr(error, "message", "") or scrub_error(error) or type(error).__name__
        progress.fail(datetime.now(UTC), str(said))
        raise
    if not progress.ended:
        progress.finish(datetime.now(UTC))


def prune(*, now: datetime) -> int:
    """Deletes what was last heard of two weeks ago."""
    return LongJob.objects.filter(updated_at__lt=now - KEEP).delete()[0]


def _store(write: Callable[[], object]) -> None:
    """Writes on its own; a refusal is logged, and a transaction that is already broken is left alone."""
    if connection.needs_rollback:
        return
    try:
        with transaction.atomic():
            write()
    except DatabaseError:
        logger.exception("progress.unwritten")
