"""A broker that may forget is refused at start: under memory pressure it would drop the wake-up calls of the whole hall.

A broker that does not answer is another matter. The hall opens without it (PostgreSQL holds the work, the sweep finds it), so
that a restart during an outage of Redis does not make it an outage of the hall.
"""

import logging

import redis

from config.broker import broker_url
from config.env import BadEnvironment, Problem
from monitoring.preflight.redis_servers import KEEPS, ask

logger = logging.getLogger(__name__)


def refuse_forgetful_broker(url: str = broker_url) -> None:
    """Asks once, for a second at most. Raises BadEnvironment when the broker answers and its policy is to evict."""
    try:
        policy = ask(url).policy
    except (redis.RedisError, OSError, ValueError) as error:
        logger.warning("broker.silent", extra={"error": type(error).__name__})
        return
    if not policy:
        # Some managed servers keep it to themselves; the preflight tells the operator to make sure.
        logger.warning("broker.policy_unknown")
    elif policy != KEEPS:
        text = f"names a Redis that may forget (maxmemory-policy {policy}). Set {KEEPS} there, or name another server."
        raise BadEnvironment(Problem("CELERY_BROKER_URL", text))
