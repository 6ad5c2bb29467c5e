"""Runs the registered sweeps for ever: the guarantee behind every Celery message."""

import logging
import os
import signal
import threading
import time
from argparse import ArgumentParser
from types import FrameType

from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.utils import timezone

from marketplace.core import sweeps
from monitoring import background
from monitoring.errors import report
from monitoring.requests import ids, origin
from monitoring.supervision.pulse import Pulse

logger = logging.getLogger(__name__)

# Seconds: what the last writing down may take, and when a job that does not end is cut off; all is over within 10 s.
FINISH = 1.0
LAST_CALL = 8.0
# A job that fails again and again waits longer each time, but no longer than this: a database that is away for an hour must
# not fill the logs, and one that is back must not be kept waiting (seconds).
LONGEST_PAUSE = 10.0


class Command(BaseCommand):
    help = "Runs the sweeps (outbox, inbox, unfinished payments, expired holds) every second until it is told to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="run each sweep once and stop")

    def handle(self, *args: object, **options: object) -> None:
        if options["once"]:
            sweeps.run_all(timezone.now())
            return
        stopping = self.listen()
        pulse = Pulse("sweep")
        background.start()
        due = {job.name: 0.0 for job in sweeps.jobs()}
        failures = dict.fromkeys(due, 0)
        while not stopping.is_set():
            for job in sweeps.jobs():
                if not stopping.is_set() and time.monotonic() >= due[job.name]:
                    failures[job.name] = 0 if self.run(job) else failures[job.name] + 1
                    due[job.name] = time.monotonic() + pause(job, failures[job.name])
            pulse.beat(timezone.now())
            stopping.wait(0.2)
        background.finish(FINISH)

    def listen(self) -> threading.Event:
        """The event that SIGTERM sets. The job at hand is finished; one that takes too long is cut off, as a crash would."""
        stopping = threading.Event()

        def cut() -> None:
            logger.error("sweep.cut")
            os._exit(1)

        def stop(number: int, frame: FrameType | None) -> None:
            if not stopping.is_set():
                stopping.set()
                timer = threading.Timer(LAST_CALL, cut)
                timer.daemon = True
                timer.start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        return stopping

    def run(self, job: sweeps.Job) -> bool:
        """One sweep; whatever goes wrong is logged and the others go on. Returns whether it went well."""
        close_old_connections()
        with ids.within(sweep=job.name), origin.named(f"sweep:{job.name}"):
            try:
                job.run(timezone.now())
            except Exception as error:
                logger.exception("sweep.failed")
                report(error, sweep=job.name)
                return False
        return True


def pause(job: sweeps.Job, failures: int) -> float:
    """Seconds until the job's next turn, after so many failures in a row."""
    return max(job.every, min(job.every * 2.0 ** min(failures, 10), LONGEST_PAUSE))
