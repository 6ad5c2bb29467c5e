"""How patient the supervisors of worker and beat are, and without what neither can work."""

from dataclasses import dataclass
from typing import Final

import redis

from config.broker import broker_url
from config.env import number, seconds
from monitoring.supervision import probes

PATIENCE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Supervisor:
    """``silence`` is in seconds."""

    silence: float
    restarts_per_hour: int


def supervisor() -> Supervisor:
    """Read from the environment."""
    return Supervisor(
        silence=seconds("SUPERVISOR_SILENCE", 60.0), restarts_per_hour=number("SUPERVISOR_RESTARTS_PER_HOUR", 5)
    )


def register() -> None:
    """While the broker is away, nobody is idle by his own fault."""
    probes.register_ground("broker", broker_answers)


def broker_answers() -> None:
    """Raises redis.RedisError when the broker does not answer within a second."""
    with redis.Redis.from_url(
        broker_url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=None
    ) as client:
        client.ping()
