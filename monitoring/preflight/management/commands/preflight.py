"""`manage.py preflight`: every problem of the configuration at once."""

import json
import os
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.checks import ERROR, CheckMessage, run_checks
from django.core.management.base import BaseCommand

from monitoring.preflight.findings import TAG, UNREADABLE
from monitoring.preflight.mask import masked
from monitoring.preflight.probes import SILENT, probes, run_all


class Command(BaseCommand):
    help = "Check the configuration and every server it names; exit 1 with all problems. Secrets are never shown."
    # Its own checks are what it reports.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help="machine-readable: {ok, errors, warnings, problems: […]}"
        )
        parser.add_argument("--online", action="store_true", help="also ask services that only need their key tried")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        found = run_checks(tags=[TAG], include_deployment_checks=True)
        found += run_all(probes(online=options["online"]))
        problems = _unique([_plain(message) for message in found if not message.is_silenced()])
        errors = sum(problem["level"] == "error" for problem in problems)
        if options["json"]:
            document = {
                "ok": not errors,
                "errors": errors,
                "warnings": len(problems) - errors,
                "seconds": round(time.monotonic() - started, 2),
                "problems": problems,
            }
            self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False))
        else:
            self._print(problems, errors)
        if any(problem["id"].endswith(SILENT) for problem in problems):
            # Libraries keep threads of their own, which Python would wait for: for ever, behind a server that hangs.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(1)
        if errors:
            raise SystemExit(1)

    def _print(self, problems: list[dict[str, str]], errors: int) -> None:
        for problem in problems:
            subject = f"{problem['variable']} " if problem["variable"] else ""
            self.stdout.write(f"{problem['level']:<8} {subject}{problem['text']}")
            self.stdout.write(f"         {problem['hint']}  [{problem['id']}]")
        self.stdout.write(f"preflight: {errors or 'no'} errors, {len(problems) - errors or 'no'} warnings")


def _plain(message: CheckMessage) -> dict[str, str]:
    return {
        "id": message.id or "",
        "level": "error" if message.level >= ERROR else "warning",
        "variable": str(message.obj or ""),
        "text": masked(str(message.msg)),
        "hint": masked(message.hint or ""),
    }


def _unique(problems: list[dict[str, str]]) -> list[dict[str, str]]:
    """Errors first, each thing said once; of a variable that cannot be read at all, nothing else."""
    unread = {problem["variable"] for problem in problems if problem["id"] == UNREADABLE}
    once = {
        tuple(problem.values()): problem
        for problem in problems
        if problem["id"] == UNREADABLE or problem["variable"] not in unread
    }
    return sorted(once.values(), key=lambda problem: problem["level"] != "error")
