"""What wants a person: open alerts, kinds of errors, slow statements; and what can be done about each."""

from datetime import datetime, timedelta
from typing import Final

from monitoring.alerts import queries as alerts
from monitoring.alerts import services as alerting
from monitoring.database import queries as database
from monitoring.database import services as planning
from monitoring.database.statements import is_read
from monitoring.errors import queries as errors
from monitoring.errors import services as erring
from monitoring.errors.models import ErrorGroup
from monitoring.ops.actions import Order, Refused
from monitoring.ops.parts import Act, Body, Cell, Figure, Mark, More, Row, Table, clock, many, span

MOST_ALERTS: Final = 30
MOST_ERRORS: Final = 15
MOST_SETTLED: Final = 5
MOST_SLOW: Final = 10
WEEK: Final = timedelta(days=7)
# Characters: the whole text is one fold away, or in the admin.
_SHORT: Final = 160


def open_alerts(now: datetime) -> Body:
    """What fires, pages first, and the rules that are about to."""
    found = alerts.open_alerts()
    pages = sum(alert.severity == "page" for alert in found)
    pending = [view for view in alerts.standings() if view.state == "pending"]
    evaluated = alerts.last_evaluated()
    asleep = evaluated is None or now - evaluated > timedelta(minutes=3)
    mark = Mark("good", "None open")
    if found:
        mark = Mark("bad" if pages else "warn", f"{many(len(found), 'alert')} open")
    elif asleep:
        mark = Mark("warn", "Nobody watches")
    heads = (("Alert", False), ("State", False), ("Value", True), ("Since", True))
    near = tuple(
        Row(
            f"{view.rule}-{view.subject}",
            (Cell(view.title, small=view.subject), Cell(f"{view.value}, {view.threshold}", number=True)),
        )
        for view in pending
    )
    return Body(
        mark,
        figures=(Figure("Pages", f"{pages}", "bad" if pages else "good"), Figure("Open", f"{len(found)}")),
        tables=(
            Table("open", "Open alerts, pages first", heads, _alerts(found, now), "Nothing fires."),
            Table("pending", "Not long enough to fire yet", (("Rule", False), ("Value and bound", True)), near),
        ),
        note=f"The rules were last looked at: {clock(evaluated, now)}. Is the beat running?" if asleep else "",
    )


def _alerts(found: list[alerts.AlertView], now: datetime) -> tuple[Row, ...]:
    return tuple(_alert(alert, now) for alert in found[:MOST_ALERTS])


def _alert(alert: alerts.AlertView, now: datetime) -> Row:
    about = f": {alert.title} {alert.subject}".rstrip()
    acts = [Act("alert-resolve", f"{alert.id}", "Resolve", about)]
    if alert.acknowledged_at is None:
        acts.insert(0, Act("alert-acknowledge", f"{alert.id}", "Acknowledge", about))
        state = Mark("bad" if alert.severity == "page" else "warn", "Fires" if alert.severity == "page" else "Warns")
    else:
        state = Mark("idle", f"{alert.acknowledged_by or 'Somebody'} is on it")
    says = ". ".join(filter(None, (alert.subject, alert.text, "It comes and goes" if alert.flapping else "")))
    advice = "\n".join(filter(None, (alert.advice, f"Runbook: {alert.runbook}" if alert.runbook else "", alert.note)))
    return Row(
        f"{alert.id}",
        (
            Cell(alert.title, small=says),
            Cell(mark=state),
            Cell(alert.value or ("no data" if alert.cause == "missing" else "–"), number=True),
            Cell(clock(alert.since, now), number=True),
        ),
        acts=tuple(acts),
        more=(More("What to do", advice),) if advice else (),
    )


def acknowledge(order: Order) -> str:
    """Somebody is on it."""
    try:
        alert = alerting.acknowledge(alert_id=order.number(), by_id=order.by_id, now=order.now)
    except alerting.NoSuchAlert as error:
        raise Refused("That alert is not open any more.") from error
    return f"Acknowledged: {alert}."


def resolve(order: Order) -> str:
    """It is over."""
    try:
        alert = alerting.resolve(alert_id=order.number(), by_id=order.by_id, now=order.now)
    except alerting.NoSuchAlert as error:
        raise Refused("That alert is not open any more.") from error
    return f"Resolved: {alert}."


def send_again(order: Order) -> str:
    """Brings a message that was given up back."""
    if not alerting.send_again(delivery_id=order.number(), now=order.now):
        raise Refused("That message is not among the ones given up.")
    return "The message will be sent again within a minute."


def kinds(now: datetime) -> Body:
    """Open kinds of errors, the latest seen first, and those that were settled lately."""
    total, found = errors.summary(), errors.open_kinds(limit=MOST_ERRORS)
    fresh = sum(now - kind.first_seen < timedelta(hours=1) for kind in found)
    heads = (("Error", False), ("Where", False), ("Times", True), ("Last seen", True))
    mark = Mark("warn", f"{many(total.open, 'kind')} open") if total.open else Mark("good", "None open")
    return Body(
        mark,
        figures=(
            Figure("Open", f"{total.open:,}"),
            Figure("New within the hour", f"{fresh}", "warn" if fresh else "good"),
            Figure("Ignored", f"{total.ignored:,}"),
        ),
        tables=(
            Table("kinds", "Open kinds of errors", heads, tuple(_kind(k, now) for k in found), "No error is open."),
            _settled(now),
        ),
        note=f"The {MOST_ERRORS} latest of {total.open:,} are shown." if total.open > MOST_ERRORS else "",
    )


def _kind(kind: errors.Kind, now: datetime) -> Row:
    about = f": {kind.title} in {kind.culprit or 'an unknown place'}"
    came_back = Mark("warn", "Came back") if kind.reopened_at else None
    return Row(
        f"{kind.pk}",
        (
            Cell(kind.title, small=_short(kind.message), mark=came_back, code=True),
            Cell(kind.culprit or "–", small=kind.origin, code=True),
            Cell(f"{kind.count:,}", number=True),
            Cell(clock(kind.last_seen, now), number=True),
        ),
        acts=(
            Act("error-resolve", f"{kind.pk}", "Resolve", about),
            Act("error-ignore", f"{kind.pk}", "Ignore", about),
        ),
    )


def _settled(now: datetime) -> Table:
    """Kinds that were resolved or ignored and seen within the week: a hasty decision is taken back here."""
    groups = ErrorGroup.objects.exclude(status=ErrorGroup.Status.OPEN).filter(last_seen__gte=now - WEEK)
    rows = tuple(
        Row(
            f"{group.pk}",
            (
                Cell(group.type, small=_short(group.message), code=True),
                Cell(group.get_status_display()),
                Cell(f"{group.count:,}", number=True),
                Cell(clock(group.last_seen, now), number=True),
            ),
            acts=(Act("error-reopen", f"{group.pk}", "Open again", f": {group}"),),
        )
        for group in groups.order_by("-last_seen")[:MOST_SETTLED]
    )
    heads = (("Error", False), ("State", False), ("Times", True), ("Last seen", True))
    return Table("settled", "Settled kinds", heads, rows, folded="Settled within the week" if rows else "")


def resolve_error(order: Order) -> str:
    """It is mended; the next one opens it again."""
    return _changed(erring.resolve(groups=[order.number()], by=order.by_id, now=order.now), "Resolved")


def ignore_error(order: Order) -> str:
    """It is counted and nothing is said."""
    return _changed(erring.ignore(groups=[order.number()]), "Ignored")


def reopen_error(order: Order) -> str:
    """It was settled by mistake."""
    return _changed(erring.reopen(groups=[order.number()]), "Opened again")


def _changed(count: int, what: str) -> str:
    if not count:
        raise Refused("Nothing changed: somebody else has done it already, or it is forgotten.")
    return f"{what}: one kind of error."


def slow(now: datetime) -> Body:
    """The slowest statements of the week, with their plan once somebody asked for it."""
    found = database.slowest(since=now - WEEK, limit=MOST_SLOW)
    very = sum(row.very_slow for row in found)
    heads = (
        ("Statement", False),
        ("Issued by", False),
        ("Worst", True),
        ("Mean", True),
        ("Times", True),
        ("Last", True),
    )
    mark = Mark("good", "None this week")
    if found:
        mark = Mark("warn" if very else "idle", f"{many(len(found), 'statement')}, worst {_took(found[0].worst_ms)}")
    rows = tuple(_statement(row, now) for row in found)
    return Body(mark, tables=(Table("slow", "Slowest of the last seven days", heads, rows, "No statement was slow."),))


def _statement(row: database.SlowStatement, now: datetime) -> Row:
    folds = [More("Statement", row.statement)] if len(row.statement) > _SHORT else []
    if row.plan and row.planned_at:
        folds.append(More(f"Plan of {clock(row.planned_at, now)}", row.plan))
    about = f": {_short(row.statement)}"
    asks = Act("query-plan", f"{row.pk}", "Plan again" if row.plan else "Ask for the plan", about)
    return Row(
        f"{row.pk}",
        (
            Cell(_short(row.statement), code=True),
            Cell(row.origin or "–", small=row.code, code=True),
            Cell(_took(row.worst_ms), number=True),
            Cell(_took(row.mean_ms), number=True),
            Cell(f"{row.count:,}", number=True),
            Cell(clock(row.last_at, now), number=True),
        ),
        acts=(asks,) if is_read(row.statement) else (),
        more=tuple(folds),
    )


def plan(order: Order) -> str:
    """Asks PostgreSQL how it would run the statement."""
    try:
        planning.plan(query=order.number(), now=order.now)
    except planning.NotPlanned as reason:
        raise Refused(str(reason)) from reason
    return "The plan stands under its statement."


def _took(milliseconds: int) -> str:
    return f"{milliseconds:,} ms" if milliseconds < 10_000 else span(milliseconds / 1000)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHORT else f"{line[: _SHORT - 1]}…"
