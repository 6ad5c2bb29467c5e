"""Imports a product file into a stall: `manage.py import_products FILE --seller SLUG`."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from marketplace.core.errors import AwningError
from marketplace.core.hall import currency
from marketplace.imports.errors import CatalogueFileError
from marketplace.imports.reading import FORMATS
from marketplace.imports.records import RowProblem
from marketplace.imports.report import Outcome, Report, peak_memory_mib
from marketplace.imports.services import ImportOptions, import_products

SHOWN = 20


class Command(BaseCommand):
    """Prints a summary; exit code 1 when the file cannot be read or no row could be used."""

    help = "Imports a Shopify, WooCommerce or Awning product file into a stall. A second run changes only what changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help=".csv, .tsv, or either of them as .gz")
        parser.add_argument("--seller", required=True, metavar="SLUG", help="the stall, by the slug in its address")
        parser.add_argument("--format", choices=sorted(FORMATS), default="", help="default: found out from the header")
        parser.add_argument("--dry-run", action="store_true", help="report everything, write nothing")
        parser.add_argument("--report", type=Path, metavar="FILE", help="one line per row, as .csv or .json")
        parser.add_argument("--json", action="store_true", help="print the summary as JSON")
        parser.add_argument("--decimal", choices=[".", ","], help="the decimal mark, where a price could mean two sums")
        parser.add_argument("--encoding", default="", help="default: found out from the bytes")
        parser.add_argument(
            "--untracked-stock",
            type=int,
            default=1,
            metavar="N",
            help="units for a new offer that the file calls in stock without a number (default 1)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["untracked_stock"] < 0:
            raise CommandError("--untracked-stock must be 0 or more.")
        try:
            report = import_products(
                path=options["file"],
                seller_slug=options["seller"],
                currency=currency(),
                now=timezone.now(),
                options=ImportOptions(
                    format=options["format"],
                    encoding=options["encoding"],
                    decimal_mark=options["decimal"],
                    untracked_stock=options["untracked_stock"],
                    dry_run=options["dry_run"],
                    report_path=options["report"],
                ),
            )
        except (CatalogueFileError, AwningError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(report.summary(), ensure_ascii=False))
        else:
            self.stdout.write("\n".join(summary_lines(report)))
        if not report.usable:
            sys.exit(1)


def summary_lines(report: Report) -> list[str]:
    """The report as a person reads it."""
    head = "Dry run, nothing was written" if report.dry_run else "Imported"
    lines = [
        f"{head}: {report.format}, {report.rows_read:,} rows in {report.seconds:.1f} s "
        f"({report.rows_per_second:,} rows/s, peak memory {peak_memory_mib()} MiB).",
        "",
        f"{'':10}{'created':>10}{'updated':>10}{'unchanged':>11}{'skipped':>10}",
    ]
    for name, counter in (("rows", report.rows), ("products", report.products), ("offers", report.offers)):
        numbers = [f"{counter[outcome]:,}" for outcome in Outcome]
        if name != "rows":
            numbers[-1] = ""
        lines.append(f"{name:10}{numbers[0]:>10}{numbers[1]:>10}{numbers[2]:>11}{numbers[3]:>10}".rstrip())
    lines += ["", f"Pictures noted, to be fetched later: {report.pictures_noted:,}."]
    if report.joined:
        lines.append(f"Offers that join another stall's product by GTIN: {report.joined:,}.")
    if report.uncounted:
        lines.append(f"New offers whose stock the file does not count: {report.uncounted:,}.")
    if report.missing_categories:
        lines.append("Categories this hall does not have (products are in the nearest one above, or in Unsorted):")
        lines += [f"  {name}: {count:,}" for name, count in report.missing_categories.most_common(SHOWN)]
    lines += _problem_lines("Left out", report.problems, report.rows[Outcome.SKIPPED])
    lines += _problem_lines("Taken, but note", report.remarks, report.notes - sum(report.missing_categories.values()))
    if report.stopped:
        lines += ["", f"Stopped early: {report.stopped}"]
    return lines


def _problem_lines(title: str, problems: list[RowProblem], total: int) -> list[str]:
    if not problems:
        return []
    lines = ["", f"{title}: {total:,}"]
    for problem in problems[:SHOWN]:
        where = ", ".join(filter(None, (f"row {problem.row}", problem.column, problem.sku)))
        lines.append(f"  {where}: {problem.message}")
    if total > SHOWN:
        lines.append(f"  … and {total - SHOWN:,} more: write them all to a file with --report FILE.csv.")
    return lines
