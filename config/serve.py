"""`python -m config.serve [MODULE:APPLICATION]`: the web process. Runs granian; sees to it that stopping costs nobody an answer.

Told to stop, granian closes its socket at once, before any proxy has noticed. So the signal is ours: from SIGTERM on the
readiness probe fails while requests are still served (DRAIN_DELAY seconds, for the proxy to look); then new requests get 503
while those in flight are finished; then granian stops its workers, which close their connections last. All of it is over
within 10 s. A second signal ends everything at once.

Only the launcher listens to signals: a worker obeys nobody but its launcher (`config.web_process`), because terminals and
process managers signal whole groups.
"""

import logging
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from logging.config import dictConfig
from pathlib import Path
from types import FrameType
from typing import Any, Final

from granian import Granian
from granian.constants import Interfaces

from config.broker_policy import refuse_forgetful_broker
from config.env import BadEnvironment, number, refuse, seconds, stop_if_bad, text
from config.logs import logging_settings
from config.metrics import prepare
from monitoring.requests import logs
from monitoring.requests.drain import VARIABLE, Page, State

logger = logging.getLogger("config.serve")

TARGET: Final = "config.wsgi:application"
# Seconds after the signal: from LAST_CALL on granian is told to stop, whoever is still in flight; at KILL_AT what is left of
# the workers is killed. CONTRACT: all is over within 10 s.
LAST_CALL: Final = 7.2
KILL_AT: Final = 8.8
LONGEST_DELAY: Final = 5.0
# A signal to a process group may arrive by several ways; within this time it is one request (seconds).
ONE_REQUEST: Final = 0.3
POLL: Final = 0.02


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to listen, with how many workers and threads each, and how long proxies need to notice (seconds)."""

    host: str
    port: int
    workers: int
    threads: int
    drain_delay: float

    @property
    def refusing(self) -> float:
        """How long new requests are at least answered with 503: a late proxy gets an answer, not a closed port."""
        return self.drain_delay / 3


def read_plan() -> Plan:
    """The plan that the environment asks for. Raises BadEnvironment, naming every variable that cannot be used."""
    delay = seconds("DRAIN_DELAY", 3.0)
    if delay > LONGEST_DELAY:
        refuse("DRAIN_DELAY", f"is too long: at most {LONGEST_DELAY:g}, so that all is over within 10 s.")
    port = number("PORT", 8000, least=1)
    if port > 65535:
        refuse("PORT", "is no port: at most 65535.")
    plan = Plan(
        host=text("WEB_HOST", "0.0.0.0"),  # noqa: S104 - behind a proxy; the demo names loopback
        port=port,
        workers=number("WEB_WORKERS", 2, least=1),
        threads=number("WEB_THREADS", 4, least=1),
        drain_delay=delay,
    )
    stop_if_bad()
    return plan


class Launcher:
    """One run of the web process."""

    def __init__(self, plan: Plan, page: Page, *, lines: dict[str, Any], target: str = TARGET) -> None:
        self.plan, self.page, self.pid = plan, page, os.getpid()
        self.asked_at: float | None = None
        self.stop_granian: Callable[[], object] = lambda: None
        self.granian = Granian(
            target,
            address=plan.host,
            port=plan.port,
            interface=Interfaces.WSGI,
            workers=plan.workers,
            blocking_threads=plan.threads,
            websockets=False,
            respawn_failed_workers=True,
            workers_kill_timeout=int(KILL_AT),
            log_dictconfig=lines,
        )
        self.granian.on_startup(self.take_signals)

    def run(self) -> None:
        """Serves until told to stop. Raises SystemExit with granian's own status when it gives up by itself."""
        self.granian.serve()

    def take_signals(self) -> None:
        """Puts our handler before granian's, which closes the socket at once."""
        inherited = signal.getsignal(signal.SIGTERM)
        if callable(inherited):
            self.stop_granian = lambda: inherited(signal.SIGTERM, None)
        for number_ in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number_, self.on_signal)

    def on_signal(self, number_: int, frame: FrameType | None) -> None:
        """The first signal drains; a second one forces, and so does SIGQUIT."""
        if os.getpid() != self.pid:
            # A worker that is still loading and has no handler of its own yet: it serves nobody.
            os._exit(128 + number_)
        now = time.monotonic()
        if number_ == signal.SIGQUIT:
            self.force(number_)
        elif self.asked_at is None:
            self.asked_at = now
            self.page.state = State.UNREADY
            threading.Thread(target=self.drain, args=(now,), name="drain", daemon=True).start()
        elif now - self.asked_at > ONE_REQUEST:
            self.force(number_)

    def drain(self, asked_at: float) -> None:
        """Waits for proxies, then for the requests in flight, then lets granian stop."""
        logger.info("draining: unready, still serving for %g s", self.plan.drain_delay)
        self.wait_until(asked_at + self.plan.drain_delay)
        self.page.state = State.REFUSING
        logger.info("draining: new requests are refused, %d in flight are finished", self.in_flight())
        self.wait_until(asked_at + self.plan.drain_delay + self.plan.refusing)
        while self.in_flight() and time.monotonic() < asked_at + LAST_CALL:
            time.sleep(POLL)
        # granian takes what is set when it stops its workers.
        self.granian.workers_kill_timeout = max(0.1, asked_at + KILL_AT - time.monotonic())  # type: ignore[assignment]
        self.stop_granian()

    def wait_until(self, moment: float) -> None:
        """Sleeps until that moment of the monotonic clock."""
        time.sleep(max(0.0, moment - time.monotonic()))

    def in_flight(self) -> int:
        """Requests that the living workers are answering."""
        return self.page.in_flight({child.pid for child in multiprocessing.active_children() if child.pid})

    def force(self, number_: int) -> None:
        """Ends every worker and this process now."""
        logger.warning("forced to stop: %d requests in flight are lost", self.in_flight())
        for child in multiprocessing.active_children():
            child.kill()
        self.page.remove()
        os._exit(128 + number_)


def main(target: str = TARGET) -> int:
    """Serve what the environment describes; 0 after a stop that was asked for, 2 for an environment that cannot be used."""
    lines = logging_settings(process="web")
    dictConfig(lines)
    logs.watch_crashes()
    os.environ["PROCESS_KIND"] = "web"
    # The workers share one directory for what they count, so that any of them can answer for all.
    os.environ.update(prepare("web"))
    try:
        plan = read_plan()
        refuse_forgetful_broker()
    except BadEnvironment as error:
        sys.stderr.write(f"config.serve: {error}\n")
        return 2
    descriptor, path = tempfile.mkstemp(prefix="awning-web-")
    os.close(descriptor)
    page = Page(Path(path))
    os.environ[VARIABLE] = path
    try:
        Launcher(plan, page, lines=lines, target=target).run()
    finally:
        page.remove()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
