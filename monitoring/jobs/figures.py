"""What is looked up about jobs when somebody scrapes."""

from datetime import UTC, datetime

from monitoring.jobs import queries, table
from monitoring.metrics import collected


def register() -> None:
    """Called when the app is ready."""
    collected.register(
        "job_last_success_timestamp_seconds",
        "When a periodic job last went well; 0 for never.",
        successes,
        labels=["job"],
        every=15.0,
    )
    collected.register("jobs_overdue", "Periodic jobs whose last success is too long ago.", late, every=15.0)
    collected.register("beat_leaders", "Beats that may send now: one, or none for seconds.", leaders, every=15.0)
    collected.register(
        "tasks_dead", "Tasks that were given up and wait for people, by name.", given_up, labels=["task"], every=30.0
    )


def successes() -> list[collected.Row]:
    """One row for every job of the table."""
    names = [job.name for job in table.jobs()]
    found = queries.succeeded(names)
    return [({"job": name}, found[name].timestamp() if name in found else 0.0) for name in names]


def late() -> list[collected.Row]:
    """How many."""
    return [({}, float(len(queries.overdue(datetime.now(UTC)))))]


def leaders() -> list[collected.Row]:
    """One or none."""
    return [({}, float(bool(queries.leader(datetime.now(UTC)))))]


def given_up() -> list[collected.Row]:
    """By name; a hall without any has no rows."""
    return [({"task": name}, float(many)) for name, many in queries.dead_by_name().items()]
