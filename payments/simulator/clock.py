"""The simulator's clock: real time plus what a test has advanced."""

import time


class Clock:
    """Unix seconds, movable forward."""

    def __init__(self, offset: int = 0) -> None:
        self.offset = offset

    def now(self) -> int:
        """The simulated time in Unix seconds."""
        return int(time.time()) + self.offset

    def advance(self, seconds: int) -> None:
        """Move the clock forward; Stripe's time never goes back."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self.offset += seconds
