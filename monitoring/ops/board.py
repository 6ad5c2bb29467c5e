"""The panels as this process last saw them, built beside the request: one thread per lane, and a bounded wait for all.

A source that raises or hangs costs its own lane's panels, never the page; a lane that hangs holds one thread and, if it
reads PostgreSQL, one connection, however many operators look.
"""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import TypeAlias

from django.db import connection, connections, transaction

from monitoring.ops.panels import Panel, panels
from monitoring.ops.parts import Body

logger = logging.getLogger(__name__)

# Seconds that a page waits for all its panels together.
PATIENCE = 0.5
# A lane that is late is not "away" while what it said last is younger than this (seconds).
LATE = 15.0

Start: TypeAlias = Callable[[Callable[[], None], str], None]


@dataclass(frozen=True, slots=True)
class Shown:
    """A panel with what is known: a body, or since when there is none ("away"), or neither yet."""

    panel: Panel
    body: Body | None
    away_since: datetime | None
    why: str = ""


@dataclass(slots=True)
class _Track:
    """What is known of one panel; ``asked`` is when its latest finished attempt began, by the monotonic clock."""

    body: Body | None = None
    made: float = float("-inf")
    asked: float = float("-inf")
    away_since: datetime | None = None
    why: str = ""


@dataclass(slots=True)
class _Lane:
    """``since`` is when it began to run, None while it rests."""

    since: float | None = None
    since_at: datetime | None = None


def in_a_thread(run: Callable[[], None], name: str) -> None:
    """Runs it beside the request, and gives back what connections it took."""

    def whole() -> None:
        try:
            run()
        finally:
            connections.close_all()

    threading.Thread(target=whole, name=f"ops:{name}", daemon=True).start()


@dataclass
class Board:
    """``listed`` says which panels there are; ``start`` runs a lane beside the caller."""

    listed: Callable[[], list[Panel]] = panels
    start: Start = in_a_thread
    _tracks: dict[str, _Track] = field(default_factory=dict)
    _lanes: dict[str, _Lane] = field(default_factory=dict)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def look(self, *, fresh: bool = False, patience: float = PATIENCE) -> list[Shown]:
        """All panels, after at most ``patience`` seconds; ``fresh`` believes nothing older than this call."""
        asked = monotonic()
        deadline = asked + patience
        listed = self.listed()
        while True:
            for name, due in self._due(listed, asked, fresh=fresh).items():
                self._begin(name, due)
            with self._news:
                left = deadline - monotonic()
                old = [panel for panel in listed if self._is_old(panel, asked, fresh=fresh)]
                if left <= 0 or not any(self._may_answer(panel) for panel in old):
                    return [self._shown(panel, monotonic()) for panel in listed]
                # A lane that came to rest meanwhile, with a look from before this call, is begun again at once.
                if not any(self._lane(panel).since is None for panel in old):
                    self._news.wait(left)

    def forget(self) -> None:
        """Drops everything known: after a fork, whose child has none of the threads, and in tests."""
        self._tracks, self._lanes, self._news = {}, {}, threading.Condition()

    def _due(self, listed: Sequence[Panel], asked: float, *, fresh: bool) -> dict[str, list[Panel]]:
        """Panels to build now by lane, marked as running; nothing of a lane that is at work."""
        found: dict[str, list[Panel]] = {}
        with self._news:
            for panel in listed:
                if self._lane(panel).since is None and self._is_old(panel, asked, fresh=fresh):
                    found.setdefault(panel.lane, []).append(panel)
            for name in found:
                lane = self._lanes[name]
                lane.since, lane.since_at = monotonic(), datetime.now(UTC)
        return found

    def _is_old(self, panel: Panel, asked: float, *, fresh: bool) -> bool:
        # What is slow by nature is not built anew for every look, not even for one that follows an action.
        good_for = 0.0 if fresh and panel.every <= PATIENCE * 10 else panel.every
        return self._track(panel).asked < asked - good_for

    def _may_answer(self, panel: Panel) -> bool:
        """Whether to wait for it: a lane that was waited for before and did not answer is left alone."""
        since = self._lane(panel).since
        return since is None or monotonic() - since < PATIENCE

    def _begin(self, name: str, due: list[Panel]) -> None:
        try:
            self.start(lambda: self._run(name, due), name)
        except RuntimeError:
            # No more threads: the machine is full, and the page shows what is known.
            with self._news:
                for panel in due:
                    self._failed(self._track(panel), "This process can start no thread.")
                self._rest(name)

    def _run(self, name: str, due: list[Panel]) -> None:
        begun = monotonic()
        try:
            with transaction.atomic() if due[0].reads_database else nullcontext():
                limit = 0.0
                for panel in due:
                    if panel.reads_database and panel.limit != limit:
                        limit = panel.limit
                        _limit_statements(limit)
                    self._attempt(panel)
        except Exception as error:  # noqa: BLE001 - the connection itself, which nothing could be built from
            with self._news:
                for panel in due:
                    if self._track(panel).asked < begun:
                        self._failed(self._track(panel), type(error).__name__)
        finally:
            with self._news:
                self._rest(name)

    def _attempt(self, panel: Panel) -> None:
        begun = monotonic()
        try:
            body, why = _built(panel), ""
        except Exception as error:
            body, why = None, type(error).__name__
            logger.debug("ops.panel_failed", extra={"panel": panel.name}, exc_info=True)
        with self._news:
            self._note(self._track(panel), body, why, begun)

    def _rest(self, name: str) -> None:
        lane = self._lanes.setdefault(name, _Lane())
        lane.since = lane.since_at = None
        self._news.notify_all()

    def _note(self, track: _Track, body: Body | None, why: str, begun: float) -> None:
        track.asked = begun
        if body is None:
            self._failed(track, why)
        else:
            track.body, track.made, track.away_since, track.why = body, monotonic(), None, ""
        self._news.notify_all()

    @staticmethod
    def _failed(track: _Track, why: str) -> None:
        track.body, track.why, track.asked = None, why, monotonic()
        track.away_since = track.away_since or datetime.now(UTC)

    def _shown(self, panel: Panel, now: float) -> Shown:
        track, lane = self._track(panel), self._lane(panel)
        if track.body is None and track.away_since is not None:
            return Shown(panel, None, track.away_since, track.why)
        hangs = lane.since is not None and now - lane.since >= PATIENCE
        if hangs and now - track.made >= max(LATE, panel.every * 2):
            return Shown(panel, None, lane.since_at, "It does not answer.")
        return Shown(panel, track.body, None)

    def _track(self, panel: Panel) -> _Track:
        return self._tracks.setdefault(panel.name, _Track())

    def _lane(self, panel: Panel) -> _Lane:
        return self._lanes.setdefault(panel.lane, _Lane())


def _limit_statements(seconds: float) -> None:
    """For the rest of the lane's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(int(seconds * 1000))])


def _built(panel: Panel) -> Body:
    """One panel, in a savepoint of its own: a statement that fails must not cost the next panel."""
    with transaction.atomic() if panel.reads_database else nullcontext():
        return panel.build(datetime.now(UTC))


board = Board()
os.register_at_fork(after_in_child=board.forget)
