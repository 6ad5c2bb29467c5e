"""Claims on rows that are a queue: skip what others hold, a lease instead of a lock, fenced by the attempt number."""

import random
from datetime import datetime, timedelta

MAX_ATTEMPTS = 10


def backoff(attempts: int, *, base: float = 2.0, ceiling: float = 600.0) -> timedelta:
    """How long to wait after the nth failed attempt: full jitter below ``base``·2ⁿ, at most ``ceiling`` seconds.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    return timedelta(seconds=random.uniform(0.5, min(ceiling, base * 2**attempts)))  # noqa: S311 - jitter


def expiry(now: datetime, *, seconds: int = 30) -> datetime:
    """Until when a claim taken now is held."""
    return now + timedelta(seconds=seconds)
