"""`python -m config.embedded.migrations`: refuses migrations of our own apps that would stop a running hall."""

import os
import sys
from typing import Final

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
from django.apps import apps

FLOORS: Final = ("config", "payments", "marketplace", "monitoring")


def main() -> int:
    """Lint every migration; exit 1 when one is not backward compatible."""
    django.setup()
    # A development package: production settings must not name it, so its command is not installed.
    from django_migration_linter import MigrationLinter

    ours = [app.label for app in apps.get_app_configs() if app.name.partition(".")[0] in FLOORS]
    # A first migration meets no rows and no running code; tables by month are written in SQL that the linter misreads.
    linter = MigrationLinter(
        include_apps=ours, no_cache=True, ignore_name=["0001_initial"], analyser_string="postgresql"
    )
    linter.lint_all_migrations()
    linter.print_summary()
    return 1 if linter.has_errors else 0


if __name__ == "__main__":
    sys.exit(main())
