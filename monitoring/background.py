"""Small jobs of a process beside its requests: writing down what was measured, off the request's own path.

Rooms register jobs when their app is ready; the entry point of a process calls ``start`` and, at its end, ``finish``.
Tests and commands that never call ``start`` have no threads, and call the jobs themselves.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

logger = logging.getLogger(__name__)

Run: TypeAlias = Callable[[datetime], object]
Scope: TypeAlias = Callable[[str], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Job:
    """``every`` is in seconds; ``run`` takes the time, may be slow or fail, and is never run twice at once."""

    name: str
    every: float
    run: Run


@dataclass
class _Crew:
    """The threads of this process and the event that ends them."""

    threads: list[threading.Thread] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    scope: Scope = nullcontext

    def forget(self) -> None:
        """After a fork the child has no threads: it starts its own."""
        self.threads, self.stopping = [], threading.Event()


_jobs: dict[str, Job] = {}
_crew = _Crew()


def _in_child() -> None:
    _crew.forget()


os.register_at_fork(after_in_child=_in_child)


def register(name: str, *, every: float, run: Run) -> None:
    """Adds a job; a second one of the same name takes its place."""
    _jobs[name] = Job(name, every, run)


def jobs() -> list[Job]:
    """All registered jobs, by name."""
    return sorted(_jobs.values(), key=lambda job: job.name)


def surround(scope: Scope) -> None:
    """Runs every job inside ``scope(name)``: the id its log lines carry comes from a room above."""
    _crew.scope = scope


def start() -> None:
    """Starts one daemon thread per job; a second call in the same process does nothing."""
    if _crew.threads:
        return
    for job in jobs():
        thread = threading.Thread(
            target=_repeat, args=(job, _crew.stopping), name=f"background:{job.name}", daemon=True
        )
        _crew.threads.append(thread)
        thread.start()


def finish(patience: float) -> None:
    """Lets every job run a last time and waits up to ``patience`` seconds for all of them together."""
    deadline = time.monotonic() + patience
    _crew.stopping.set()
    for thread in _crew.threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    _crew.forget()


def running() -> bool:
    """Whether this process has started its jobs: what they keep up to date can be relied upon."""
    return bool(_crew.threads)


def ending() -> bool:
    """Whether this is a job's last run in this process: what it cannot do now, nobody does."""
    return _crew.stopping.is_set()


def _repeat(job: Job, stopping: threading.Event) -> None:
    while not stopping.wait(job.every):
        _once(job)
    _once(job)


def _once(job: Job) -> None:
    # Not at the top: this module is read before Django's apps are.
    from django.db import connections

    def run() -> None:
        try:
            job.run(datetime.now(UTC))
        except Exception:
            # Inside the scope: the line about the failure has the id of the run.
            logger.exception("background.failed", extra={"job": job.name})
        finally:
            connections.close_all()

    # Nothing may end the thread: nobody would notice that its job is no longer done.
    try:
        with _crew.scope(job.name):
            run()
    except Exception:
        logger.exception("background.failed", extra={"job": job.name})
