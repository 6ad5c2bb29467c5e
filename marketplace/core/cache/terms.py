"""How long the values of a family live, and what is found of one."""

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T")

# Seconds: CONTRACT's time in memory; how long the one who loads has before another may; how long others wait for it; how
# often they look; and how long a value that could not be refreshed is left alone.
LOCAL: Final = 5.0
LEASE: Final = 10.0
WAIT: Final = 3.0
LOOK_AGAIN: Final = 0.02
RETRY: Final = 5.0
# A value that is old already stays in memory for so long while somebody refreshes it.
STALE_LOCAL: Final = 1.0
# The share of a soft life by which values of one moment end apart from each other.
JITTER: Final = 0.1


@dataclass(frozen=True, slots=True)
class Terms:
    """Lives in seconds: fresh until ``soft``, shown at most until ``hard``; a None until ``negative``.

    ``compress``: large values are kept compressed, for less memory in Redis and more work with each reading.
    """

    soft: float
    hard: float
    local: float = LOCAL
    negative: float = 60.0
    lease: float = LEASE
    wait: float = WAIT
    compress: bool = True


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A valid value, maybe stale, with the tags it is made of and their generations."""

    value: T | None
    stale: bool
    tags: dict[str, str]


def ms(seconds: float) -> int:
    """Milliseconds, never negative."""
    return max(0, round(seconds * 1000))
