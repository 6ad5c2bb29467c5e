"""A connection to PostgreSQL of our own, for questions about the server itself, with a hard end to every wait.

Not through the pool: an exhausted pool is no reason to think the server ill, and waiting for it would make the question
hang. Kept open between questions, because a server that is out of connections still serves those who have one, and
because a new backend each time costs more than the question. Driven by libpq's own polling, because a blocking call to
a server that hangs returns when TCP gives up, a quarter of an hour later.
"""

import select
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import pq
from psycopg.conninfo import make_conninfo

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

    def row(self, conninfo: str, question: bytes, *, patience: float) -> tuple[str, ...]:
        """The one row of the answer, NULL as "". ``patience`` is for connecting and asking together. Raises Silent."""
        deadline = monotonic() + patience
        with self._lock:
            kept = self._connection is not None
            try:
                return self._ask(conninfo, question, deadline)
            except (Silent, psycopg.Error, OSError) as error:
                self.close()
                # A connection that broke since the last time says nothing about the server of now.
                if not kept or monotonic() >= deadline:
                    raise _silent(error) from error
            try:
                return self._ask(conninfo, question, deadline)
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

    def _ask(self, conninfo: str, question: bytes, deadline: float) -> tuple[str, ...]:
        connection = self._connection
        if connection is None:
            connection = self._connection = _connect(conninfo, deadline)
        connection.send_query(question)
        answer: tuple[str, ...] | None = None
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
            answer = tuple((result.get_value(0, at) or b"").decode(errors="replace") for at in range(result.nfields))
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
