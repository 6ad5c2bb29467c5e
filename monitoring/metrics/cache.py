"""Django's cache on Redis, counted; and the counter that other tiers of the cache share."""

from collections.abc import Callable, Iterable
from typing import Any

from django_redis.cache import CONNECTION_INTERRUPTED, RedisCache, omit_exception

from monitoring.metrics.instruments import counter

lookups_total = counter("cache_lookups", "Lookups by tier and outcome: hit, miss or error.", ["tier", "outcome"])

TIER = "redis"
hits, misses, errors = (lookups_total.labels(TIER, outcome) for outcome in ("hit", "miss", "error"))
# What pages are made of: in memory, in Redis, or loaded. One tier, because only a load is a miss.
family_hits, family_misses, family_errors = (
    lookups_total.labels("families", outcome) for outcome in ("hit", "miss", "error")
)

_ABSENT = object()


def _from_redis(cache: RedisCache, keys: list[Any], *args: Any, **kwargs: Any) -> Any:
    return cache.client.get_many(keys, *args, **kwargs)


# Ignores what the cache's own methods ignore, and says that it did.
_guarded: Callable[..., Any] = omit_exception(_from_redis, return_value=CONNECTION_INTERRUPTED)


class CountingRedisCache(RedisCache):
    """The same cache; a lookup that fails, or finds what cannot be read, counts as an error and answers like a miss."""

    def get(self, key: Any, default: Any = None, version: int | None = None, client: Any = None) -> Any:
        """The value, or ``default``."""
        try:
            value = self._get(key, _ABSENT, version, client)
        except ValueError:
            # Bytes that are no JSON: of another release, or damaged.
            value = CONNECTION_INTERRUPTED
        if value is CONNECTION_INTERRUPTED:
            errors.inc()
            return default
        if value is _ABSENT:
            misses.inc()
            return default
        hits.inc()
        return value

    def get_many(self, keys: Iterable[Any], *args: Any, **kwargs: Any) -> dict[Any, Any]:
        """The values that are there."""
        wanted = list(keys)
        found = _guarded(self, wanted, *args, **kwargs)
        if found is CONNECTION_INTERRUPTED:
            errors.inc(len(wanted))
            return {}
        hits.inc(len(found))
        misses.inc(len(wanted) - len(found))
        return dict(found)
