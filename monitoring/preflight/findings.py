"""What a check of the preflight finds, as Django's own check messages; every floor registers its checks under one tag.

A check that needs nothing but the settings is registered with ``rule`` and also runs with ``check --deploy``. What needs a
server is a probe (``monitoring.preflight.probes``) and runs in the preflight alone.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's name for the level

TAG = "preflight"
# The id of what is said of a variable whose value settings could not use.
UNREADABLE = f"{TAG}.environment"
Rule: TypeAlias = Callable[[], Iterable[CheckMessage]]


def error(identity: str, variable: str, text: str, *, hint: str) -> CheckMessage:
    """Something that must be mended before the hall opens; ``hint`` says how, ``variable`` may be ""."""
    return Error(text, hint=hint, obj=variable or None, id=f"{TAG}.{identity}")


def warning(identity: str, variable: str, text: str, *, hint: str) -> CheckMessage:
    """Something an operator should know and may accept."""
    return Warning(text, hint=hint, obj=variable or None, id=f"{TAG}.{identity}")


def rule(run: Rule) -> None:
    """Registers a check of the configuration alone. It is asked again at each run."""

    def check(**kwargs: Any) -> list[CheckMessage]:
        return list(run())

    register(check, TAG, deploy=True)
