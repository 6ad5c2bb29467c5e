"""PostgreSQL that hangs: a request's thread is given back, and while nothing answers the next ones do not even ask.

The server's own statement_timeout ends what takes too long, as long as the server runs. One that is suspended, or behind a
network that has gone silent, keeps the socket open and says nothing; libpq would wait until TCP gives up, and within a
second every thread of every web process would wait there, those too that could answer from a cache. So each wait on a
pooled connection ends by our own clock. Then one thread of the process asks, on a line of its own, until somebody answers.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import psycopg
from psycopg.rows import TupleRow

from monitoring.database.line import Line, Silent, conninfo
from monitoring.metrics.instruments import counter

logger = logging.getLogger(__name__)

# Seconds: one more than the statements of a web process may take on the server (config.databases.WEB_TIMEOUTS).
PATIENCE: Final = 6.0
# To say that it is there; the first thing that is asked of a connection from the pool. Also what is left for statements
# that are begun while nothing answers.
GREETING: Final = 0.7
# How long a question of the watcher may take, and how long it rests before the next.
QUESTION, REST = 1.0, 0.5

hung_total = counter(
    "db_hung", "Waits for PostgreSQL that ended by our own clock: a greeting or a statement.", ["what"]
)


class Connection(psycopg.Connection[TupleRow]):
    """A connection of the web's pool; no wait on it is without end. The one who waited too long gets OperationalError."""

    # Whether it leads to the server that the watcher asks.
    watched: ClassVar[bool] = True
    _greets = False

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> psycopg.Cursor[TupleRow]:
        """As psycopg does; the pool's empty question is given less time than a statement."""
        self._greets = query == ""
        try:
            return super().execute(query, *args, **kwargs)
        finally:
            self._greets = False

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Every operation passes here: statements, COMMIT, COPY. Raises OperationalError and closes the connection."""
        greets = self._greets or (self.watched and watcher.silent)
        try:
            return super().wait(gen, interval, timeout or (GREETING if greets else PATIENCE))
        except psycopg.errors._WaitTimeout as error:
            # What is said on it later belongs to nobody.
            self.pgconn.finish()
            hung_total.labels("greeting" if greets else "statement").inc()
            if self.watched:
                watcher.suspect()
            raise psycopg.OperationalError("PostgreSQL has not answered in time.") from error


class ReplicaConnection(Connection):
    """The same to a replica: its silence says nothing about the primary, nor the primary's about it."""

    watched = False


def _ask() -> None:
    line = Line()
    try:
        line.row(conninfo(), b"SELECT 1", patience=QUESTION)
    finally:
        line.hang_up()


@dataclass
class Watcher:
    """Whether PostgreSQL is known to be silent; read without a lock, by every request that wants a connection."""

    silent: bool = False
    ask: Callable[[], object] = _ask
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _wake: threading.Event = field(default_factory=threading.Event)

    def suspect(self) -> None:
        """Somebody got no answer: from now on one thread asks, and the others are told at once."""
        with self._lock:
            if self.silent:
                return
            self.silent = True
        logger.warning("database.silent")
        threading.Thread(target=self._watch, name="database-silent", daemon=True).start()

    def _watch(self) -> None:
        while True:
            try:
                self.ask()
            except Silent:
                self._wake.wait(REST)
            else:
                self.silent = False
                logger.warning("database.answers")
                return


watcher: Final = Watcher()
