"""What operators see of the outbox and of the breakers, and what they can do about a breaker."""

from datetime import datetime

from django.db import connection

from marketplace.core import breaker, services
from marketplace.core.errors import NotFound
from monitoring.ops import actions, panels
from monitoring.ops.actions import Action, Order, Refused
from monitoring.ops.panels import Panel
from monitoring.ops.parts import Act, Body, Cell, Figure, Mark, Row, Table, clock, many, span

# Seconds; the sweeper delivers what is due every second.
LATE = 60.0
MOST_DEAD = 10
_OPEN = """
SELECT count(*), coalesce(extract(epoch FROM %s - min(due_at)), 0)
FROM core_outboxevent WHERE processed_at IS NULL AND dead_at IS NULL
"""
_DEAD = """
SELECT id, topic, handler, attempts, dead_at, left(last_error, 200), count(*) OVER ()
FROM core_outboxevent WHERE processed_at IS NULL AND dead_at IS NOT NULL ORDER BY dead_at DESC, id DESC LIMIT %s
"""
_STATES: dict[str, Mark] = {
    "closed": Mark("good", "Closed: calls go out"),
    "half_open": Mark("warn", "Half open: one call tries"),
    "open": Mark("bad", "Open: left alone"),
}


def register() -> None:
    """Called when the app is ready."""
    panels.register(Panel("breakers", "Breakers", breakers, 45, lane="breakers", column="right"))
    panels.register(Panel("outbox", "Outbox", outbox, 60, column="right"))
    actions.register(Action("outbox-again", "core.change_outboxevent", "outbox", send_again))
    actions.register(Action("breaker-reset", "", "breakers", reset))


def outbox(now: datetime) -> Body:
    """Events that wait for their handlers, and those that were given up."""
    return backlog(_OPEN, _DEAD, head="Handler", again="outbox-again", now=now)


def send_again(order: Order) -> str:
    """Brings an event that was given up back."""
    try:
        handler = services.send_again(event_id=order.number(), now=order.now)
    except NotFound as error:
        raise Refused(error.message) from error
    return f"{handler} is tried again within a second."


def backlog(opened: str, given_up: str, *, head: str, again: str, now: datetime) -> Body:
    """A table of rows that wait for work: how many, how old, and what was given up.

    ``opened`` takes the time and answers (count, seconds overdue); ``given_up`` takes how many to show and answers
    (id, subject, kind, attempts, dead_at, error, how many in all) per row. ``head`` names the kind,
    ``again`` the action that brings one back.
    """
    with connection.cursor() as cursor:
        cursor.execute(opened, [now])
        waiting, overdue = cursor.fetchone()
        cursor.execute(given_up, [MOST_DEAD])
        found = cursor.fetchall()
    age, dead = max(0.0, float(overdue)), int(found[0][6]) if found else 0
    rows = tuple(
        Row(
            f"{pk}",
            (
                Cell(kind, small=error or subject, code=True),
                Cell(f"{attempts}", number=True),
                Cell(clock(dead_at, now), number=True),
            ),
            acts=(Act(again, f"{pk}", "Send again", f": {kind} {pk}"),),
        )
        for pk, subject, kind, attempts, dead_at, error, _ in found
    )
    heads = ((head, False), ("Attempts", True), ("Given up", True))
    return Body(
        state_of(age=age, dead=dead, waiting=waiting),
        figures=figures(age=age, dead=dead, waiting=waiting),
        tables=(Table("dead", "Given up, the latest first", heads, rows, "Nothing was given up."),),
    )


def state_of(*, age: float, dead: int, waiting: int) -> Mark:
    """How a queue of rows is; ``age`` is how long the oldest is overdue, in seconds."""
    if dead:
        return Mark("bad", f"{dead:,} given up")
    if age > LATE:
        return Mark("warn", f"{span(age)} late")
    return Mark("good", f"{waiting:,} waiting")


def figures(*, age: float, dead: int, waiting: int) -> tuple[Figure, ...]:
    """The numbers above such a queue."""
    return (
        Figure("Waiting", f"{waiting:,}"),
        Figure("Oldest overdue", span(age) if waiting and age >= 1 else "–", "warn" if age > LATE else "idle"),
        Figure("Given up", f"{dead:,}", "bad" if dead else "good"),
    )


def breakers(now: datetime) -> Body:
    """Which foreign services are called, and which are left alone since when."""
    found = breaker.statuses()
    open_ones = sum(status.state == "open" for status in found)
    trying = sum(status.state == "half_open" for status in found)
    alone = any(not status.shared for status in found)
    mark = Mark("good", "All closed")
    if open_ones:
        mark = Mark("bad", f"{open_ones} open")
    elif trying or alone:
        mark = Mark("warn", many(trying, "trial") if trying else "Each process alone")
    heads = (("Service", False), ("State", False), ("Since", True), ("Tried again", True))
    rows = tuple(_breaker(status, now) for status in found)
    return Body(
        mark if found else Mark("idle", "None"),
        tables=(Table("breakers", "Services of others", heads, rows, "No service of others is called."),),
        note="Redis does not decide: each process decides for itself, and this is what one of them knows."
        if alone
        else "",
    )


def _breaker(status: breaker.Status, now: datetime) -> Row:
    acts = () if status.state == "closed" else (Act("breaker-reset", status.name, "Close", f": {status.name}", True),)
    return Row(
        status.name,
        (
            Cell(status.name, small=status.cause, code=True),
            Cell(mark=_STATES[status.state]),
            Cell(clock(status.since, now) if status.since else "–", number=True),
            Cell(clock(status.until, now) if status.until else "–", number=True),
        ),
        acts=acts,
    )


def reset(order: Order) -> str:
    """Closes a breaker: calls go out again at once."""
    try:
        shared = breaker.reset(order.target, by=order.by)
    except NotFound as error:
        raise Refused(error.message) from error
    if not shared:
        raise Refused(f"{order.target} is closed in this process alone: Redis did not hear of it. Try again.")
    return f"{order.target} is closed: calls go out again."
