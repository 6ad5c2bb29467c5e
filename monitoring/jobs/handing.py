"""Tasks that an orderly stop hands back: noted, so that a deployment is not taken for a death.

All of it happens in the worker's first process, at the end of its stop and before the broker has the messages back.
"""

import logging
import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from celery.worker import state
from celery.worker.request import Request
from django.db import DatabaseError, connection
from django.utils import timezone

from monitoring.jobs import poison

logger = logging.getLogger(__name__)

# What the note may cost a stop (seconds): a database that hangs must not keep the messages from going back.
PATIENCE: Final = 1.0

_cancelled: dict[str, str] = {}


class HallRequest(Request):
    """Remembers that the worker itself has stopped the task. Every HallTask names it."""

    def cancel(self, *args: Any, **kwargs: Any) -> None:
        """Celery calls it in a stop, never for a process that was lost."""
        super().cancel(*args, **kwargs)
        _cancelled[str(self.id)] = str(self.name)


def note_handed_back(**kwargs: object) -> None:
    """A receiver of ``worker_shutting_down``: writes down what was stopped, or taken and not begun."""
    held = {str(request.id): str(request.name) for request in state.reserved_requests}
    names = held | _cancelled
    _cancelled.clear()
    if names:
        # Not in this thread: a signal's handler has interrupted it, and it must get on.
        writer = threading.Thread(target=_write, args=(names.items(), timezone.now()), name="handing", daemon=True)
        writer.start()
        writer.join(PATIENCE)


def _write(names: Iterable[tuple[str, str]], now: datetime) -> None:
    try:
        poison.handed_back(dict(names), now=now)
    except DatabaseError as error:
        # Then the stop counts as a death; it takes five of them.
        logger.warning("jobs.uncounted", extra={"error": type(error).__name__})
    finally:
        connection.close()
