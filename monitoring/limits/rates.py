"""Rates as operators write them: ``100/minute;1000/15 minutes``."""

import re
from dataclasses import dataclass

from limits import parse_many

# A key of a sliding window holds one timestamp (about 11 bytes) per admitted request.
MOST = 100_000
LONGEST = 24 * 3600
# The parser reads 5/0 minute as 5/minute.
_NO_PERIOD = re.compile(r"(?:/|per)\s*0+\s*[a-z]", re.IGNORECASE)
EXAMPLE = "100/minute;1000/15 minutes"


class BadRate(ValueError):
    """The text is no rate; the message says how one is written and does not repeat it."""


@dataclass(frozen=True, slots=True)
class Window:
    """At most ``amount`` requests in any ``seconds``."""

    amount: int
    seconds: int

    def __str__(self) -> str:
        return f"{self.amount}/{self.seconds} s"


def parse(text: str) -> tuple[Window, ...]:
    """The windows of a rate, shortest first. Raises BadRate."""
    try:
        items = [] if _NO_PERIOD.search(text) else parse_many(text.strip())
    except ValueError:
        items = []
    if not items:
        raise BadRate(f"is not a rate: write it like {EXAMPLE}.")
    windows = sorted((Window(item.amount, int(item.get_expiry())) for item in items), key=lambda window: window.seconds)
    for window in windows:
        if not 0 < window.amount <= MOST or not 0 < window.seconds <= LONGEST:
            raise BadRate(f"must allow 1 to {MOST} requests in at most a day: write it like {EXAMPLE}.")
    if len({window.seconds for window in windows}) < len(windows):
        raise BadRate(f"names the same period twice: write it like {EXAMPLE}.")
    return tuple(windows)


def parse_concurrent(text: str) -> tuple[int, int | None]:
    """``20`` or ``20;50``: at the same moment per user, and per address if it is given. Raises BadRate."""
    parts = [part.strip() for part in text.split(";")]
    if len(parts) > 2 or not all(part.isascii() and part.isdecimal() and 0 < int(part) <= MOST for part in parts):
        raise BadRate("is not a number of requests at the same moment: write 20, or 20;50 for user and address.")
    return int(parts[0]), int(parts[1]) if len(parts) == 2 else None
