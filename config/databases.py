"""Turns a DATABASE_URL into Django's connection settings."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from config.env import number, refuse

# SAFETY: limits live in the connection, so a forgotten transaction cannot hold a lock for ever (milliseconds).
WEB_TIMEOUTS = {"statement_timeout": 5_000, "lock_timeout": 2_000, "idle_in_transaction_session_timeout": 10_000}
WORKER_TIMEOUTS = {"statement_timeout": 30_000, "lock_timeout": 2_000, "idle_in_transaction_session_timeout": 60_000}
# Migrations may run long, but must not queue the whole hall behind a lock.
COMMAND_TIMEOUTS = {"lock_timeout": 5_000, "idle_in_transaction_session_timeout": 600_000}
# The parameter of a URL that says so: libpq does not know it.
POOLER = "pgbouncer"
# What a bad URL is replaced by while the other variables are read: no such host can exist (RFC 6761).
_NOWHERE = "postgres://nobody@database.invalid/nowhere"

# A network that goes silent ends a connection after half a minute, instead of the system's quarter of an hour and more:
# what was sent and not acknowledged (milliseconds), and probes of idle connections (seconds, and how many).
_SILENT_NETWORK = {"tcp_user_timeout": 20_000, "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3}


def database(
    url: str, *, name: str, timeouts: dict[str, int], pool: dict[str, Any] | None, application: str
) -> dict[str, Any]:
    """Settings of one PostgreSQL connection; ``name`` is the variable, for the error message.

    A URL that is not PostgreSQL's, with a database, is refused and replaced by one that leads nowhere. With
    ``?pgbouncer=true`` nothing is asked of the connection that a pooler of transactions cannot give: see ``through_pooler``.
    """
    if not is_postgres(url):
        refuse(name, "must look like postgres://user:password@host:5432/database (special characters as %XX).")
        url = _NOWHERE
    parts = urlsplit(url)
    pooled = through_pooler(url)
    options: dict[str, Any] = {key: value for key, value in parse_qsl(parts.query) if key != POOLER}
    options.setdefault("connect_timeout", 5)
    options.setdefault("application_name", application)
    for name_of_option, value in _SILENT_NETWORK.items():
        options.setdefault(name_of_option, value)
    if not pooled:
        options["options"] = " ".join(f"-c {key}={value}" for key, value in timeouts.items())
    if pool is not None:
        options["pool"] = pool
    return {
        "ENGINE": "monitoring.database.engine",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0 if pool is not None else 60,
        # With a pool, monitoring.database.engine tries each connection: the pool's own way takes longer than a request waits.
        "CONN_HEALTH_CHECKS": pool is None,
        "DISABLE_SERVER_SIDE_CURSORS": pooled,
        "OPTIONS": options,
        "TEST": {},
    }


def through_pooler(url: str) -> bool:
    """Whether the URL says that it leads to PgBouncer in transaction mode.

    It refuses time-outs in the start-up packet: they are the role's (``manage.py role_timeouts``). And the next statement
    may run elsewhere: no cursor stays open on the server.
    """
    return dict(parse_qsl(urlsplit(url).query)).get(POOLER, "").lower() in ("true", "1", "yes", "on")


def plain(url: str) -> str:
    """The URL as libpq knows it."""
    parts = urlsplit(url)
    query = urlencode([(key, value) for key, value in parse_qsl(parts.query) if key != POOLER])
    return urlunsplit(parts._replace(query=query))


def replica(
    url: str, *, timeouts: dict[str, int], pool: dict[str, Any] | None, application: str
) -> dict[str, dict[str, Any]]:
    """The second connection of a web process, by its alias; empty without a URL. Whatever it leads to, it only reads."""
    if not url:
        return {}
    only_reads = timeouts | {"default_transaction_read_only": 1}
    found = database(url, name="DATABASE_REPLICA_URL", timeouts=only_reads, pool=pool, application=application)
    # Who waits for a connection reads from the primary before long. Connections are not asked before each use: a statement
    # that fails on the replica is answered by the primary, and what looks after the replica drops broken connections.
    if pool is not None:
        found["OPTIONS"]["pool"] = pool | {"timeout": 0.5, "min_size": min(1, pool["min_size"])}
    # All rows come with the first answer, or they come from the primary: nothing can break in between.
    return {
        "replica": found
        | {"CONN_HEALTH_CHECKS": False, "DISABLE_SERVER_SIDE_CURSORS": True, "TEST": {"MIRROR": "default"}}
    }


def is_postgres(url: str) -> bool:
    """Whether the text is a PostgreSQL URL that names a database."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in ("postgres", "postgresql") and bool(parts.path.strip("/")) and port != 0


def pool() -> dict[str, int]:
    """CONTRACT "pool": wait 5 s for a connection, idle 30 s, lifetime 1 h; the most is one per thread.

    A request waits for less than a second: see monitoring.database.engine.
    """
    return {
        "min_size": number("DB_POOL_MIN", 2),
        "max_size": number("DB_POOL_MAX", 10, least=1),
        "timeout": 5,
        "max_idle": 30,
        "max_lifetime": 3600,
        # The pool waits 1, 2, 4, 8 … s between attempts to connect, for as long as it is told to try: after an outage of
        # minutes it would go on for minutes. Told to give up, it tries anew with the next request.
        "reconnect_timeout": 1,
        "num_workers": 2,
    }
