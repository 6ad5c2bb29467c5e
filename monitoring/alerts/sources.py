"""Where the hall's own rules get their measurements: samples, supervision, health, errors, and the alerts themselves."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from monitoring.alerts import queries
from monitoring.alerts.rules import Reader, Reading
from monitoring.alerts.trends import Points
from monitoring.errors import queries as errors
from monitoring.metrics.queries import Window, series, window

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

    def read(now: datetime) -> list[tuple[datetime, float]]:
        found = series(name, since=now - span, until=now, step=step)
        return [(point.at, point.highest) for point in found if point.highest is not None]

    return read


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
