"""Sweeps: short jobs that run every second or so beside Celery, so that a lost message costs a second, not an order.

Apps register theirs in ``AppConfig.ready``; ``manage.py sweep`` runs them all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

Sweep: TypeAlias = Callable[[datetime], int]


@dataclass(frozen=True, slots=True)
class Job:
    """``every`` is in seconds; ``run`` takes the time and returns how many things it did."""

    name: str
    every: float
    run: Sweep


_jobs: dict[str, Job] = {}


def register(name: str, *, every: float, run: Sweep) -> None:
    """Adds a sweep; the name must be new."""
    if name in _jobs and _jobs[name].run is not run:
        raise ValueError(f"Two sweeps are called {name!r}: give one another name.")
    _jobs[name] = Job(name, every, run)


def jobs() -> list[Job]:
    """All registered sweeps, by name."""
    return sorted(_jobs.values(), key=lambda job: job.name)


def run_all(now: datetime) -> int:
    """Runs every sweep once, in name order; returns how many things they did. For tests and for a quiet hall."""
    return sum(job.run(now) for job in jobs())
