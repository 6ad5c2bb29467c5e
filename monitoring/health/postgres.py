"""Asks PostgreSQL on a connection of our own, with a hard end to every wait.

Not through the pool: an exhausted pool is no reason to take a process out of service, and waiting for it would make the
probe hang. Kept open between probes, because a server that is out of connections still serves those who have one, and
because a new backend per probe costs more than the question. Driven by libpq's own polling, because a blocking call to
a server that hangs returns when TCP gives up, a quarter of an hour later.
"""

import os
import select
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import pq
from psycopg.conninfo import make_conninfo

from monitoring.health.registry import Figure, Finding

# Seconds for connecting and asking together; below the check's own limit, so that the finding can say what happened.
PATIENCE = 0.25
# Also "on" for a replica; hosts set it when a disk is nearly full.
_QUESTION = b"SELECT current_setting('transaction_read_only')::boolean, current_setting('server_version')"
# Django's and psycopg's own options, which libpq does not know; "options" is refused by PgBouncer.
_NOT_LIBPQ = frozenset(
    {"pool", "options", "isolation_level", "server_side_binding", "assume_role", "prepare_threshold"}
)
_DIRECTIONS = {pq.PollingStatus.READING: select.POLLIN, pq.PollingStatus.WRITING: select.POLLOUT}


class Silent(Exception):
    """PostgreSQL does not answer, or not in time."""


@dataclass
class Line:
    """One connection, used by one thread at a time."""

    _connection: "pq.abc.PGconn | None" = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, conninfo: str, *, patience: float = PATIENCE) -> tuple[bool, str]:
        """Whether the server only reads, and its version. Raises Silent."""
        deadline = monotonic() + patience
        with self._lock:
            kept = self._connection is not None
            try:
                return self._ask(conninfo, deadline)
            except (Silent, psycopg.Error, OSError) as error:
                self.close()
                # A connection that broke since the last time says nothing about the server of now.
                if not kept or monotonic() >= deadline:
                    raise _silent(error) from error
            try:
                return self._ask(conninfo, deadline)
            except (Silent, psycopg.Error, OSError) as error:
                self.close()
                raise _silent(error) from error

    def forget(self) -> None:
        """After a fork: the connection is the parent's, and must not be closed politely."""
        self._connection, self._lock = None, threading.Lock()

    def hang_up(self) -> None:
        """Closes the connection, once nobody uses it."""
        with self._lock:
            self.close()

    def close(self) -> None:
        """Hangs up; the next question dials again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.finish()

    def _ask(self, conninfo: str, deadline: float) -> tuple[bool, str]:
        connection = self._connection
        if connection is None:
            connection = self._connection = _connect(conninfo, deadline)
        connection.send_query(_QUESTION)
        answer: tuple[bool, str] | None = None
        while True:
            while connection.flush():
                _wait(connection, select.POLLOUT, deadline)
            while connection.is_busy():
                _wait(connection, select.POLLIN, deadline)
                connection.consume_input()
            result = connection.get_result()
            if result is None:
                break
            if result.status != pq.ExecStatus.TUPLES_OK:
                raise Silent(result.error_message.decode(errors="replace").strip())
            answer = (result.get_value(0, 0) == b"t", (result.get_value(0, 1) or b"").decode(errors="replace"))
        if answer is None:
            raise Silent("It answered without a row.")
        return answer


def _connect(conninfo: str, deadline: float) -> "pq.abc.PGconn":
    connection = pq.PGconn.connect_start(conninfo.encode())
    try:
        while (status := connection.connect_poll()) != pq.PollingStatus.OK:
            if status == pq.PollingStatus.FAILED:
                raise Silent(connection.error_message.decode(errors="replace").strip() or "It refuses connections.")
            _wait(connection, _DIRECTIONS[pq.PollingStatus(status)], deadline)
        connection.nonblocking = 1
    except BaseException:
        connection.finish()
        raise
    return connection


def _wait(connection: "pq.abc.PGconn", events: int, deadline: float) -> None:
    left = deadline - monotonic()
    waiting = select.poll()
    waiting.register(connection.socket, events)
    if left <= 0 or not waiting.poll(left * 1000):
        raise Silent("No answer in time.")


def _silent(error: Exception) -> Silent:
    return error if isinstance(error, Silent) else Silent(f"{type(error).__name__}: {error}")


_line = Line()
os.register_at_fork(after_in_child=_line.forget)


def hang_up() -> None:
    """Closes the connection until somebody asks again."""
    _line.hang_up()


def conninfo(alias: str = DEFAULT_DB_ALIAS) -> str:
    """How libpq reaches the database that Django uses now."""
    known: Mapping[str, object] = connections.settings[alias]
    options = known.get("OPTIONS")
    extra: dict[str, object] = options if isinstance(options, dict) else {}
    named = {
        "host": known.get("HOST"),
        "port": known.get("PORT"),
        "user": known.get("USER"),
        "password": known.get("PASSWORD"),
        "dbname": known.get("NAME"),
        "application_name": "awning-health",
    }
    plain = {name: value for name, value in extra.items() if name not in _NOT_LIBPQ and name not in named}
    return make_conninfo("", **{name: str(value) for name, value in (plain | named).items() if value})


def check() -> Finding:
    """PostgreSQL answers, and takes writes. Raises Silent."""
    reads_only, version = _line.ask(conninfo())
    figures: dict[str, Figure] = {"version": version, "reads_only": reads_only}
    if reads_only:
        return Finding(
            "warning", "It only reads: a replica, or set to read-only, as hosts do when its disk is full.", figures
        )
    return Finding("ok", "", figures)
