"""What runs by the clock, what was given up, and how far long work has come."""

import json
from datetime import datetime, timedelta
from typing import Final

from monitoring.jobs import queries, services
from monitoring.jobs.models import DeadTask
from monitoring.jobs.queries import JobState, Long
from monitoring.ops.actions import Order, Refused
from monitoring.ops.parts import Act, Body, Cell, Figure, Mark, More, Row, Table, clock, many, milliseconds, span

MOST_DEAD: Final = 10
MOST_LONG: Final = 20
_HEALTH: Final[dict[str, Mark]] = {
    "well": Mark("good", "Well"),
    "running": Mark("good", "Running"),
    "waiting": Mark("idle", "Not run yet"),
    "failed": Mark("warn", "Failed"),
    "overdue": Mark("bad", "Overdue"),
}
_MISFIRE: Final = {"skip": "late ones are skipped", "once": "late ones run once", "all": "late ones all run"}
_HEADS: Final = (("Job", False), ("State", False), ("Last success", True), ("Took", True), ("Next due", True))
_COURSE: Final[dict[str, Mark]] = {
    "running": Mark("good", "Running"),
    "stopped": Mark("bad", "Stopped"),
    "finished": Mark("good", "Finished"),
    "failed": Mark("bad", "Failed"),
}


def periodic(now: datetime) -> Body:
    """Every job of the clock: its last success, its last run and what comes next. Troubles come first."""
    states, leader = queries.states(now), queries.leader(now)
    rank = {"overdue": 0, "failed": 1}
    states.sort(key=lambda state: (rank.get(state.health, 2), state.job.name))
    late, failed = (sum(state.health == health for state in states) for health in ("overdue", "failed"))
    mark = Mark("good", "All on time")
    if late:
        mark = Mark("bad", f"{late} overdue")
    elif failed or not leader:
        mark = Mark("warn", many(failed, "job failed", "jobs failed") if failed else "No beat leads")
    troubled = [state for state in states if state.health in rank]
    well = [state for state in states if state.health not in rank]
    return Body(
        mark,
        figures=(
            Figure("Leading beat", leader.rpartition(":")[0] or "none", "good" if leader else "warn"),
            Figure("Overdue", f"{late}", "bad" if late else "good"),
            Figure("Failed last time", f"{failed}", "warn" if failed else "good"),
        ),
        tables=tuple(
            Table(key, title, _HEADS, tuple(_job(state, now) for state in listed), folded=folded)
            for key, title, listed, folded in (
                ("troubled", "Overdue or failed", troubled, ""),
                ("jobs", "Jobs of the clock", well, many(len(well), "job on time", "jobs on time")),
            )
            if listed
        ),
        note="" if leader else "Nothing is sent while no beat leads: start one. Others take over within seconds.",
    )


def _job(state: JobState, now: datetime) -> Row:
    job = state.job
    says = f"{job.queue}, every {span(job.every)}, {_MISFIRE[job.misfire]}"
    since = f"since {clock(state.running_since, now)}" if state.running_since else ""
    folds: tuple[More, ...] = ()
    if state.error and state.failed_at:
        folds = (More(f"Last error, {clock(state.failed_at, now)}", state.error),)
    return Row(
        job.name,
        (
            Cell(job.name, small=says, code=True),
            Cell(mark=_HEALTH[state.health], small=since),
            Cell(clock(state.succeeded_at, now), number=True),
            Cell(_took(state.took), number=True),
            Cell(clock(state.next_at, now), number=True),
        ),
        more=folds,
    )


def _took(took: timedelta | None) -> str:
    return milliseconds(None if took is None else took.total_seconds() * 1000)


def given_up(now: datetime) -> Body:
    """Tasks that took their worker with them too often."""
    letters, total = queries.dead(limit=MOST_DEAD)
    heads = (("Task", False), ("Begun", True), ("Given up", True))
    mark = Mark("bad", f"{total:,} given up") if total else Mark("good", "None")
    return Body(
        mark,
        figures=(Figure("Given up", f"{total:,}", "bad" if total else "good"),),
        tables=(
            Table("dead", "Given up, the latest first", heads, tuple(_letter(x, now) for x in letters), "None was."),
        ),
        note=f"The latest {MOST_DEAD} of {total:,} are shown." if total > len(letters) else "",
    )


def _letter(letter: DeadTask, now: datetime) -> Row:
    about = f": {letter.name}"
    said = json.dumps({"args": letter.args, "kwargs": letter.kwargs}, ensure_ascii=False, indent=1)
    aside = Act("task-aside", f"{letter.pk}", "Set aside", about, danger=True)
    again = Act("task-again", f"{letter.pk}", "Send again", about)
    return Row(
        f"{letter.pk}",
        (
            Cell(letter.name, small=letter.reason, code=True),
            Cell(f"{letter.deliveries}", number=True),
            Cell(clock(letter.dead_at, now), number=True),
        ),
        acts=(again, aside) if letter.complete else (aside,),
        more=(More("Arguments", said if letter.complete else f"Not all of them are kept.\n{said}"),),
    )


def send_again(order: Order) -> str:
    """Sends it once more."""
    try:
        name = services.send_again(dead_id=order.number(), by=order.by_id, now=order.now)
    except services.NotSent as reason:
        raise Refused(str(reason)) from reason
    return f"{name} is sent again."


def set_aside(order: Order) -> str:
    """Takes it off the list."""
    try:
        name = services.set_aside(dead_id=order.number(), by=order.by_id, now=order.now)
    except services.NotSent as reason:
        raise Refused(str(reason)) from reason
    return f"{name} is set aside."


def long_jobs(now: datetime) -> Body:
    """Imports, exports and the like, of everybody, that run or have lately ended."""
    found = queries.long_jobs(now, limit=MOST_LONG)
    running = sum(job.course == "running" for job in found)
    broken = sum(job.course in ("stopped", "failed") for job in found)
    mark = Mark("warn", f"{broken} ended badly") if broken else Mark("good", f"{running} running")
    heads = (("Job", False), ("State", False), ("Done", True))
    return Body(
        mark if found else Mark("idle", "None lately"),
        tables=(
            Table(
                "long", "Long jobs of the last half hour", heads, tuple(_long(x, now) for x in found), "None lately."
            ),
        ),
    )


def _long(job: Long, now: datetime) -> Row:
    text = job.text
    if job.course == "stopped":
        text = f"Not heard of since {clock(job.updated_at, now)}: its process is gone. Start it again."
    return Row(
        f"{job.id}",
        (
            Cell(job.title, small=". ".join(filter(None, (f"{job.owner}, began {clock(job.started_at, now)}", text)))),
            Cell(mark=_COURSE[job.course]),
            Cell(f"{job.done:,} of {job.total:,}" if job.total else f"{job.done:,}", small=job.unit, number=True),
        ),
    )
