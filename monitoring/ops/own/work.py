"""What waits at the broker, how alerts are told, and the traffic of the last hour."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from monitoring.alerts import queries as alerts
from monitoring.database import standby
from monitoring.database.queries import pool_state
from monitoring.metrics import collected
from monitoring.metrics import queries as metrics
from monitoring.metrics.queries import Point
from monitoring.ops.parts import Act, Body, Cell, Chart, Figure, Mark, Row, Table, clock, many, milliseconds, span

# Seconds; the supervisor restarts a worker whose oldest work is older than this.
LATE: Final = 60.0
HOUR: Final = timedelta(hours=1)
_WIDTH, _HEIGHT = 300, 60


def queues(now: datetime) -> Body:
    """The broker's queues: how many tasks wait, and for how long."""
    depths, ages = _gauge("queue_messages"), _gauge("queue_oldest_message_age_seconds")
    taken = sum(_gauge("queue_unacknowledged_messages").values())
    rows = tuple(
        Row(
            name,
            (Cell(name, code=True), Cell(f"{depth:,.0f}", number=True), Cell(_waited(depth, ages, name), number=True)),
        )
        for name, depth in sorted(depths.items())
    )
    waiting, oldest = sum(depths.values()), max(ages.values(), default=0.0)
    late = waiting > 0 and oldest > LATE
    mark = Mark("warn", f"Oldest waits {span(oldest)}") if late else Mark("good", f"{waiting:,.0f} waiting")
    heads = (("Queue", False), ("Waiting", True), ("Oldest", True))
    return Body(
        mark if depths else Mark("idle", "No queue"),
        figures=(Figure("At work", f"{taken:,.0f}"),),
        tables=(Table("queues", "Queues of the broker", heads, rows, "No queue is registered in this process."),),
    )


def _gauge(name: str) -> dict[str, float]:
    """The gauge's values now, by queue; asked of the broker."""
    for gauge in collected.gauges():
        if gauge.name == name:
            return {labels.get("queue", ""): value for labels, value in gauge.run()}
    return {}


def _waited(depth: float, ages: dict[str, float], name: str) -> str:
    return span(ages.get(name, 0.0)) if depth else "–"


def messages(now: datetime) -> Body:
    """Messages about alerts: what waits to be sent, and what was given up."""
    telling, dead = alerts.telling(), alerts.dead_deliveries(limit=10)
    rows = tuple(
        Row(
            f"{line.id}",
            (
                Cell(line.subject, small=line.error),
                Cell(line.channel, small=line.target),
                Cell(clock(line.dead_at, now), number=True),
            ),
            acts=(Act("delivery-again", f"{line.id}", "Send again", f": {line.subject}"),),
        )
        for line in dead
    )
    mark = Mark("bad", f"{many(telling.dead, 'message')} given up") if telling.dead else Mark("good", "All told")
    return Body(
        mark,
        figures=(
            Figure("Waiting", f"{telling.waiting:,}"),
            Figure("Given up", f"{telling.dead:,}", "bad" if telling.dead else "good"),
        ),
        tables=(
            Table(
                "dead",
                "Given up, the latest first",
                (("Message", False), ("To", False), ("Given up", True)),
                rows,
                "Nothing was given up.",
            ),
        ),
    )


def traffic(now: datetime) -> Body:
    """Requests, failures and the slow end of the last full hour."""
    until = now.replace(second=0, microsecond=0)
    points = metrics.series("request", since=until - HOUR, until=until)
    total, bad = sum(point.count for point in points), sum(point.bad for point in points)
    hour = metrics.window("request", since=until - HOUR, until=until)
    p95 = hour.quantile(0.95)
    share = bad / total if total else 0.0
    slow = p95 is not None and p95 > 2.0
    mark = Mark("idle", "No requests") if not total else Mark("good", f"{total / 60:,.1f} a minute")
    if share >= 0.05 or slow:
        mark = Mark("warn", f"{share:.1%} fail" if share >= 0.05 else "Slow answers")
    return Body(
        mark,
        figures=(
            Figure("Requests in the hour", f"{total:,}"),
            Figure("Failed", f"{bad:,} ({share:.1%})", "warn" if share >= 0.05 else "idle"),
            Figure("95 % within", milliseconds(p95 * 1000) if p95 is not None else "–", "warn" if slow else "idle"),
            Figure("Connections in use", _pool()),
            *_replica(),
        ),
        charts=_charts(points) if total else (),
        tables=(_steps(points),) if total else (),
        note="" if total else "No request was counted within the last hour.",
    )


def _pool() -> str:
    state = pool_state()
    return f"{state.in_use} of {state.limit}" if state else "no pool here"


def _replica() -> tuple[Figure, ...]:
    """Only where there is one."""
    if not standby.configured():
        return ()
    if reason := standby.why_not():
        return (Figure("Read replica", f"not read: {reason}", "warn"),)
    return (Figure("Read replica", f"{standby.lag():.1f} s behind"),)


def _charts(points: Sequence[Point]) -> tuple[Chart, ...]:
    return (
        _chart("Requests a minute", points, [float(point.count) for point in points], "{:,.0f}"),
        _chart("Failed a minute", points, [float(point.bad) for point in points], "{:,.0f}"),
        _chart("95 % within, ms", points, [(point.p95 or 0.0) * 1000 for point in points], "{:,.0f}"),
    )


def _chart(title: str, points: Sequence[Point], values: list[float], shape: str) -> Chart:
    highest = max(values)
    scale = _HEIGHT / highest if highest else 0.0
    step = _WIDTH / max(1, len(values) - 1)
    places = [f"{index * step:.1f},{_HEIGHT - value * scale:.1f}" for index, value in enumerate(values)]
    line = "M" + "L".join(places)
    text = f"Highest {shape.format(highest)}, latest {shape.format(values[-1])}."
    return Chart(
        title=title,
        text=text,
        line=line,
        area=f"{line}L{_WIDTH},{_HEIGHT}L0,{_HEIGHT}Z",
        highest=shape.format(highest),
        begins=f"{points[0].at:%H:%M}",
        ends=f"{points[-1].at:%H:%M}",
    )


def _steps(points: Sequence[Point]) -> Table:
    """The charts as a table, in steps of five minutes."""
    rows = []
    for start in range(0, len(points), 5):
        part = points[start : start + 5]
        slowest = max((point.p95 for point in part if point.p95 is not None), default=None)
        rows.append(
            Row(
                f"{start}",
                (
                    Cell(f"{part[0].at:%H:%M}"),
                    Cell(f"{sum(point.count for point in part):,}", number=True),
                    Cell(f"{sum(point.bad for point in part):,}", number=True),
                    Cell(milliseconds(slowest * 1000) if slowest is not None else "–", number=True),
                ),
            )
        )
    heads = (("From", False), ("Requests", True), ("Failed", True), ("Slowest minute's 95 %", True))
    return Table("steps", "The last hour in steps of five minutes", heads, tuple(rows), folded="As a table")
