"""What a request raises that the process cannot answer now: it is told to come back, and nobody is woken for it."""

from typing import Final

from django.db import OperationalError

# Seconds until a client may try again.
RETRY_AFTER: Final = 5


class Overloaded(OperationalError):
    """No connection to the database within the time that a request waits for one. Answered with 503 and Retry-After."""


def is_overload(error: BaseException | None) -> bool:
    """Whether this error, or one that led to it, is an overload."""
    while error is not None:
        if isinstance(error, Overloaded):
            return True
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return False
