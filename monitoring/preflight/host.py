"""The machine: supported versions, and migrations that have all been applied."""

import sys
from collections.abc import Iterator
from datetime import date

import django
from django.core.checks import CheckMessage
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from monitoring.preflight.findings import error, warning

OLDEST_PYTHON = (3, 11)
# Last days with security fixes: python.org's status of versions, djangoproject.com's supported versions.
PYTHON_ENDS = {
    (3, 11): date(2027, 10, 31),
    (3, 12): date(2028, 10, 31),
    (3, 13): date(2029, 10, 31),
    (3, 14): date(2030, 10, 31),
}
DJANGO_ENDS = {(5, 2): date(2028, 4, 30)}


def versions(
    today: date,
    python: tuple[int, int] = sys.version_info[:2],
    framework: tuple[int, int] = django.VERSION[:2],
) -> Iterator[CheckMessage]:
    """Whether what runs the hall still gets security fixes."""
    if python < OLDEST_PYTHON:
        yield error("python.old", "", f"Python {_dotted(python)} is too old.", hint="Use Python 3.11 or newer.")
    yield from _supported("python", "Python", python, PYTHON_ENDS.get(python), today)
    yield from _supported("django", "Django", framework, DJANGO_ENDS.get(framework), today)


def _supported(
    name: str, title: str, version: tuple[int, int], ends: date | None, today: date
) -> Iterator[CheckMessage]:
    if ends is None:
        yield warning(
            f"{name}.untried", "", f"{title} {_dotted(version)} is not what the tests run on.",
            hint="Use a version that requirements and pyproject.toml name.",
        )  # fmt: skip
    elif today > ends:
        yield error(
            f"{name}.unsupported", "", f"{title} {_dotted(version)} has had no security fixes since {ends}.",
            hint="Upgrade it.",
        )  # fmt: skip


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def migrations(variable: str) -> Iterator[CheckMessage]:
    """Whether the database's tables are those of this release."""
    executor = MigrationExecutor(connections["default"])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        yield error(
            "migrations.pending", variable, f"lacks {len(plan)} migrations, the first is {plan[0][0]}.",
            hint="Run manage.py migrate --no-input before the new release serves.",
        )  # fmt: skip
