"""How many restarts an hour has: a process that will not live must not be started for ever."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

HOUR: Final = 3600.0
# Seconds before the first restart, the second …: what dies at once must not spend the hour in a minute.
PAUSES: Final = (0.5, 2.0, 8.0, 30.0, 60.0)


class Budget:
    """At most ``per_hour`` restarts within any hour."""

    def __init__(self, per_hour: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_hour, self.clock = per_hour, clock
        self._spent: deque[float] = deque()

    def spend(self) -> bool:
        """Takes one restart; False when the hour has none left."""
        if self.wait() > 0:
            return False
        self._spent.append(self.clock())
        return True

    def wait(self) -> float:
        """Seconds until there is a restart to spend; infinite when none is ever allowed."""
        now = self.clock()
        while self._spent and self._spent[0] <= now - HOUR:
            self._spent.popleft()
        if len(self._spent) < self.per_hour:
            return 0.0
        return self._spent[0] + HOUR - now if self._spent else float("inf")

    def pause(self) -> float:
        """Seconds to wait before the restart that was just taken: longer with each one of this hour."""
        return PAUSES[min(max(len(self._spent), 1), len(PAUSES)) - 1]
