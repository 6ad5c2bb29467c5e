"""Django's PostgreSQL with a pool that a request waits for only shortly; named in settings as ``monitoring.database.engine``.

CONTRACT's 5 s are what a job in the background waits. A person who waits behind an exhausted pool is better told at
once: the thread is free again, and the pages that need no database are still answered.
"""

from time import monotonic
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS
from django.db.backends.postgresql import base
from django.http import HttpRequest
from psycopg import Error, IsolationLevel
from psycopg_pool import ConnectionPool, PoolTimeout, TooManyRequests

from monitoring.database.patience import Connection, ReplicaConnection, watcher
from monitoring.metrics.instruments import counter
from monitoring.requests import origin
from monitoring.requests.overload import Overloaded

# Seconds of one request, over all that it asks for: with its answer it stays below one second.
REQUEST_WAIT: Final = 0.7

refusals_total = counter(
    "db_pool_refusals",
    "Requests that got no connection in time; exhausted: all were in use, unreachable: none could be made.",
    ["why"],
)


class DatabaseWrapper(base.DatabaseWrapper):
    """One thread's connection. Raises Overloaded in a request that the pool has nothing for."""

    @property
    def pool(self) -> Any:
        """The process's pool, of connections that do not wait for ever; None without one."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if isinstance(options, dict):
            options.setdefault("connection_class", Connection if self.alias == DEFAULT_DB_ALIAS else ReplicaConnection)
        return super().pool

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """From the pool, where there is one."""
        pool = self.pool
        request = origin.request()
        # Who gets nothing from the replica's pool, or something broken, reads from the primary: that is no refusal.
        if pool is None or self.alias != DEFAULT_DB_ALIAS:
            return super().get_new_connection(conn_params)
        # As Django leaves it for settings without an isolation level, which are all that config.databases makes.
        self.isolation_level = IsolationLevel.READ_COMMITTED
        if watcher.silent:
            refusals_total.labels("unreachable").inc()
            raise Overloaded("The database does not answer.")
        pool.open()
        if request is None:
            return _taken(pool, patience=pool.timeout)
        begun = monotonic()
        try:
            return _taken(pool, patience=REQUEST_WAIT - _waited(request))
        except (PoolTimeout, TooManyRequests) as error:
            stats = pool.get_stats()
            full = stats.get("pool_size", 0) >= pool.max_size and not stats.get("pool_available", 0)
            refusals_total.labels("exhausted" if full else "unreachable").inc()
            if not stats.get("pool_size", 0):
                watcher.suspect()
            raise Overloaded("The database has no connection free for this request.") from error
        finally:
            request.pool_waited = _waited(request) + monotonic() - begun  # type: ignore[attr-defined]


def _taken(pool: "ConnectionPool[Any]", *, patience: float) -> Any:
    """A connection that works, tried before it is handed out. Raises PoolTimeout.

    After a restart of the server every idle connection is broken. The pool's own trial pauses for a second after the second
    broken one, longer than a request waits; here the next is taken at once, until the pool makes new ones.
    """
    deadline = monotonic() + patience
    while True:
        connection = pool.getconn(timeout=deadline - monotonic())
        try:
            pool.check_connection(connection)
        except Error:
            pool.putconn(connection)
        except BaseException:
            pool.putconn(connection)
            raise
        else:
            return connection


def _waited(request: HttpRequest) -> float:
    """Seconds: a request that was refused is refused at once when its error page or its session asks again."""
    waited: float = getattr(request, "pool_waited", 0.0)
    return waited
