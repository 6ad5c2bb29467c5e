"""PostgreSQL as the hall needs it: version, rights, extensions, enough connections."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import psycopg
from django.core.checks import CheckMessage
from psycopg.rows import namedtuple_row

from monitoring.preflight.findings import error, warning

OLDEST = 16
# CONTRACT: the fleet takes at most this share of the server's connections.
SHARE = 0.8
# Seconds our clock may differ from the database's before holds and quotes end at the wrong moment.
CLOCK_TOLERATED, CLOCK_TOO_FAR = 2.0, 30.0

_FACTS = """
SELECT current_setting('server_version_num')::int / 10000 AS version,
       current_user AS role,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
       (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS role_limit,
       (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS database_limit,
       pg_is_in_recovery() AS replica,
       (SELECT system_identifier::text FROM pg_control_system()) AS system,
       current_database()::text AS database,
       has_schema_privilege(current_schema(), 'CREATE') AS creates,
       current_setting('TimeZone') AS zone,
       current_setting('max_connections')::int AS slots,
       current_setting('superuser_reserved_connections')::int
         + coalesce(current_setting('reserved_connections', true), '0')::int AS reserved,
       extract(epoch FROM clock_timestamp())::float8 AS clock,
       (SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()
         AND NOT pg_has_role(current_user, tableowner, 'USAGE')) AS foreign_tables,
       ARRAY(SELECT extname::text FROM pg_extension) AS extensions,
       ARRAY(SELECT name::text FROM pg_available_extensions) AS available
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the server says; ``drift`` is our clock minus its, in seconds. A limit of -1 is none."""

    version: int
    role: str
    superuser: bool
    role_limit: int
    database_limit: int
    replica: bool
    system: str
    database: str
    creates: bool | None
    zone: str
    slots: int
    reserved: int
    drift: float
    foreign_tables: int
    extensions: Sequence[str]
    available: Sequence[str]


def ask(url: str) -> Facts:
    """Connects and reads the facts. Raises psycopg.Error."""
    with psycopg.connect(
        url, connect_timeout=2, row_factory=namedtuple_row, application_name="awning-preflight"
    ) as link:
        before = time.time()
        row = link.execute(_FACTS).fetchone()
        after = time.time()
    if row is None:
        raise psycopg.DataError("the server answered nothing")
    values = row._asdict()
    drift = (before + after) / 2 - values.pop("clock")
    return Facts(drift=drift, **values)


def primary(
    variable: str, url: str, *, extensions: Sequence[str], connections: Callable[[], int]
) -> Iterator[CheckMessage]:
    """Everything about the one database that is written to; ``connections`` is the most that the fleet opens."""
    facts = ask(url)
    yield from _version(variable, facts)
    yield from _rights(variable, facts)
    yield from _extensions(variable, facts, extensions)
    yield from _budget(variable, facts, connections())
    yield from clock("postgres", variable, facts.drift, whose="the database's")
    if facts.zone not in ("UTC", "Etc/UTC", "GMT", "Etc/GMT", "Universal", "Zulu"):
        yield warning(
            "postgres.time_zone", variable, f"shows times in {facts.zone} by default.",
            hint="ALTER ROLE … SET timezone = 'UTC', so that dumps and consoles show what the hall shows.",
        )  # fmt: skip


def replica(variable: str, url: str, *, of: str) -> Iterator[CheckMessage]:
    """The read replica, beside the primary at the URL ``of``."""
    facts = ask(url)
    yield from _version(variable, facts)
    if not facts.replica:
        yield error(
            "replica.primary", variable, "is no replica: the server accepts writes.",
            hint="Point it to a standby of DATABASE_URL's server, or leave it empty.",
        )  # fmt: skip
    if facts.system != (main := ask(of)).system:
        yield error(
            "replica.stranger", variable, "is a replica of another server than DATABASE_URL's: it shows other goods.",
            hint="Make it anew from the primary with pg_basebackup.",
        )  # fmt: skip
    if facts.database != main.database:
        yield error("replica.database", variable, "names another database than the primary's.", hint="Name the same.")
    if main.version != facts.version:
        yield error("replica.version", variable, "has another major version than the primary.", hint="Upgrade both.")


def timeouts(
    variable: str, url: str, *, options: str | None, accepted: Sequence[Mapping[str, int]]
) -> Iterator[CheckMessage]:
    """Whether a connection with these start-up ``options`` has one of the ``accepted`` sets of limits (milliseconds)."""
    try:
        with psycopg.connect(url, connect_timeout=2, options=options, prepare_threshold=None) as link:
            found = {name: _milliseconds(link, name) for name in accepted[0]}
    except psycopg.OperationalError as refusal:
        if "unsupported startup parameter" not in str(refusal):
            raise
        yield error(
            "postgres.pooler", variable, "leads to PgBouncer, which refuses the time-outs of a connection.",
            hint="Add ?pgbouncer=true to it, and give the role its limits: manage.py role_timeouts.",
        )  # fmt: skip
        return
    if all(found != wanted for wanted in accepted):
        said = ", ".join(f"{name} {value} ms" if value else f"no {name}" for name, value in found.items())
        yield error(
            "postgres.timeouts", variable, f"gives connections with other limits than the hall's: {said}.",
            hint="manage.py role_timeouts sets them for the role; PgBouncer then needs RECONNECT.",
        )  # fmt: skip


def _milliseconds(link: psycopg.Connection[tuple[object, ...]], name: str) -> int:
    row = link.execute("SELECT setting::int FROM pg_settings WHERE name = %s", [name]).fetchone()
    return int(str(row[0])) if row else 0


def _version(variable: str, facts: Facts) -> Iterator[CheckMessage]:
    if facts.version < OLDEST:
        yield error(
            "postgres.version", variable, f"is PostgreSQL {facts.version}; the hall needs {OLDEST} or newer.",
            hint="Upgrade the server (18 is what the tests run on).",
        )  # fmt: skip


def _rights(variable: str, facts: Facts) -> Iterator[CheckMessage]:
    if facts.replica:
        yield error("postgres.read_only", variable, "is a replica: it accepts no writes.", hint="Name the primary.")
    if not facts.creates:
        yield error(
            "postgres.create", variable, f"lets {facts.role} create nothing in its schema: migrations would fail.",
            hint="GRANT CREATE ON SCHEMA public TO the role, or let the role own the database.",
        )  # fmt: skip
    if facts.foreign_tables:
        yield error(
            "postgres.owner", variable, f"has {facts.foreign_tables} tables that {facts.role} does not own.",
            hint="REASSIGN OWNED BY the former role TO this one: only an owner can migrate a table.",
        )  # fmt: skip
    if facts.superuser:
        yield warning(
            "postgres.superuser", variable, f"signs in as {facts.role}, a superuser: one injection would own the server.",
            hint="Use a role that owns the database and nothing else.",
        )  # fmt: skip


def _extensions(variable: str, facts: Facts, needed: Sequence[str]) -> Iterator[CheckMessage]:
    for name in needed:
        if name in facts.extensions:
            continue
        there = name in facts.available
        hint = (
            "Run the migrations, or CREATE EXTENSION."
            if there
            else "Install PostgreSQL's contrib package, then migrate."
        )
        yield error(f"postgres.extension.{name}", variable, f"lacks the extension {name}.", hint=hint)


def _budget(variable: str, facts: Facts, wanted: int) -> Iterator[CheckMessage]:
    slots = min(limit for limit in (facts.slots - facts.reserved, facts.role_limit, facts.database_limit) if limit >= 0)
    allowed = int(slots * SHARE)
    if wanted > allowed:
        yield error(
            "postgres.connections", variable,
            f"offers {slots} connections, of which the hall may take {allowed}; its processes open up to {wanted}.",
            hint="Lower DB_POOL_MAX or WEB_WORKERS, or raise max_connections.",
        )  # fmt: skip


def clock(name: str, variable: str, drift: float, *, whose: str) -> Iterator[CheckMessage]:
    """``drift`` is our clock minus the other one, in seconds."""
    if abs(drift) <= CLOCK_TOLERATED:
        return
    text = f"shows that our clock is {abs(drift):.0f} s {'ahead of' if drift > 0 else 'behind'} {whose}."
    make = error if abs(drift) > CLOCK_TOO_FAR else warning
    yield make(f"{name}.clock", variable, text, hint="Let NTP (chrony, systemd-timesyncd) set the clocks of both.")
