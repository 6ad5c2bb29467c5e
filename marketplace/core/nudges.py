"""Wake-up calls to Celery. Losing one costs the second until the next sweep, so a silent broker must cost no more."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

logger = logging.getLogger(__name__)

# How long a process leaves a broker alone that has just not answered (seconds): one caller pays, not each.
REST = 5.0


@dataclass
class Broker:
    """When this process will try again; shared by all its nudges."""

    quiet_until: float = 0.0


_broker = Broker()


@dataclass(frozen=True, slots=True)
class Nudge:
    """Calls ``send`` unless the broker is being left alone; never raises."""

    send: Callable[[], object]

    def __call__(self) -> None:
        if monotonic() < _broker.quiet_until:
            return
        try:
            self.send()
        except Exception as error:  # noqa: BLE001 - whatever the broker's client raises means the same here
            _broker.quiet_until = monotonic() + REST
            logger.warning("nudge.lost: %s: %s", type(error).__name__, error)
