"""Management commands: what one dies of is reported, and what it reported is handed on before it ends.

Imported by manage.py before Django is set up: nothing here may need models until a command has run.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from django.apps import apps
from django.core.management.base import CommandError

from monitoring.errors import delivery
from monitoring.errors.capture import buffer, capture
from monitoring.requests import origin


@contextmanager
def reported_command(argv: Sequence[str]) -> Iterator[None]:
    """Around the whole command. A CommandError is its answer to wrong arguments, and no error of ours."""
    name = f"command:{argv[1][:60]}" if len(argv) > 1 else "command:"
    try:
        with origin.named(name):
            yield
    except Exception as error:
        if apps.ready and not isinstance(error, CommandError):
            capture(error, handled=False, place=origin.Origin(name), facts={})
        raise
    finally:
        if apps.ready and len(buffer()):
            delivery.drain(datetime.now(UTC), ending=True)
