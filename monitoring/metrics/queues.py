"""How much work waits at the broker, and for how long."""

import json
import time
from collections.abc import Callable, Sequence

import redis

from monitoring.metrics import collected, samples

# Where Celery's Redis transport keeps a queue: one list per step of priority, the first without a suffix.
PRIORITY_STEPS = (0, 3, 6, 9)
SEPARATOR = "\x06\x16"
# Taken by a worker and not acknowledged yet.
UNACKNOWLEDGED = "unacked"
# Seconds since 1970, set by the publisher.
PUBLISHED_AT = "published_at"
# Seconds: a broker that hangs costs the scrape no more.
TIMEOUT = 0.2
# A message this long is not parsed for its age.
_LONGEST = 65_536


def register(broker_url: str, queues: Sequence[str]) -> None:
    """Registers the gauges of these queues of the broker at ``broker_url``."""
    client = redis.Redis.from_url(broker_url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=None)

    def add(name: str, text: str, run: Callable[[], Sequence[collected.Row]]) -> None:
        collected.register(name, text, run, labels=["queue"], source="broker")

    add("queue_messages", "Tasks waiting at the broker.", lambda: noted(depths(client, queues)))
    add(
        "queue_oldest_message_age_seconds", "How long the oldest waiting task has waited.", lambda: ages(client, queues)
    )
    collected.register(
        "queue_unacknowledged_messages",
        "Tasks that a worker has taken and not finished.",
        lambda: [({}, float(client.hlen(UNACKNOWLEDGED)))],
        source="broker",
    )


def lists(queue: str) -> list[str]:
    """The Redis lists of one queue."""
    return [queue if not step else f"{queue}{SEPARATOR}{step}" for step in PRIORITY_STEPS]


def depths(client: redis.Redis, queues: Sequence[str]) -> list[collected.Row]:
    """Waiting tasks per queue, over all priorities; one round trip."""
    pipeline = client.pipeline(transaction=False)
    for queue in queues:
        for name in lists(queue):
            pipeline.llen(name)
    lengths = pipeline.execute()
    width = len(PRIORITY_STEPS)
    return [({"queue": queue}, float(sum(lengths[n * width : (n + 1) * width]))) for n, queue in enumerate(queues)]


def noted(rows: Sequence[collected.Row]) -> Sequence[collected.Row]:
    """The same rows; each queue's depth has become a sample of its own, for alerts."""
    for labels, depth in rows:
        samples.level(f"queue_depth.{labels['queue']}", depth)
    return rows


def ages(client: redis.Redis, queues: Sequence[str]) -> list[collected.Row]:
    """Seconds that the oldest task of each queue has waited, 0 for an empty one; messages that do not say are left out."""
    pipeline = client.pipeline(transaction=False)
    for queue in queues:
        for name in lists(queue):
            # Publishers push on the left, workers take from the right.
            pipeline.lindex(name, -1)
    messages, now = pipeline.execute(), time.time()
    width = len(PRIORITY_STEPS)
    return [
        ({"queue": queue}, max((_age(message, now) for message in messages[n * width : (n + 1) * width]), default=0.0))
        for n, queue in enumerate(queues)
    ]


def _age(message: bytes | None, now: float) -> float:
    if not message or len(message) > _LONGEST:
        return 0.0
    try:
        return max(0.0, now - float(json.loads(message)["headers"][PUBLISHED_AT]))
    except (ValueError, KeyError, TypeError):
        return 0.0
