"""What the health pages look at, who may see the details, and how much of a process may wait for the payment provider."""

from dataclasses import dataclass, field

from config.broker import broker_url
from config.env import number, refuse, text
from config.redis_urls import redis_url
from config.timetable import QUEUES

_SHORTEST = 16


@dataclass(frozen=True, slots=True)
class Health:
    """``stores`` are Redis addresses by the name of their check; ``queues`` the broker's lists.

    ``provider_concurrent`` is how many calls to the payment provider one web process makes at once: a quarter of its
    threads unless told otherwise (SAFETY 15), because a provider that hangs must not take the shop with it.
    """

    token: str = field(repr=False)
    stores: dict[str, str] = field(repr=False)
    queues: tuple[str, ...]
    breaker_url: str = field(repr=False)
    provider_concurrent: int
    port: int


def health(*, cache_url: str) -> Health:
    """Read from the environment."""
    token = text("HEALTH_TOKEN", "")
    if token and len(token) < _SHORTEST:
        refuse("HEALTH_TOKEN", f"can be guessed: at least {_SHORTEST} random characters, or empty.")
    # Not the cache's Redis: it evicts, and an evicted counter is a closed breaker.
    limits_url = redis_url("RATE_LIMIT_REDIS_URL")
    threads = number("WEB_THREADS", 4, least=1)
    return Health(
        token=token,
        stores={"cache": cache_url, "broker": broker_url, "limits": limits_url},
        queues=QUEUES,
        breaker_url=limits_url,
        provider_concurrent=number("PROVIDER_CONCURRENT", max(1, threads // 4), least=1),
        port=number("HEALTH_PORT", 0),
    )
