"""`manage.py supervise worker -- celery …`: runs a command and starts it again when it dies or is wedged."""

import os
import sys
from argparse import REMAINDER, ArgumentParser
from collections.abc import Sequence
from typing import cast

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError

from monitoring.supervision import identity
from monitoring.supervision.apps import SupervisionConfig
from monitoring.supervision.budget import Budget
from monitoring.supervision.guardian import Guardian
from monitoring.supervision.verdict import Judge, Patience

KINDS = ("worker", "beat")
# The queue by which the outbox wakes its relay.
CRITICAL = "critical"


class Command(BaseCommand):
    help = (
        "Runs a command and starts it again when it dies, or when it lives and does nothing: "
        "at most SUPERVISOR_RESTARTS_PER_HOUR times an hour."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=KINDS, help="what the command is")
        parser.add_argument("command", nargs=REMAINDER, help="-- and the command")

    def handle(self, *args: object, **options: object) -> None:
        kind, words = str(options["kind"]), options["command"]
        command = [str(word) for word in words] if isinstance(words, list) else []
        command = command[1:] if command[:1] == ["--"] else command
        if not command:
            raise CommandError("Name the command to run: manage.py supervise worker -- celery -A config.celery worker")
        app = cast(SupervisionConfig, apps.get_app_config("supervision"))
        instance = identity.name_of(os.getpid())
        guardian = Guardian(
            kind=kind,
            instance=instance,
            command=command,
            judge=Judge(
                kind=kind,
                instance=instance,
                patience=Patience(silence=app.silence, look=app.silence / 12),
                delivers=delivers(command),
            ),
            budget=Budget(app.restarts_per_hour),
        )
        sys.exit(guardian.run())


def delivers(command: Sequence[str]) -> bool:
    """Whether this worker takes the outbox's wake-up calls: it consumes the critical queue, or names no queue."""
    for place, word in enumerate(command):
        name, _, value = word.partition("=")
        if name in ("-Q", "--queues"):
            return CRITICAL in (value or "".join(command[place + 1 : place + 2])).split(",")
    return True
