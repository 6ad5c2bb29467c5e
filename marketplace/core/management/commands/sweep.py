"""Runs the registered sweeps for ever: the guarantee behind every Celery message."""

import logging
import signal
import threading
import time
from argparse import ArgumentParser
from types import FrameType

from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.utils import timezone

from marketplace.core import sweeps
from monitoring.errors import report
from monitoring.requests import ids, origin

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Runs the sweeps (outbox, inbox, unfinished payments, expired holds) every second until it is told to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="run each sweep once and stop")

    def handle(self, *args: object, **options: object) -> None:
        if options["once"]:
            sweeps.run_all(timezone.now())
            return
        stopping = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:
            stopping.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        due = {job.name: 0.0 for job in sweeps.jobs()}
        while not stopping.is_set():
            for job in sweeps.jobs():
                if not stopping.is_set() and time.monotonic() >= due[job.name]:
                    self.run(job)
                    due[job.name] = time.monotonic() + job.every
            stopping.wait(0.2)

    def run(self, job: sweeps.Job) -> None:
        """One sweep; whatever goes wrong is logged and the others go on."""
        close_old_connections()
        with ids.within(sweep=job.name), origin.named(f"sweep:{job.name}"):
            try:
                job.run(timezone.now())
            except Exception as error:
                logger.exception("sweep.failed")
                report(error, sweep=job.name)
