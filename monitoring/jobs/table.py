"""The one table of what runs by the clock. Floors above fill it; beat sends from it, workers and pages look jobs up in it.

A slot is a moment of a job's own clock: every whole multiple of its period since 1970. Two beats name the same slot alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TypeAlias

# What becomes of slots whose time has passed without a run. skip: nothing, the next one is soon. once: one run for all of
# them. all: each is run, the oldest first.
Misfire: TypeAlias = Literal["skip", "once", "all"]
# Longer than a task may run (300 s), so that no two runs hold the same slot.
LEASE: Final = timedelta(seconds=330)
# More slots than this are never caught up: whoever needs them needs a person.
MOST_MISSED: Final = 48
# A run is overdue half a period after its time, and never sooner than this.
MARGIN: Final = timedelta(seconds=120)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Job:
    """``every`` is the period. ``task`` is Celery's name, the job's own unless given; ``lease`` is what one run may take."""

    name: str
    every: timedelta
    queue: str
    misfire: Misfire
    task: str = ""
    lease: timedelta = LEASE

    @property
    def task_name(self) -> str:
        """What Celery runs."""
        return self.task or self.name

    def slot(self, now: datetime) -> datetime:
        """The latest slot that has come."""
        return now - (now - _EPOCH) % self.every

    def missed(self, last: datetime, now: datetime) -> tuple[list[datetime], int]:
        """The slots since ``last`` that must run now, and how many are left out by the job's policy."""
        current = self.slot(now)
        count = max(0, round((current - last) / self.every))
        if count == 0:
            return [], 0
        wanted = min(count, MOST_MISSED) if self.misfire == "all" else 1
        return [current - self.every * step for step in reversed(range(wanted))], count - wanted

    def is_late(self, slot: datetime, now: datetime) -> bool:
        """Whether a run of this slot would be of no use any more."""
        return self.misfire == "skip" and now >= slot + self.every

    def overdue_after(self) -> timedelta:
        """So long after its last success somebody should look."""
        return self.every * 1.5 + MARGIN


_jobs: dict[str, Job] = {}


def register(jobs: Iterable[Job]) -> None:
    """Adds jobs; one of a name that is known takes its place."""
    _jobs.update((job.name, job) for job in jobs)


def jobs() -> list[Job]:
    """All of them, by name."""
    return [_jobs[name] for name in sorted(_jobs)]


def find(name: str) -> Job | None:
    """The job of that name."""
    return _jobs.get(name)
