"""Rebuilds the search index from the catalogue."""

from django.core.management.base import BaseCommand

from marketplace.catalog.services import reindex_all


class Command(BaseCommand):
    help = "Rebuilds the search index and its dictionary; the hall stays open meanwhile. Needed after a manual change."

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(f"{reindex_all():,} products looked at.")
