"""Rebuilds the search index from the catalogue."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from marketplace.catalog.models import Product
from marketplace.catalog.services import reindex_all
from monitoring.jobs import progress


class Command(BaseCommand):
    help = "Rebuilds the search index and its dictionary; the hall stays open meanwhile. Needed after a manual change."

    def handle(self, *args: object, **options: object) -> None:
        total = Product.objects.count()
        title, now = "Search index rebuilt", timezone.now()
        with progress.following("reindex", title, owner=progress.STAFF, total=total, now=now, unit="products") as told:
            seen = reindex_all(tell=lambda done: told.advance(done, timezone.now()))
            told.finish(timezone.now(), done=seen)
        self.stdout.write(f"{seen:,} products looked at.")
