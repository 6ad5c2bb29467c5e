"""Celery's beat with a sign of life from its own rounds: a beat that stalls goes silent, whatever its process does."""

from typing import Any, Final

from celery.beat import PersistentScheduler
from django.utils import timezone

from monitoring import background
from monitoring.supervision.pulse import Pulse

# A round at least so often (seconds); Celery would sleep for minutes when nothing is due.
ROUND: Final = 5.0
# What the last writing down may take (seconds).
FINISH: Final = 1.0


class Scheduler(PersistentScheduler):
    """Named in config.broker as ``beat_scheduler``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pulse = Pulse("beat")

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """One round: sends what is due, then says so; seconds until the next."""
        wait: float = super().tick(*args, **kwargs)
        self.pulse.beat(timezone.now())
        return min(wait, ROUND)

    def close(self) -> None:
        """The end: what was measured is written down before the process goes."""
        super().close()
        background.finish(FINISH)
