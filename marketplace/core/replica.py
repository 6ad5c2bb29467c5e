"""Where a read goes: to the read replica when it may be a little behind, else to the primary.

Catalogue, search and statistics ask ``reader()`` for their connection. Carts, orders, money, the admin and everything that
writes use ``django.db.connection``, which is always the primary.

The replica is read where somebody said ``allowed()``: the web process does for pages that only show, unless their reader
has written within the last seconds. Jobs, commands and everything else read the primary. So does whoever has written in
the same request, and whoever has a transaction open.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from monitoring.database import standby

R = TypeVar("R")

# What reads, and what only steers a transaction. All else is taken for a write: too often is harmless.
_HARMLESS: Final = ("SELECT", "SAVEPO", "RELEAS", "ROLLBA", "EXPLAI", "SHOW ", "SET ", "FETCH ", "DECLAR", "CLOSE ")
_WRITING_WITH: Final = re.compile(
    r"\b(INSERT\s+INTO|(?<!FOR\s)UPDATE\s+\w|DELETE\s+FROM|MERGE\s+INTO)\b", re.IGNORECASE
)


@dataclass(slots=True)
class Reading:
    """What is known of the work at hand."""

    may_lag: bool
    wrote: bool = False


_reading: ContextVar[Reading | None] = ContextVar("reading", default=None)


def reader() -> BaseDatabaseWrapper:
    """The connection for reads that may be some seconds old. Ask anew for every statement; never write through it."""
    default = connections[DEFAULT_DB_ALIAS]
    state = _reading.get()
    if state is None or not state.may_lag or state.wrote or not standby.usable() or default.in_atomic_block:
        return default
    return standby.connection() or default


def reading() -> bool:
    """Whether ``reader()`` is the replica at this moment."""
    return reader().alias != DEFAULT_DB_ALIAS


@contextmanager
def allowed(*, may_lag: bool = True) -> Iterator[Reading]:
    """Inside, ``reader()`` may be the replica until something is written; afterwards ``wrote`` says whether it was."""
    state = Reading(may_lag)
    token = _reading.set(state)
    try:
        yield state
    finally:
        _reading.reset(token)


@contextmanager
def primary() -> Iterator[None]:
    """Inside, ``reader()`` is the primary: for a read that must not miss what was committed a moment ago.

    What fills a cache after a change belongs in here: an old value from the replica would be kept as the new one.
    """
    state = _reading.get()
    if state is None:
        yield
        return
    before, state.may_lag = state.may_lag, False
    try:
        yield
    finally:
        state.may_lag = before


def attach(connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    """Every new connection to the primary, where there is a replica: writes are noticed."""
    if connection.alias == DEFAULT_DB_ALIAS and noticing not in connection.execute_wrappers:
        connection.execute_wrappers.append(noticing)


def noticing(
    execute: Callable[[str, object, bool, dict[str, object]], R],
    sql: str,
    params: object,
    many: bool,
    context: dict[str, object],
) -> R:
    """Runs the statement; from the first that writes on, this work reads from the primary."""
    state = _reading.get()
    if state is not None and not state.wrote and writes(sql):
        state.wrote = True
    return execute(sql, params, many, context)


def writes(sql: object) -> bool:
    """Whether a statement may change rows. Functions are taken to read: none of ours that a SELECT calls writes."""
    if not isinstance(sql, str):
        return True
    begin = sql.lstrip()[:6].upper()
    if begin.startswith("WITH"):
        return _WRITING_WITH.search(sql) is not None
    return not begin.startswith(_HARMLESS)
