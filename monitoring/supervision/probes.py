"""What floors above tell a supervisor: how long their due work has waited, and what a worker cannot do without."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

# Seconds that the oldest due piece of work has waited; None when nothing is due.
Backlog: TypeAlias = Callable[[datetime], float | None]
# Raises when the thing is away.
Ground: TypeAlias = Callable[[], object]

_backlogs: dict[str, Backlog] = {}
_grounds: dict[str, Ground] = {}


def register_backlog(name: str, run: Backlog) -> None:
    """Work that a healthy worker never lets wait for long; a second one of the same name takes its place."""
    _backlogs[name] = run


def register_ground(name: str, run: Ground) -> None:
    """A store without which no worker can work: while it is away, nobody is restarted for being idle."""
    _grounds[name] = run


def backlogs() -> dict[str, Backlog]:
    """All of them, by name."""
    return dict(sorted(_backlogs.items()))


def grounds() -> dict[str, Ground]:
    """All of them, by name."""
    return dict(sorted(_grounds.items()))
