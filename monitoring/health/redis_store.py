"""Asks a Redis in one round trip, with short time-outs and connections of our own."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from monitoring.health.registry import Figure, Finding

# Seconds for connecting and for an answer; both together stay below the page's patience when one of them hangs.
PATIENCE = 0.25


# As many connections as checks: each asks once at a time, and all of them may ask the same server.
@lru_cache(maxsize=8)
def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(
        url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0)
    )


def check(url: str, *, keeps_all: bool, queues: Sequence[str] = ()) -> Finding:
    """The server answers, and evicts nothing where ``keeps_all``. ``queues`` are lists whose length is a figure."""
    pipe = _client(url).pipeline(transaction=False)
    pipe.ping()
    pipe.info()
    for queue in queues:
        pipe.llen(queue)
    _, info, *lengths = pipe.execute()
    figures = _figures(info)
    for queue, length in zip(queues, lengths, strict=True):
        figures[f"waiting_{queue}"] = length
    policy = str(info.get("maxmemory_policy", "noeviction"))
    if keeps_all and policy != "noeviction":
        return Finding("warning", f"maxmemory-policy is {policy}: it may forget. Set noeviction.", figures)
    most = int(info.get("maxmemory", 0))
    if keeps_all and most and int(info["used_memory"]) > 0.9 * most:
        return Finding("warning", "Memory is nearly used up: soon it refuses writes.", figures)
    return Finding("ok", "", figures)


def _figures(info: dict[str, Any]) -> dict[str, Figure]:
    hits, misses = int(info.get("keyspace_hits", 0)), int(info.get("keyspace_misses", 0))
    return {
        "version": str(info.get("redis_version", "")),
        "used_bytes": int(info.get("used_memory", 0)),
        "max_bytes": int(info.get("maxmemory", 0)),
        "policy": str(info.get("maxmemory_policy", "")),
        "clients": int(info.get("connected_clients", 0)),
        "evicted": int(info.get("evicted_keys", 0)),
        "hit_share": round(hits / (hits + misses), 3) if hits + misses else None,
    }
