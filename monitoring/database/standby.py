"""The read replica as this process sees it: how far it is behind, whether it may be read, and what happens when it goes.

Each web process looks twice a second, on lines of its own; a request only compares two numbers. How far the replica is
behind is measured by positions in the write-ahead log: what the primary had written when it was asked last, the replica
must have replayed. The time of the last replayed transaction would not do: in an idle hall it grows and nothing is missing.
"""

import logging
import os
import socket
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from time import monotonic
from typing import Any, Final, TypeVar

from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from monitoring.database.line import Line, Silent, conninfo
from monitoring.metrics.instruments import counter, gauge

logger = logging.getLogger(__name__)

R = TypeVar("R")

ALIAS: Final = "replica"
# Seconds. What is older than MOST_LAG is read from the primary; a look that is older than GOOD_FOR proves nothing any more.
MOST_LAG: Final = 5.0
EVERY: Final = 0.5
PATIENCE: Final = 0.5
GOOD_FOR: Final = 3.0

_PRIMARY: Final = b"SELECT pg_current_wal_flush_lsn() - '0/0', system_identifier FROM pg_control_system()"
_REPLICA: Final = (
    b"SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() - '0/0', system_identifier FROM pg_control_system()"
)
# The statement could not be run here, and the server or the connection is at fault: shutdown, crash, starting up.
_LOST: Final = frozenset({"57P01", "57P02", "57P03"})
# Only this statement: it stood in the way of replaying (40001, 40P01), or of a migration that has not arrived yet.
_ELSEWHERE: Final = frozenset({"40001", "40P01", "42P01", "42703", "42883"})

lag_seconds = gauge("replica_lag_seconds", "How far the read replica is behind the primary.", mode="livemax")
used = gauge("replica_used", "Web processes that read from the replica now.")
fallbacks_total = counter(
    "replica_fallbacks", "Statements that the replica could not answer and the primary did, by SQLSTATE.", ["sqlstate"]
)


@dataclass(frozen=True, slots=True)
class Position:
    """Bytes of the write-ahead log that a server had written or replayed at a moment of the monotonic clock."""

    at: float
    written: int


@dataclass
class Watch:
    """What is known of the two servers. ``lag`` is in seconds, infinite before the first proof."""

    primary: Line = field(default_factory=Line)
    replica: Line = field(default_factory=Line)
    # What the primary has written and the replica has not replayed yet, the oldest first.
    ahead: deque[Position] = field(default_factory=lambda: deque(maxlen=600))
    newest: Position | None = None
    proven_at: float = -inf
    system: str = ""
    lag: float = inf
    good_until: float = -inf
    why: str = "It was not asked yet."

    def written(self, position: Position) -> None:
        """The primary's position, before the replica is asked."""
        if self.newest is not None and position.written < self.newest.written:
            # Another primary took over, with less: what the former one had will never be replayed.
            self.ahead.clear()
            self.proven_at = -inf
        self.newest = position
        self.ahead.append(position)

    def replayed(self, written: int, *, at: float) -> None:
        """The replica's position. It has all that the primary had at the newest moment that it has caught up with."""
        while self.ahead and self.ahead[0].written <= written:
            self.proven_at = self.ahead.popleft().at
        self.lag = at - self.proven_at if self.ahead else (0.0 if self.proven_at > -inf else inf)


_watch = Watch()
# The replica's connections of this process, each its thread's.
_attached: "weakref.WeakSet[BaseDatabaseWrapper]" = weakref.WeakSet()


def _in_child() -> None:
    """After a fork: the lines are the parent's."""
    global _watch  # noqa: PLW0603
    _watch = Watch()
    _attached.clear()


os.register_at_fork(after_in_child=_in_child)


def configured() -> bool:
    """Whether this process has a replica."""
    return ALIAS in connections.settings


def usable() -> bool:
    """Whether the replica was seen well a moment ago, and at most 5 s behind. Asks nobody."""
    return monotonic() < _watch.good_until


def lag() -> float:
    """Seconds, as of the last look; infinite when nothing is known."""
    return _watch.lag


def why_not() -> str:
    """Why the replica is not read; "" when it is."""
    return "" if usable() else _watch.why


def connection() -> BaseDatabaseWrapper | None:
    """This thread's connection to the replica; None when there is none to be had."""
    own = connections[ALIAS]
    try:
        own.ensure_connection()
    except Error as error:
        _lose(f"No connection: {type(error).__name__}.")
        return None
    return own


def look(now: datetime) -> None:
    """One look at both servers; what the replica may be used for until the next one."""
    if not configured():
        return
    try:
        well = _measure(_watch)
    except Silent as silent:
        _lose(str(silent))
        _watch.lag, _watch.why = inf, str(silent)
        # Whoever waits for an answer of a server that hangs is woken, and gets it from the primary.
        cut()
    else:
        if well:
            _keep()
        else:
            _lose(_watch.why)
    lag_seconds.set(_watch.lag)
    used.set(float(usable()))


def attach(connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    """Every new connection to the replica: its statements are answered by the primary when the replica cannot."""
    if connection.alias == ALIAS:
        _attached.add(connection)
        if answered not in connection.execute_wrappers:
            connection.execute_wrappers.append(answered)


def answered(
    execute: Callable[[str, object, bool, dict[str, object]], R],
    sql: str,
    params: object,
    many: bool,
    context: dict[str, object],
) -> R:
    """Runs the statement, on the primary when the replica is gone. Every statement stands alone: there is no transaction."""
    try:
        return execute(sql, params, many, context)
    except Error as error:
        state = getattr(error.__cause__, "sqlstate", None)
        lost = state is None or state in _LOST or state.startswith("08")
        if not (lost or state in _ELSEWHERE):
            raise
        if lost:
            _lose(f"A statement failed: {type(error.__cause__ or error).__name__}.")
        fallbacks_total.labels(state or "lost").inc()
        other: Any = connections[DEFAULT_DB_ALIAS].cursor()
        result: R = other.execute(sql, params)
        # Rows are fetched from the cursor that has them.
        own: Any = context["cursor"]
        own.cursor = other.cursor
        return result


def cut() -> None:
    """Ends every connection to the replica under its user's feet: a blocked read returns at once."""
    for wrapper in list(_attached):
        link = wrapper.connection
        with suppress(Exception):
            descriptor = os.dup(link.fileno())
            # Closed meanwhile, its number may be somebody else's socket.
            if link.closed:
                os.close(descriptor)
                continue
            with socket.socket(fileno=descriptor) as doubled:
                doubled.shutdown(socket.SHUT_RDWR)


def hang_up() -> None:
    """Closes the lines until the next look."""
    _watch.primary.hang_up()
    _watch.replica.hang_up()


def figures() -> Mapping[str, str | int | float | bool | None]:
    """For the health pages."""
    return {"used": usable(), "lag_s": round(_watch.lag, 2) if _watch.lag < inf else None}


def _measure(watch: Watch) -> bool:
    """Whether the replica may be read. Raises Silent when it does not answer."""
    try:
        written, watch.system = watch.primary.row(conninfo(), _PRIMARY, patience=PATIENCE)
    except Silent as silent:
        # Nothing is written while the primary is down: what the replica has caught up with stays all there is.
        unknown = f"The primary does not say what it has written: {silent}"
    else:
        unknown = "It has not caught up yet."
        watch.written(Position(monotonic(), int(written)))
    recovering, replayed, system = watch.replica.row(conninfo(ALIAS), _REPLICA, patience=PATIENCE)
    watch.why = _refusal(watch, recovering=recovering == "t", system=system)
    if watch.why:
        watch.lag = inf
        return False
    watch.replayed(int(replayed or 0), at=monotonic())
    if watch.lag > MOST_LAG:
        watch.why = f"It is {watch.lag:.1f} s behind." if watch.lag < inf else unknown
        return False
    return True


def _refusal(watch: Watch, *, recovering: bool, system: str) -> str:
    if not recovering:
        return "It is no replica: it takes writes of its own."
    if watch.system and system != watch.system:
        return "It is a replica of another server."
    return ""


def _keep() -> None:
    """Well: it is read until the next look, and for a few missed ones."""
    if not usable():
        if (pool := getattr(connections[ALIAS], "pool", None)) is not None and not pool.closed:
            # What broke while the replica was away would fail one statement each.
            pool.check()
        logger.info("replica.used")
    _watch.good_until = monotonic() + GOOD_FOR


def _lose(why: str) -> None:
    """Not read until a look finds it well. The first reason is the one that explains the others."""
    if usable():
        logger.warning("replica.left", extra={"reason": why})
        _watch.why = why
    _watch.good_until = -inf
