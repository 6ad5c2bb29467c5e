"""Ends the belief in everything the cache holds: after rows were changed by hand."""

from django.core.management.base import BaseCommand

from marketplace.core import cache


class Command(BaseCommand):
    help = "Makes every process load everything anew; needed after rows were changed past the services."

    def handle(self, *args: object, **options: object) -> None:
        cache.touch(cache.EVERYTHING)
        self.stdout.write("Everything is loaded anew; what processes hold in memory within 5 s.")
