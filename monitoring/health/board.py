"""The last findings of this process, and who brings them up to date: whoever asks first, on threads of their own.

However many ask, each check runs once per ``every`` seconds. A check that hangs costs one thread, is reported as failed, and
is not started again before it ends: so a page never waits longer than its patience, and a dead dependency never takes
more than one thread per lane.
"""

import logging
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Literal, TypeAlias

from django.db import connections

from monitoring.health.registry import Check, Figure, Finding
from monitoring.requests.scrubber import scrub_text

logger = logging.getLogger(__name__)

# Seconds that a page waits for findings; with what else a page does this stays below CONTRACT's 500 ms.
PATIENCE = 0.33
_LONGEST_TEXT = 300

Outcome: TypeAlias = Literal["ok", "warning", "failed", "pending"]


@dataclass(frozen=True, slots=True)
class Result:
    """One check as it stands. "pending" has not finished for the first time. Times are aware UTC, latency in ms."""

    name: str
    state: Outcome
    text: str
    vital: bool
    section: str
    latency_ms: float | None
    checked_at: datetime | None
    last_success: datetime | None
    figures: Mapping[str, Figure]


@dataclass(slots=True)
class _Track:
    """What is known of one check; ``started`` and ``ended`` are by the monotonic clock."""

    finding: Finding | None = None
    started: float = 0.0
    ended: float = 0.0
    running: bool = False
    seconds: float = 0.0
    checked_at: datetime | None = None
    last_success: datetime | None = None


@dataclass
class Board:
    """``checks`` lists what there is to check now."""

    checks: Callable[[], list[Check]]
    _tracks: "dict[str, _Track]" = field(default_factory=lambda: defaultdict(_Track))
    _news: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        os.register_at_fork(after_in_child=self._forget_threads)

    def begin(self, *, names: Iterable[str] = (), max_age: float | None = None) -> None:
        """Starts what is due, all of it or ``names``, and returns at once; ``max_age`` shortens what "due" means."""
        wanted = frozenset(names)
        with self._news:
            for due in self._due(wanted, max_age, monotonic()):
                self._start(due)

    def results(
        self, *, names: Iterable[str] = (), max_age: float | None = None, patience: float = PATIENCE
    ) -> list[Result]:
        """All findings or those of ``names``, by name, after at most ``patience`` seconds."""
        wanted, deadline = frozenset(names), monotonic() + patience
        self.begin(names=wanted, max_age=max_age)
        chosen = [check for check in self.checks() if not wanted or check.name in wanted]
        with self._news:
            while (left := self._wait(chosen, deadline)) > 0:
                self._news.wait(left)
            now = monotonic()
            return [self._result(check, now) for check in chosen]

    def known(self) -> list[Result]:
        """What is known without looking: for pages that must not wait."""
        with self._news:
            now = monotonic()
            return [self._result(check, now) for check in self.checks()]

    def _due(self, wanted: frozenset[str], max_age: float | None, now: float) -> list[list[Check]]:
        """Lanes to run, marked as running. A lane in which something still hangs is left alone."""
        lanes: dict[str, list[Check]] = defaultdict(list)
        for check in self.checks():
            lanes[f"lane {check.lane}" if check.lane else check.name].append(check)
        found = []
        for lane in lanes.values():
            if any(self._tracks[check.name].running for check in lane):
                continue
            due = [
                check
                for check in lane
                if (not wanted or check.name in wanted) and self._is_old(check, max_age=max_age, now=now)
            ]
            for check in due:
                track = self._tracks[check.name]
                track.running, track.started = True, now
            if due:
                found.append(due)
        return found

    def _is_old(self, check: Check, *, max_age: float | None, now: float) -> bool:
        track = self._tracks[check.name]
        good_for = check.every if max_age is None else min(check.every, max_age)
        return track.finding is None or now - track.ended >= good_for

    def _start(self, due: list[Check]) -> None:
        name = f"health:{due[0].lane or due[0].name}"
        try:
            threading.Thread(target=self._run, args=(due,), name=name, daemon=True).start()
        except RuntimeError:
            # No more threads: whoever asks next tries again, and is told what was known before.
            logger.warning("health.not_started", extra={"check": name})
            for check in due:
                self._tracks[check.name].running = False

    def _wait(self, chosen: list[Check], deadline: float) -> float:
        """How long a check may still answer in time, 0 when none can: seconds from now."""
        now = monotonic()
        ends = [0.0]
        for check in chosen:
            track = self._tracks[check.name]
            # What is slow by nature is not waited for once there is something to show.
            if track.running and (track.finding is None or check.timeout <= PATIENCE):
                ends.append(min(deadline, track.started + check.timeout) - now)
        return max(ends)

    def _run(self, checks: list[Check]) -> None:
        try:
            for check in checks:
                begun = monotonic()
                self._note(check, _finding_of(check), begun)
        finally:
            connections.close_all()

    def _note(self, check: Check, finding: Finding, begun: float) -> None:
        now, at = monotonic(), datetime.now(UTC)
        with self._news:
            track = self._tracks[check.name]
            track.finding, track.seconds, track.ended, track.running = finding, now - begun, now, False
            track.checked_at = at
            if finding.state != "failed" and track.seconds <= check.timeout:
                track.last_success = at
            self._news.notify_all()

    def _result(self, check: Check, now: float) -> Result:
        track = self._tracks[check.name]
        state, text = self._standing(check, track, now)
        finding = track.finding
        return Result(
            name=check.name,
            state=state,
            text=scrub_text(" ".join(text.split()))[:_LONGEST_TEXT],
            vital=check.vital,
            section=check.section,
            latency_ms=round(track.seconds * 1000, 1) if finding else None,
            checked_at=track.checked_at,
            last_success=track.last_success,
            figures=_scrubbed(finding.figures) if finding else {},
        )

    def _standing(self, check: Check, track: _Track, now: float) -> tuple[Outcome, str]:
        if track.running and now - track.started >= check.timeout:
            return "failed", f"No answer within {check.timeout:g} s."
        if track.finding is None:
            return "pending", "Not checked yet."
        if track.seconds > check.timeout:
            return "failed", f"Took {track.seconds:.1f} s; it has {check.timeout:g} s."
        return track.finding.state, track.finding.text

    def _forget_threads(self) -> None:
        """A forked child has none of the threads, and the lock may have been held by one of them."""
        self._news = threading.Condition()
        for track in self._tracks.values():
            track.running = False


def _scrubbed(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    return {name: scrub_text(value) if isinstance(value, str) else value for name, value in figures.items()}


def _finding_of(check: Check) -> Finding:
    try:
        return check.run()
    except Exception as error:
        logger.debug("health.raised", extra={"check": check.name}, exc_info=True)
        return Finding("failed", f"{type(error).__name__}: {error}")
