"""The sign of life of a loop: given by the loop itself, so that a loop that hangs goes silent."""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.db import close_old_connections

from monitoring.supervision import services

logger = logging.getLogger(__name__)

EVERY: Final = 10.0


class Pulse:
    """Writes at most every ``every`` seconds; a store that is away costs a log line, never the loop."""

    def __init__(self, kind: str, *, every: float = EVERY, clock: Callable[[], float] = time.monotonic) -> None:
        self.kind, self.every, self.clock = kind, every, clock
        self._due = clock()

    def beat(self, now: datetime) -> None:
        """Called in every round of the loop."""
        if self.clock() < self._due:
            return
        self._due = self.clock() + self.every
        try:
            close_old_connections()
            services.note(kind=self.kind, now=now)
        except Exception:
            logger.exception("heartbeat.failed", extra={"kind": self.kind})
