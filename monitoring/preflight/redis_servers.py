"""The Redis servers: there, writable, and each with the policy that its use needs."""

from collections.abc import Iterator
from dataclasses import dataclass

import redis
from django.core.checks import CheckMessage

from monitoring.preflight.findings import error, warning

KEEPS = "noeviction"


@dataclass(frozen=True, slots=True)
class Facts:
    """What INFO says of a server and its database; ``maxmemory`` in bytes, 0 is no limit."""

    run_id: str
    database: int
    writable: bool
    policy: str
    maxmemory: int
    append_only: bool


def ask(url: str, *, seconds: float = 1.0) -> Facts:
    """One INFO. CONFIG is not used: managed servers forbid it. Raises redis.RedisError."""
    with redis.Redis.from_url(url, socket_connect_timeout=seconds, socket_timeout=seconds) as client:
        info = client.info()
        database = int(client.connection_pool.connection_kwargs.get("db") or 0)
    if not isinstance(info, dict):
        raise redis.ResponseError("INFO answered no figures")
    return Facts(
        run_id=str(info.get("run_id", "")),
        database=database,
        writable=info.get("role", "master") == "master",
        policy=str(info.get("maxmemory_policy", "")),
        maxmemory=int(info.get("maxmemory", 0)),
        append_only=bool(int(info.get("aof_enabled", 0))),
    )


def keeper(name: str, variable: str, url: str, *, append_only: bool) -> Iterator[CheckMessage]:
    """A server that may forget nothing: the broker's (which also survives restarts) and the limits'."""
    facts = ask(url)
    yield from _writable(name, variable, facts)
    if not facts.policy:
        yield warning(
            f"{name}.policy", variable, "does not say what it does when it is full.",
            hint=f"Make sure that its maxmemory-policy is {KEEPS}.",
        )  # fmt: skip
    elif facts.policy != KEEPS:
        yield error(
            f"{name}.policy", variable, f"has the policy {facts.policy}: under memory pressure it would lose entries.",
            hint=f"Set maxmemory-policy {KEEPS} there, or use another server than the cache's.",
        )  # fmt: skip
    if append_only and not facts.append_only:
        yield warning(
            f"{name}.append_only", variable, "forgets everything at a restart.",
            hint="Set appendonly yes; until then the sweep finds lost work from PostgreSQL.",
        )  # fmt: skip


def cache(name: str, variable: str, url: str) -> Iterator[CheckMessage]:
    """The cache's server: it should make room by itself."""
    facts = ask(url)
    yield from _writable(name, variable, facts)
    if facts.policy == KEEPS:
        yield warning(
            f"{name}.policy", variable, f"has the policy {KEEPS}: a full cache would refuse what is new.",
            hint="Set maxmemory-policy allkeys-lfu.",
        )  # fmt: skip
    if not facts.maxmemory:
        yield warning(
            f"{name}.maxmemory", variable, "has no memory limit: it grows until the machine is full.",
            hint="Set maxmemory, for example 512mb.",
        )  # fmt: skip


def apart(variable: str, url: str, *, other: str, other_url: str) -> Iterator[CheckMessage]:
    """Two uses that must not share a server, because one policy cannot serve both."""
    here, there = ask(url), ask(other_url)
    if not _one_server(here, there):
        return
    database = " and database" if here.database == there.database else ""
    yield error(
        "redis.shared", variable, f"is the same server{database} as {other}.",
        hint="Run two: the cache must evict, the broker must not.",
    )  # fmt: skip


def together(variable: str, url: str, *, other: str, other_url: str) -> Iterator[CheckMessage]:
    """Two uses that may share a server, but not a database: emptying one would empty the other."""
    here, there = ask(url), ask(other_url)
    if _one_server(here, there) and here.database == there.database:
        yield warning(
            "redis.same_database", variable, f"is the same database as {other}.",
            hint="Give each its own number at the end of the URL.",
        )  # fmt: skip


def _one_server(here: Facts, there: Facts) -> bool:
    """Some managed servers do not say which they are: then nothing is known."""
    return here.run_id == there.run_id != ""


def _writable(name: str, variable: str, facts: Facts) -> Iterator[CheckMessage]:
    if not facts.writable:
        yield error(f"{name}.replica", variable, "is a replica: it accepts no writes.", hint="Name the primary.")
