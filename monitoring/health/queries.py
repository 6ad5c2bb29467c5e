"""How the hall is: for the health endpoints, the operators' page and the status page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Literal, TypeAlias

from django.apps import apps

from monitoring.health.board import PATIENCE, Board, Result
from monitoring.health.registry import Figure, checks
from monitoring.requests import shutdown

State: TypeAlias = Literal["healthy", "degraded", "unhealthy"]

# Parts of the detailed answer that repeat the figures of their checks.
SECTIONS = ("pool", "cache", "queue", "breakers")
# CONTRACT: readiness is asked often and must be true now.
READY_AGE = 1.0

_board = Board(checks)
_started = monotonic()


@dataclass(frozen=True, slots=True)
class Summary:
    """``uptime_s`` counts the seconds of this process; ``checked_at`` is the oldest finding in it, aware UTC."""

    state: State
    uptime_s: int
    version: str
    checked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Detailed:
    """The summary and everything it was made of; ``sections`` are figures by part and check."""

    summary: Summary
    draining: bool
    checks: tuple[Result, ...]
    sections: Mapping[str, Mapping[str, Mapping[str, Figure]]]


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether this process should be sent requests, and whether it was told to stop."""

    ready: bool
    draining: bool


def summary() -> Summary:
    """How the hall is now; looks where nobody has looked for five seconds, and waits for at most ``PATIENCE``."""
    return _summary(_board.results())


def detailed(*, patience: float = PATIENCE) -> Detailed:
    """As summary, with every check."""
    return _detailed(_board.results(patience=patience))


def last_known() -> Detailed:
    """What this process found last, without looking: asks nothing of anybody and waits for nothing."""
    return _detailed(_board.known())


def begin() -> None:
    """Starts looking where that is due, for a caller who has something else to do meanwhile."""
    _board.begin()


def readiness(*, max_age: float = READY_AGE) -> Readiness:
    """PostgreSQL has answered within the last second, or ``max_age``, and nobody told this process to stop."""
    draining = shutdown.draining()
    found = _board.results(names=("postgresql",), max_age=max_age)
    answers = all(result.state in ("ok", "warning") for result in found)
    return Readiness(ready=answers and not draining, draining=draining)


def overall(results: "list[Result] | tuple[Result, ...]") -> State:
    """Unhealthy when something vital is not there; degraded when anything else is wrong."""
    if any(result.vital and result.state in ("failed", "pending") for result in results):
        return "unhealthy"
    if any(result.state in ("failed", "warning") for result in results):
        return "degraded"
    return "healthy"


def _summary(results: list[Result]) -> Summary:
    version: str = apps.get_app_config("health").version  # type: ignore[attr-defined]
    return Summary(
        state=overall(results),
        uptime_s=int(monotonic() - _started),
        version=version,
        checked_at=min((result.checked_at for result in results if result.checked_at), default=None),
    )


def _detailed(results: list[Result]) -> Detailed:
    return Detailed(
        summary=_summary(results),
        draining=shutdown.draining(),
        checks=tuple(results),
        sections={
            section: {result.name: result.figures for result in results if result.section == section}
            for section in SECTIONS
        },
    )
