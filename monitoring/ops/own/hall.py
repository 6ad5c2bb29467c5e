"""How the hall is: health checks, processes and what was started again."""

from datetime import datetime, timedelta
from typing import Final

from monitoring.health import queries as health
from monitoring.health.board import Outcome, Result
from monitoring.ops.parts import Body, Cell, Figure, Mark, Row, Table, Tone, clock, milliseconds, span, worst
from monitoring.supervision import queries as supervision

_FOUND: Final[dict[Outcome, Mark]] = {
    "ok": Mark("good", "Well"),
    "warning": Mark("warn", "Warning"),
    "failed": Mark("bad", "Failed"),
    "pending": Mark("idle", "Being checked"),
}
# Worst first, so that what matters is read first.
_ORDER: Final[dict[Outcome, int]] = {"failed": 0, "warning": 1, "pending": 2, "ok": 3}
_OVERALL: Final[dict[health.State, Mark]] = {
    "healthy": Mark("good", "Healthy"),
    "degraded": Mark("warn", "Degraded"),
    "unhealthy": Mark("bad", "Unhealthy"),
}
DAY: Final = timedelta(days=1)
MOST_RESTARTS: Final = 10


def checks(now: datetime) -> Body:
    """Every health check as this process finds it."""
    found = health.detailed()
    ordered = sorted(found.checks, key=lambda result: (_ORDER[result.state], result.name))
    heads = (("Check", False), ("State", False), ("Latency", True), ("Last good", True))
    rows = tuple(_check(result, now) for result in ordered)
    failed = sum(result.state == "failed" for result in found.checks)
    warned = sum(result.state == "warning" for result in found.checks)
    overall = _OVERALL[found.summary.state]
    return Body(
        overall,
        figures=(
            Figure("Failed", f"{failed}", "bad" if failed else "good"),
            Figure("Warnings", f"{warned}", "warn" if warned else "good"),
            Figure("Version", found.summary.version or "–"),
        ),
        tables=(Table("checks", "Health checks, the worst first", heads, rows, "No check is registered."),),
        note="This process is stopping." if found.draining else "",
    )


def _check(result: Result, now: datetime) -> Row:
    # A check that is well was well a moment ago: the time would change with every look.
    since = "now" if result.state in ("ok", "warning") else clock(result.last_success, now)
    name = Cell(result.name, small=result.text or ("vital" if result.vital else ""), code=True)
    return Row(
        result.name,
        (
            name,
            Cell(mark=_FOUND[result.state]),
            Cell(milliseconds(result.latency_ms), number=True),
            Cell(since, number=True),
        ),
    )


def processes(now: datetime) -> Body:
    """Which processes give signs of life, and which were started again today."""
    alive, restarts = supervision.processes(now), supervision.restarts(now - DAY)
    silent = sum(not process.fresh for process in alive)
    given_up = any(line.given_up for line in restarts)
    heads = (("Process", False), ("State", False), ("Running for", True), ("Version", False))
    rows = tuple(_process(process, now) for process in alive)
    again = tuple(_restart(index, line, now) for index, line in enumerate(restarts[:MOST_RESTARTS]))
    tone: Tone = worst("warn" if silent else "good", "bad" if given_up else "good") if alive else "warn"
    text = f"{len(alive) - silent} of {len(alive)} alive" if alive else "No sign of life"
    return Body(
        Mark(tone, text),
        figures=(Figure("Restarts today", f"{len(restarts)}", "warn" if restarts else "good"),),
        tables=(
            Table(
                "processes",
                "Processes of the last quarter of an hour",
                heads,
                rows,
                "No process has given a sign of life.",
            ),
            Table(
                "restarts", "Started again within a day", (("When", False), ("Process", False), ("Why", False)), again
            ),
        ),
    )


def _process(process: supervision.Process, now: datetime) -> Row:
    mark = Mark("good", "Alive") if process.fresh else Mark("warn", f"Silent since {clock(process.seen_at, now)}")
    return Row(
        f"{process.kind}-{process.instance}",
        (
            Cell(process.kind, small=process.instance),
            Cell(mark=mark),
            Cell(span(now - process.started_at), number=True),
            Cell(process.version or "–", code=True),
        ),
    )


def _restart(index: int, line: supervision.RestartLine, now: datetime) -> Row:
    why = Cell(line.reason, mark=Mark("bad", "Given up: none left this hour") if line.given_up else None)
    return Row(f"{index}", (Cell(clock(line.at, now)), Cell(line.kind, small=line.instance), why))
