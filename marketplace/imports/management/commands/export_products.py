"""Writes a stall's offers as a product file: `manage.py export_products --seller SLUG --format awning`."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from marketplace.core.errors import AwningError
from marketplace.core.hall import hall
from marketplace.imports.exports import export_products
from marketplace.imports.layouts import LAYOUTS


class Command(BaseCommand):
    """Streams to standard output, or to a file."""

    help = "Writes a stall's offers in our own format (read back without loss), Shopify's or WooCommerce's."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seller", required=True, metavar="SLUG", help="the stall, by the slug in its address")
        parser.add_argument("--format", choices=sorted(LAYOUTS), default="awning")
        parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = {
            "seller_slug": options["seller"],
            "format_name": options["format"],
            "currency": hall().currency,
            "site_url": hall().site_url,
            "now": timezone.now(),
        }
        try:
            if options["output"] is None:
                rows = export_products(**wanted, stream=self.stdout)
            else:
                with options["output"].open("w", encoding="utf-8-sig", newline="") as stream:
                    rows = export_products(**wanted, stream=stream)
        except AwningError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"{options['output']} cannot be written: {error.strerror}.") from error
        print(f"{rows:,} rows written.", file=sys.stderr)
