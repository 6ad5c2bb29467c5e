"""Redis addresses of the environment."""

from urllib.parse import urlsplit

from config.env import refuse, text

# What a bad address is replaced by while the other variables are read: no such host can exist (RFC 6761).
_NOWHERE = "redis://redis.invalid:6379/0"


def redis_url(name: str) -> str:
    """The variable as the URL of a Redis database; required."""
    value = text(name)
    if is_redis(value):
        return value
    # The first reason counts: a variable that is not set has been refused already.
    refuse(name, "must look like redis://:password@host:6379/0, rediss://… or unix://… (special characters as %XX).")
    return _NOWHERE


def is_redis(url: str) -> bool:
    """Whether the text is the URL of a Redis database."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme == "unix":
        return bool(parts.path)
    return parts.scheme in ("redis", "rediss") and bool(host) and port != 0
