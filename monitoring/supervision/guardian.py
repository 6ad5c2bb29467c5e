"""Runs a command, passes signals on, and starts it again when it dies or is wedged: so often an hour and no more."""

import logging
import signal
import threading
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from types import FrameType
from typing import Final

from django.db import connections

from monitoring.supervision import services
from monitoring.supervision.budget import Budget
from monitoring.supervision.child import Child
from monitoring.supervision.verdict import Judge

logger = logging.getLogger(__name__)

# Seconds from the request to stop until what is left is killed: all is over within 10.
STOP: Final = 8.5
POLL: Final = 0.2
PASSED_ON: Final = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
# A signal to a process group may arrive by several ways; within this time it is one request (seconds).
ONE_REQUEST: Final = 0.3
MOST_UNWRITTEN: Final = 100


class Guardian:
    """One supervised process. The judge looks in a thread of its own: a database that hangs must not delay a signal."""

    def __init__(self, *, kind: str, instance: str, command: Sequence[str], judge: Judge, budget: Budget) -> None:
        self.kind, self.instance, self.command = kind, instance, command
        self.judge, self.budget = judge, budget
        self._child: Child | None = None
        self._wedged: tuple[int, str] | None = None
        self._asked_at: float | None = None
        self._forced = False
        self._said_exhausted = False
        self._wake = threading.Event()
        self._over = threading.Event()
        self._unwritten: deque[tuple[datetime, str, bool]] = deque(maxlen=MOST_UNWRITTEN)

    def run(self) -> int:
        """Until told to stop; the exit status of the child then."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, self._on_stop)
        for number in PASSED_ON:
            signal.signal(number, self._pass_on)
        watch = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        watch.start()
        child = self._start()
        while self._asked_at is None:
            reason = self._attend(child)
            if reason is None or not self._may_restart(child, reason):
                continue
            self._end(child)
            self._restarting(reason)
            if self._sleep(self.budget.pause()):
                child = self._start()
        self._over.set()
        status = self._stop(child)
        watch.join(timeout=0.5)
        return status

    def _start(self) -> Child:
        self._said_exhausted = False
        self._child = Child(self.command, instance=self.instance)
        logger.info("supervisor.started", extra={"kind": self.kind, "pid": self._child.pid})
        return self._child

    def _attend(self, child: Child) -> str | None:
        """Waits a moment; why the child must be started again, or None."""
        self._wake.wait(POLL)
        self._wake.clear()
        if self._asked_at is not None:
            return None
        status = child.status()
        if status is not None:
            return f"it ended with status {status}" if status < 128 else f"it was ended by signal {status - 128}"
        wedged = self._wedged
        return wedged[1] if wedged and wedged[0] == child.pid else None

    def _may_restart(self, child: Child, reason: str) -> bool:
        if self.budget.spend():
            return True
        if not self._said_exhausted:
            self._said_exhausted = True
            logger.critical(
                "supervisor.exhausted",
                extra={"kind": self.kind, "pid": child.pid, "reason": reason, "limit": self.budget.per_hour},
            )
            self._unwritten.append((datetime.now(UTC), reason, True))
        return False

    def _restarting(self, reason: str) -> None:
        logger.error("supervisor.restart", extra={"kind": self.kind, "reason": reason, "limit": self.budget.per_hour})
        self._unwritten.append((datetime.now(UTC), reason, False))

    def _end(self, child: Child) -> None:
        """Ends a wedged child, and what a dead one has left behind."""
        child.ask()
        deadline = time.monotonic() + STOP
        while child.status() is None and time.monotonic() < deadline and self._asked_at is None:
            self._wake.wait(POLL)
        if self._asked_at is None or child.status() is not None:
            child.kill()
        self._wedged = None

    def _stop(self, child: Child) -> int:
        """Hands the request to stop on; a second one, or SIGQUIT, forces."""
        logger.info("supervisor.stopping", extra={"kind": self.kind, "pid": child.pid})
        child.ask()
        while child.status() is None and not self._forced and time.monotonic() < (self._asked_at or 0.0) + STOP:
            self._wake.wait(POLL)
            self._wake.clear()
        child.kill()
        return child.status() or 0

    def _sleep(self, seconds: float) -> bool:
        """Whether the time has passed without a request to stop."""
        deadline = time.monotonic() + seconds
        while self._asked_at is None and (left := deadline - time.monotonic()) > 0:
            self._wake.wait(min(left, POLL))
            self._wake.clear()
        return self._asked_at is None

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._asked_at is None:
            self._asked_at = now
        elif now - self._asked_at > ONE_REQUEST:
            self._forced = True
        if number == signal.SIGQUIT:
            self._forced = True
        self._wake.set()

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        if self._child is not None:
            self._child.send(number)

    def _watch(self) -> None:
        while not self._over.wait(self.judge.patience.look):
            child = self._child
            if child is not None and child.status() is None:
                reason = self.judge.look(now=datetime.now(UTC), started=child.started)
                self._wedged = (child.pid, reason) if reason else None
                if reason:
                    self._wake.set()
            self._write()
            connections.close_all()
        self._write()
        connections.close_all()

    def _write(self) -> None:
        """Writes down what was restarted, as soon as the database answers."""
        while self._unwritten:
            at, reason, given_up = self._unwritten[0]
            try:
                services.note_restart(kind=self.kind, instance=self.instance, at=at, reason=reason, given_up=given_up)
            except Exception as error:  # noqa: BLE001 - it is tried again at the next look
                logger.warning("supervisor.unwritten", extra={"kind": self.kind, "reason": type(error).__name__})
                return
            self._unwritten.popleft()
