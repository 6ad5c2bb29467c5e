"""Loads what most people look at, before they ask: part of every release."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand
from django.utils import timezone

from marketplace.storefront import warming


class Command(BaseCommand):
    help = (
        "Loads the front page, the shelves and the most popular products into the cache; at most 45 s, one at a time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--products", type=int, default=warming.PRODUCTS, help="how many popular products")

    def handle(self, *args: object, **options: int) -> None:
        done = warming.warm(now=timezone.now(), products=max(0, options["products"]))
        self.stdout.write(
            f"{done:,} pages warmed." if done else "Nothing warmed: Redis is away, or somebody else is at it."
        )
