"""Compares our payments with the provider's own list."""

import json
from argparse import ArgumentParser
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from marketplace.core.errors import AwningError
from payments import audit, reconciliation


@dataclass(frozen=True, slots=True)
class Report:
    """``findings`` are the differences that are left."""

    repaired: int
    events: int
    findings: list[str]


class Command(BaseCommand):
    help = "Compares provider, payments, ledger and orders; --repair applies what the provider says; exit 1 if they differ."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="apply the provider's state and fetch lost events")
        parser.add_argument("--json", action="store_true", help="write one JSON object")
        parser.add_argument("--days", type=int, default=30, help="how far to look back (default: 30)")

    def handle(self, *args: object, **options: object) -> None:
        days = options["days"]
        window = timedelta(days=days if isinstance(days, int) else 30)
        try:
            report = self.reconcile(window, repair=bool(options["repair"]))
        except AwningError as error:
            raise CommandError(f"The payment provider does not answer: {error}", returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(asdict(report), indent=2))
        else:
            for line in report.findings:
                self.stdout.write(line)
            self.stdout.write(
                f"{report.repaired} repaired, {report.events} lost events fetched, {len(report.findings)} differences left"
            )
        if report.findings:
            raise SystemExit(1)

    def reconcile(self, window: timedelta, *, repair: bool) -> Report:
        """Compares, repairs if asked, and compares again."""
        now = timezone.now()
        settled = now - audit.QUIET
        drifts = reconciliation.compare(now=now, settled=settled, window=window)
        repaired, events, refused = 0, 0, list[str]()
        if repair:
            events = reconciliation.fetch_lost_events(now=now, window=window)
            repaired, refused = reconciliation.repair(drifts, now=now)
            drifts = reconciliation.compare(now=now, settled=settled, window=window)
        findings = [f"{drift.invariant}  {drift.row}: {drift.problem}" for drift in drifts]
        findings += [f"{item.invariant}  {item.row}: {item.problem}" for item in audit.audit(now=now, offline=True)]
        return Report(repaired, events, [*findings, *refused])
