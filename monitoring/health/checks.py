"""The checks that every hall has, whatever it sells."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import psutil
from health_check.contrib.psutil import Disk, Memory

from monitoring.database import standby
from monitoring.database.pool import pool_state
from monitoring.health import postgres, redis_store
from monitoring.health.library import MediaStorage, adapted
from monitoring.health.registry import Check, Figure, Finding, register
from monitoring.jobs import queries as jobs
from monitoring.supervision import queries as supervision

# CONTRACT's alert levels, in percent.
MOST_DISK, MOST_MEMORY = 85, 85
# A process that gave no sign for this long is not running, or stuck.
SILENCE = timedelta(seconds=60)
# Writing a file is cheap but not free, and object storage is not near.
STORAGE_EVERY, STORAGE_TIMEOUT = 300.0, 10.0
# The periodic job, one per queue.
HEARTBEAT = "supervision.heartbeat"


def register_all(*, stores: Mapping[str, str], queues: Sequence[str], disk: str) -> None:
    """Registers them. ``stores`` are Redis addresses by name, ``disk`` the folder whose file system may fill."""
    register(Check("postgresql", run=postgres.check, vital=True))
    register(Check("pool", run=pool, section="pool"))
    if standby.configured():
        register(Check("replica", run=replica, section="pool"))
    for name, url in stores.items():
        run = partial(redis_store.check, url, keeps_all=name != "cache", queues=queues if name == "broker" else ())
        register(Check(name, run=run, section={"cache": "cache", "broker": "queue"}.get(name, "")))
    for kind in ("worker", "beat", "sweep"):
        register(Check(kind, run=partial(sign_of_life, kind), lane="database"))
    register(Check("queues", run=partial(consumed, queues), lane="database"))
    register(Check("disk", run=adapted(Disk(disk, MOST_DISK), partial(disk_figures, disk))))
    register(Check("memory", run=adapted(Memory(None, MOST_MEMORY), memory_figures)))
    register(Check("storage", run=adapted(MediaStorage()), every=STORAGE_EVERY, timeout=STORAGE_TIMEOUT))


def pool() -> Finding:
    """The connection pool of this process; PostgreSQL is not asked."""
    state = pool_state()
    if state is None:
        return Finding("ok", "This process has no pool.")
    figures: dict[str, Figure] = {
        "limit": state.limit,
        "open": state.open,
        "in_use": state.in_use,
        "waiting": state.waiting,
        "waits": state.waits,
        "waited_ms": state.waited_ms,
        "errors": state.errors,
    }
    # A pool that grows lets threads wait for milliseconds; one that has grown as far as it may does not.
    if state.waiting and state.open >= state.limit:
        return Finding("warning", "Threads wait for a connection.", figures)
    return Finding("ok", "", figures)


def replica() -> Finding:
    """The read replica as this process last saw it; nobody is asked. Without it pages read the primary."""
    reason = standby.why_not()
    return (
        Finding("warning", f"Not read: {reason}", standby.figures()) if reason else Finding("ok", "", standby.figures())
    )


def sign_of_life(kind: str) -> Finding:
    """When a process of this kind was last seen alive."""
    seen_at, now = supervision.last_seen(kind), datetime.now(UTC)
    if seen_at is None:
        return Finding("failed", f"No {kind} has ever given a sign of life: start one.")
    age = (now - seen_at).total_seconds()
    figures: dict[str, Figure] = {"last_seen": seen_at.isoformat(timespec="seconds"), "age_s": round(age, 1)}
    if age > SILENCE.total_seconds():
        return Finding("failed", f"No {kind} has given a sign of life for {age:.0f} s.", figures)
    return Finding("ok", "", figures)


def consumed(queues: Sequence[str]) -> Finding:
    """Whether a worker takes tasks from every queue: beat sends a heartbeat through each."""
    now = datetime.now(UTC)
    seen = jobs.consumed({queue: f"{HEARTBEAT}.{queue}" for queue in queues}, now)
    ages = {queue: (now - seen[queue]).total_seconds() if queue in seen else None for queue in queues}
    figures: dict[str, Figure] = {
        f"{queue}_age_s": None if age is None else round(age, 1) for queue, age in ages.items()
    }
    idle = [queue for queue, age in ages.items() if age is None or age > SILENCE.total_seconds()]
    if idle:
        said = f"Nobody takes tasks from {', '.join(idle)}: start a worker for it, or the beat that asks."
        return Finding("failed", said, figures)
    return Finding("ok", "", figures)


def disk_figures(folder: str) -> Mapping[str, Figure]:
    used = psutil.disk_usage(folder)
    return {"used_percent": used.percent, "free_bytes": used.free}


def memory_figures() -> Mapping[str, Figure]:
    memory = psutil.virtual_memory()
    return {
        "used_percent": memory.percent,
        "available_bytes": memory.available,
        "process_bytes": psutil.Process().memory_info().rss,
    }
