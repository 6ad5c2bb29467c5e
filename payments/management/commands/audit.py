"""Checks the invariants on the live database."""

import json
from argparse import ArgumentParser
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from marketplace.core.errors import AwningError
from payments import audit


class Command(BaseCommand):
    help = "Checks the invariants I1 to I10 and names every row that breaks one; exit status 1 if any does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="write one JSON object")
        parser.add_argument("--offline", action="store_true", help="do not ask the payment provider for its list")

    def handle(self, *args: object, **options: object) -> None:
        try:
            findings = audit.audit(now=timezone.now(), offline=bool(options["offline"]))
        except AwningError as error:
            raise CommandError(
                f"The payment provider does not answer ({error}): use --offline.", returncode=2
            ) from error
        checked = sorted({check.invariant for check in audit.CHECKS}, key=lambda name: int(name[1:]))
        if options["json"]:
            report = {"ok": not findings, "checked": checked, "findings": [asdict(finding) for finding in findings]}
            self.stdout.write(json.dumps(report, indent=2))
        else:
            for finding in findings:
                self.stdout.write(f"{finding.invariant}  {finding.row}: {finding.problem}")
            self.stdout.write(f"{', '.join(checked)} checked: {len(findings)} findings")
        if findings:
            raise SystemExit(1)
