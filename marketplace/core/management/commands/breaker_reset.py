"""Closes a circuit breaker by hand, for an operator who knows that the other side is well again."""

import getpass
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from marketplace.core import breaker
from marketplace.core.errors import NotFound


class Command(BaseCommand):
    help = "Closes a circuit breaker at once, for every process. The log says who did it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the breaker, such as stripe")

    def handle(self, *args: object, **options: object) -> None:
        name = str(options["name"])
        try:
            shared = breaker.reset(name, by=f"breaker_reset by {getpass.getuser()}")
        except NotFound as error:
            raise CommandError(error.message) from error
        if not shared:
            raise CommandError(
                "Redis does not answer, so no other process has heard of it: run this again once it does."
            )
        print(f"The breaker {name} is closed.")
