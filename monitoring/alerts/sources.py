"""Where the hall's own rules get their measurements: samples, supervision, health, errors, and the alerts themselves."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from monitoring.alerts import queries
from monitoring.alerts.rules import Reader, Reading
from monitoring.alerts.trends import Points
from monitoring.errors import queries as errors
from monitoring.health import queries as health
from monitoring.metrics.queries import Window, peaks, window
from monitoring.supervision import queries as supervision

# These have rules of their own, with more patience or a trend; and the rules' own check cannot fail while they run.
_WATCHED_ELSEWHERE = {"alerts", "disk", "memory", "worker", "beat", "sweep"}

Measure = Callable[[Window], float | None]


def sampled(name: str, span: timedelta, measure: Measure, *, what: str = "", nothing: float | None = None) -> Reader:
    """Reads the samples of ``name`` over ``span``; ``nothing`` is the value when nothing happened at all."""

    def read(now: datetime) -> list[Reading]:
        found = window(name, since=now - span, until=now)
        if not found.count:
            return [Reading(value=nothing, count=None if nothing is not None else 0, text="no data" if what else "")]
        return [Reading(value=measure(found), count=found.count, text=f"{found.count} {what}" if what else "")]

    return read


def quantile(q: float) -> Measure:
    """The q-quantile of a window."""
    return lambda found: found.quantile(q)


def share_bad(found: Window) -> float | None:
    """The share of bad ones."""
    return found.share_bad


def highest(found: Window) -> float | None:
    """The highest value."""
    return found.highest


def mean(found: Window) -> float | None:
    """The mean value."""
    return found.mean


def points(name: str, span: timedelta, *, step: int = 300) -> Callable[[datetime], Points]:
    """A level over time, its highest in each step of seconds."""

    return lambda now: peaks(name, since=now - span, until=now, step=step)


def undelivered(rule: str, span: timedelta) -> Reader:
    """Messages given up lately; those of the rule itself would keep it firing for ever."""

    def read(now: datetime) -> list[Reading]:
        return [Reading(value=queries.dead_since(now - span, but_of=[rule]))]

    return read


def new_errors(span: timedelta) -> Reader:
    """Open kinds of errors that were first seen lately."""
    return lambda now: _kinds(errors.new_since(now - span))


def reopened_errors(span: timedelta) -> Reader:
    """Open kinds of errors that came back lately after they were resolved."""
    return lambda now: _kinds(errors.reopened_since(now - span))


def _kinds(found: Sequence[errors.Kind]) -> list[Reading]:
    return [
        Reading(subject=f"{kind.title} #{kind.pk}", value=float(kind.count), text=f"{kind.culprit}: {kind.message}")
        for kind in found
        if kind.status == "open"
    ]


def silence(*kinds: str) -> Reader:
    """Seconds since any process of each kind gave a sign of life; a kind that never did has no data."""

    def read(now: datetime) -> list[Reading]:
        found = []
        for kind in kinds:
            seen = supervision.last_seen(kind)
            age = None if seen is None else max((now - seen).total_seconds(), 0.0)
            text = "never gave a sign of life" if seen is None else f"last sign of life {seen:%Y-%m-%d %H:%M:%S} UTC"
            found.append(Reading(subject=kind, value=age, text=text))
        return found

    return read


def restarts(span: timedelta, *, given_up: bool) -> Reader:
    """Processes that supervisors started again lately, or left alone because the hour had no restarts left."""

    def read(now: datetime) -> list[Reading]:
        lines = [line for line in supervision.restarts(now - span) if line.given_up == given_up]
        reasons: dict[str, list[str]] = {}
        for line in lines:
            reasons.setdefault(line.kind, []).append(line.reason)
        return [Reading(subject=kind, value=len(why), text=why[0]) for kind, why in reasons.items()]

    return read


def checks(*, vital: bool) -> Reader:
    """The health checks, as this process sees them: 0 is well, 1 a warning, 2 failed."""

    def read(now: datetime) -> list[Reading]:
        found = health.detailed(patience=1.0).checks
        chosen = [
            check
            for check in found
            if check.vital == vital and check.name not in _WATCHED_ELSEWHERE and check.section != "breakers"
        ]
        height = {"ok": 0.0, "warning": 1.0, "failed": 2.0}
        return [Reading(subject=check.name, value=height.get(check.state), text=check.text) for check in chosen]

    return read
