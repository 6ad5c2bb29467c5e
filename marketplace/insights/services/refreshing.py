"""Refreshes materialized views: when dirty, at most every five minutes, one worker at a time, never losing a change.

Everything of one refresh happens in one transaction, so that it works behind PgBouncer's transaction mode too: the lock
ends with it, and the new contents and the note of what they hold become visible together or not at all.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import Final

from django.db import DatabaseError, connection, transaction

from marketplace.core.leases import backoff
from marketplace.insights.figures import refreshed_total
from marketplace.insights.matviews import AGES, ALL, EVERY, Matview
from marketplace.insights.services.popularity import apply_popularity
from monitoring.errors import report
from monitoring.requests.scrubber import scrub_error

logger = logging.getLogger(__name__)

_LOCK_SPACE: Final = 0x41574E56  # "AWNV": sets these advisory locks apart from everybody else's
# Waiting for a lock on the view: only somebody by hand holds one (milliseconds).
_PATIENCE_MS: Final = 2000
# The longest pause after failures (seconds).
_LONGEST: Final = EVERY.total_seconds()

_KNOWN = "INSERT INTO insights_viewstate (name, dirty_since) VALUES (%s, %s) ON CONFLICT DO NOTHING"
# On one core: a refresh that took them all would make everybody who writes wait for a processor.
_LIMITS = """
SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true),
    set_config('max_parallel_workers_per_gather', '0', true)
"""
_LOCK = "SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))"
# The generation is read before the refresh takes its picture of the tables: what is committed in between is in the
# picture and counted again, what is committed later raises the generation beyond this one. Read afterwards, such a change
# would be noted as seen.
_DUE = """
SELECT dirty_generation FROM insights_viewstate
WHERE name = %(name)s AND (%(at_once)s OR (
    coalesce(due_at <= %(now)s, true) AND (
        refreshed_at IS NULL OR dirty_generation > refreshed_generation OR (%(ages)s AND refreshed_at <= %(aged)s)
        OR NOT %(filled)s
    )
))
"""
_FILLED = "SELECT relispopulated FROM pg_class WHERE oid = %s::regclass"
_DONE = """
UPDATE insights_viewstate SET refreshed_generation = %(generation)s, refreshed_at = %(now)s, duration_ms = %(took)s,
    due_at = %(next)s, attempts = 0, last_error = '',
    dirty_since = CASE WHEN dirty_generation > %(generation)s THEN %(now)s END
WHERE name = %(name)s
"""
_FAILED = """
UPDATE insights_viewstate SET attempts = least(attempts + 1, 30000), failed_at = %s, last_error = %s WHERE name = %s
RETURNING attempts
"""
_TRY_AGAIN = "UPDATE insights_viewstate SET due_at = %s WHERE name = %s"
_TO_APPLY = """
SELECT refreshed_at FROM insights_viewstate WHERE name = 'product' AND refreshed_at > coalesce(applied_at, '-infinity')
"""
_APPLIED = "UPDATE insights_viewstate SET applied_at = %s WHERE name = 'product'"


def refresh_due(*, now: datetime, views: Sequence[Matview] = ALL) -> list[str]:
    """Refreshes what is dirty and due, and hands new popularity on; returns the names of the views that were refreshed."""
    done = [view.name for view in views if refresh(view, now=now)]
    _hand_on()
    return done


def refresh_all(*, now: datetime) -> None:
    """Refreshes every view now, for a hall that was just filled. Whoever is at it already is left to it."""
    for view in ALL:
        refresh(view, now=now, at_once=True)
    _hand_on()


def refresh(view: Matview, *, now: datetime, at_once: bool = False) -> bool:
    """Refreshes one view if it is due, else with ``at_once``; False when it is not due, being refreshed, or fails.

    A failure keeps the old contents, is reported and written down, and is tried again after a pause.
    """
    # Ahead of the transaction: inside, a new row would keep who marks the view dirty waiting until the refresh ends.
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [view.name, now])
    try:
        with transaction.atomic(durable=True):
            done = _refresh(view, now=now, at_once=at_once)
    except DatabaseError as error:
        _failed(view, error, now=now)
        return False
    if done:
        refreshed_total.labels(view.name, "done").inc()
    return done


def _refresh(view: Matview, *, now: datetime, at_once: bool) -> bool:
    begin = monotonic()
    with connection.cursor() as cursor:
        cursor.execute(_LIMITS, [str(view.limit_s * 1000), str(_PATIENCE_MS)])
        cursor.execute(_LOCK, [_LOCK_SPACE, view.name])
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(_FILLED, [view.table])
        # A view without contents, as a restored schema has it, is due whatever its state says, which was restored too.
        # It cannot be refreshed beside readers, and has none.
        filled = bool(cursor.fetchone()[0])
        asked: dict[str, str | bool | datetime] = {
            "name": view.name,
            "filled": filled,
            "now": now,
            "at_once": at_once,
            "ages": view.ages,
            "aged": now - AGES,
        }
        cursor.execute(_DUE, asked)
        found = cursor.fetchone()
        if found is None:
            return False
        how = "CONCURRENTLY " if filled else ""
        cursor.execute(f"REFRESH MATERIALIZED VIEW {how}{view.table}")
        took = round((monotonic() - begin) * 1000)
        cursor.execute(
            _DONE, {"name": view.name, "generation": found[0], "now": now, "next": now + EVERY, "took": took}
        )
    logger.info("view.refreshed", extra={"table": view.name, "duration_ms": took})
    return True


def _failed(view: Matview, error: DatabaseError, *, now: datetime) -> None:
    refreshed_total.labels(view.name, "failed").inc()
    logger.warning("view.failed", extra={"table": view.name, "error": type(error).__name__})
    report(error, table=view.name)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FAILED, [now, scrub_error(error)[:300], view.name])
        attempts = min(int(cursor.fetchone()[0]), 8)
        cursor.execute(_TRY_AGAIN, [now + backoff(attempts, base=15.0, ceiling=_LONGEST), view.name])


def _hand_on() -> None:
    """Until it has succeeded it is tried in every round; two at once write the same."""
    with connection.cursor() as cursor:
        cursor.execute(_TO_APPLY)
        found = cursor.fetchone()
    if found is None:
        return
    try:
        apply_popularity()
    except DatabaseError as error:
        logger.warning("view.not_applied", extra={"table": "product", "error": type(error).__name__})
        report(error, table="product")
        return
    with connection.cursor() as cursor:
        cursor.execute(_APPLIED, [found[0]])
