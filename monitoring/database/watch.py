"""Times every statement; the slow ones are noted in memory and written down by a job of its own, with its own connection.

The request's transaction never writes them: a rollback would take them back, and a slow database would get slower.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import TypeAlias, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper

from monitoring.database.statements import fingerprint, normalise
from monitoring.metrics import samples
from monitoring.metrics.instruments import counter
from monitoring.requests import origin

logger = logging.getLogger(__name__)

R = TypeVar("R")
Execute: TypeAlias = Callable[[str, object, bool, dict[str, object]], R]

# CONTRACT: logged at 500 ms (SLOW_QUERY_MS), alert at 5 s.
VERY_SLOW = 5.0
# Shapes that wait to be written; more at once would be an outage, which has better witnesses.
MOST = 200

slow_total = counter(
    "slow_queries", "Statements that took longer than SLOW_QUERY_MS; very_slow: longer than 5 s.", ["grade"]
)
dropped_total = counter("slow_queries_dropped", "Slow statements for which there was no room in memory.")


@dataclass(slots=True)
class Slow:
    """One shape of statement as one origin issues it, since it was last written. Milliseconds."""

    fingerprint: str
    origin: str
    statement: str
    code: str
    first_at: datetime
    last_at: datetime
    count: int = 0
    very_slow: int = 0
    total_ms: int = 0
    worst_ms: int = 0

    def add(self, ms: int, *, at: datetime) -> None:
        """One more occurrence."""
        self.count += 1
        self.very_slow += ms >= VERY_SLOW * 1000
        self.total_ms += ms
        self.worst_ms = max(self.worst_ms, ms)
        self.first_at, self.last_at = min(self.first_at, at), max(self.last_at, at)


@dataclass
class _Watch:
    """What this process has seen and not written yet. ``threshold`` is in seconds."""

    threshold: float = 0.5
    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: dict[tuple[str, str], Slow] = field(default_factory=dict)


_watch = _Watch()


def _in_child() -> None:
    _watch.lock, _watch.waiting = threading.Lock(), {}


os.register_at_fork(after_in_child=_in_child)


def configure(*, threshold_ms: int) -> None:
    """From how many milliseconds on a statement is slow."""
    _watch.threshold = threshold_ms / 1000


def attach(connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    """Watches a connection from now on. At the front: ``execute_wrapper()`` takes its own wrapper off the end."""
    if timed not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, timed)


def timed(execute: "Execute[R]", sql: str, params: object, many: bool, context: dict[str, object]) -> "R":
    """Runs the statement and notes it when it was slow, also when it failed: a time-out is the slowest of all."""
    begin = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        seconds = time.perf_counter() - begin
        if seconds >= _watch.threshold:
            note(sql, seconds)


def note(sql: object, seconds: float) -> None:
    """Remembers a slow statement without its values, and what issued it. Never raises."""
    try:
        _note(sql if isinstance(sql, str) else str(sql), seconds, at=datetime.now(UTC))
    except Exception:
        logger.exception("query.slow_unnoted")


def take() -> list[Slow]:
    """What waits to be written; it is forgotten here."""
    with _watch.lock:
        taken, _watch.waiting = list(_watch.waiting.values()), {}
    return taken


def put_back(slow: list[Slow]) -> None:
    """What could not be written, added to what came meanwhile."""
    with _watch.lock:
        for old in slow:
            new = _watch.waiting.get((old.fingerprint, old.origin))
            if new is None:
                if len(_watch.waiting) < MOST:
                    _watch.waiting[old.fingerprint, old.origin] = old
                else:
                    dropped_total.inc(old.count)
                continue
            new.count, new.very_slow = new.count + old.count, new.very_slow + old.very_slow
            new.total_ms, new.worst_ms = new.total_ms + old.total_ms, max(new.worst_ms, old.worst_ms)
            new.first_at = min(new.first_at, old.first_at)


def _note(sql: str, seconds: float, *, at: datetime) -> None:
    statement, ms = normalise(sql[:20_000]), round(seconds * 1000)
    shape, place, code = fingerprint(statement), origin.current().name[:200], _caller()
    samples.observe("query", seconds=seconds, bad=seconds >= VERY_SLOW)
    slow_total.labels("very_slow" if seconds >= VERY_SLOW else "slow").inc()
    logger.warning("query.slow", extra={"duration_ms": ms, "origin": place, "code": code, "statement": statement[:500]})
    with _watch.lock:
        slow = _watch.waiting.get((shape, place))
        if slow is None:
            if len(_watch.waiting) >= MOST:
                dropped_total.inc()
                return
            slow = _watch.waiting[shape, place] = Slow(shape, place, statement, code, at, at)
        slow.add(ms, at=at)


def _caller() -> str:
    """The innermost line of our own code, outside of this room: whoever asked the database."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        file = _ours(frame.f_code.co_filename)
        if file:
            return f"{file}:{frame.f_lineno} in {frame.f_code.co_qualname}"[:200]
        frame = frame.f_back
    return ""


_ROOT = f"{Path(__file__).resolve().parent.parent.parent}/"
_HERE = f"{Path(__file__).resolve().parent}/"


@lru_cache(maxsize=4096)
def _ours(filename: str) -> str:
    if not filename.startswith(_ROOT) or filename.startswith(_HERE) or "/site-packages/" in filename:
        return ""
    return filename.removeprefix(_ROOT)
