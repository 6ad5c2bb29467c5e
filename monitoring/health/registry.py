"""The checks of the hall: every floor registers its own, the runner runs them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

State: TypeAlias = Literal["ok", "warning", "failed"]
Figure: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: a state, a sentence without secrets, and figures for the detailed answer."""

    state: State
    text: str = ""
    figures: Mapping[str, Figure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """``run`` answers within ``timeout`` seconds or counts as failed; what is not ``vital`` only degrades the hall.

    ``every`` is how many seconds a finding is good for. Checks of one ``lane`` run one after another in one thread: those
    that read PostgreSQL share "database", and so take one connection of the pool and not five. A ``timeout`` beyond the
    page's patience is for what is slow by nature and rare: the page shows the last finding meanwhile. ``section`` is the
    part of the detailed answer that also shows the figures ("pool", "cache", "queue", "breakers").
    """

    name: str
    run: Callable[[], Finding]
    vital: bool = False
    timeout: float = 0.3
    every: float = 5.0
    lane: str = ""
    section: str = ""


_checks: dict[str, Check] = {}


def register(check: Check) -> None:
    """Adds a check; a second one of the same name takes its place."""
    _checks[check.name] = check


def checks() -> list[Check]:
    """All registered checks, by name."""
    return sorted(_checks.values(), key=lambda check: check.name)
