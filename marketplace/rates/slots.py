"""Who may call a provider now: one row each that all processes reserve calls in, by PostgreSQL's clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Final

from django.db import connection

from marketplace.rates.providers.calls import TOTAL_SECONDS

# CONTRACT "rates": at least 3 s between calls to a provider, from the end of one to the beginning of the next.
SPACING_SECONDS: Final = 3.0
# Whoever was held up for longer between reserving and calling leaves it: the slot may be another's by then.
PROMPT_SECONDS: Final = 1.0

# Whoever changes the row has the slot, all others have none. A slot is kept for as long as a call can last; one that is
# further away than that was written by a clock that has been set back since.
_RESERVE = """
INSERT INTO rates_providerslot AS slot (provider, free_at)
VALUES (%(provider)s, clock_timestamp() + make_interval(secs => %(lease)s))
ON CONFLICT (provider) DO UPDATE SET free_at = clock_timestamp() + make_interval(secs => %(lease)s)
WHERE slot.free_at <= clock_timestamp() OR slot.free_at > clock_timestamp() + make_interval(secs => %(lease)s)
RETURNING free_at
"""
# Only the holder's own slot: after its lease it may be somebody else's.
_RELEASE = """
UPDATE rates_providerslot SET free_at = clock_timestamp() + make_interval(secs => %s)
WHERE provider = %s AND free_at = %s
"""


@dataclass(frozen=True, slots=True)
class Slot:
    """One reserved call; ``until`` also says whose it is. ``asked`` is this process' monotonic time of asking for it."""

    provider: str
    until: datetime
    asked: float

    @property
    def prompt(self) -> bool:
        """Whether the call may still begin."""
        return monotonic() - self.asked < PROMPT_SECONDS


@contextmanager
def reserved(provider: str) -> Iterator[Slot | None]:
    """The provider's next call, or None while another's is under way or less than 3 s over.

    The wait for the next one begins when the block ends; a process that dies in it frees the slot by its lease.
    """
    slot = _reserve(provider)
    try:
        yield slot
    finally:
        if slot is not None:
            with connection.cursor() as cursor:
                cursor.execute(_RELEASE, [SPACING_SECONDS, slot.provider, slot.until])


def _reserve(provider: str) -> Slot | None:
    asked = monotonic()
    lease = PROMPT_SECONDS + TOTAL_SECONDS + SPACING_SECONDS
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE, {"provider": provider, "lease": lease})
        row = cursor.fetchone()
    return Slot(provider, row[0], asked) if row else None
