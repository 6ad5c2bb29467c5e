"""Django's caches: one store on Redis."""

from typing import Any

from config.env import text


def caches(url: str) -> dict[str, Any]:
    """Redis down costs speed, never a page: a short time-out, and its errors count as a miss."""
    return {
        "default": {
            "BACKEND": "monitoring.metrics.cache.CountingRedisCache",
            "LOCATION": url,
            "TIMEOUT": 300,
            "KEY_PREFIX": text("CACHE_PREFIX", "awning"),
            "OPTIONS": {
                "SOCKET_CONNECT_TIMEOUT": 0.25,
                "SOCKET_TIMEOUT": 0.25,
                "IGNORE_EXCEPTIONS": True,
                # Whoever can write to Redis must not be able to run code here, as what is pickled does when it is read.
                "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            },
        },
    }
