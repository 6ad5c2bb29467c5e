"""A Redis that the hall can do without: it answers soon, or is left alone for some seconds and everybody does without it."""

import logging
import threading
from collections.abc import Callable
from functools import lru_cache
from time import monotonic
from typing import Final, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.retry import Retry

from monitoring.metrics.instruments import counter

logger = logging.getLogger(__name__)

# Seconds; together SAFETY 14's 0.25.
CONNECT: Final = 0.1
ANSWER: Final = 0.15
# How long a process leaves a server alone that has not answered; then one caller tries it, the others still do without.
REST = 5.0

T = TypeVar("T")
_FAILURES = counter("side_redis_failures", "Calls to a Redis that the hall can do without which did not answer.")


class Away(Exception):
    """Redis does not answer, or has not answered a moment ago: do without it."""


class SideRedis:
    """One server. A server that hangs costs one time-out per process and ``REST``, not one per request."""

    def __init__(self, url: str, *, answer: float = ANSWER) -> None:
        self._client = redis.Redis.from_url(
            url, socket_connect_timeout=CONNECT, socket_timeout=answer, retry=Retry(NoBackoff(), 0)
        )
        self._lock = threading.Lock()
        self._quiet_until = 0.0

    def call(self, command: "Callable[[redis.Redis], T]") -> T:
        """What the command answers. Raises Away, after 0.25 s at most and at once while the server is left alone."""
        self._may_try()
        try:
            answer = command(self._client)
        except redis.RedisError as error:
            with self._lock:
                self._quiet_until = monotonic() + REST
            _FAILURES.inc()
            logger.warning("side_redis.away", extra={"error_type": type(error).__name__})
            raise Away from error
        if self._quiet_until:
            with self._lock:
                self._quiet_until = 0.0
        return answer

    def script(self, text: str) -> Script:
        """A script that commands may call with the client they are given. Asks nobody."""
        return self._client.register_script(text)

    def _may_try(self) -> None:
        if not self._quiet_until:
            return
        with self._lock:
            if monotonic() < self._quiet_until:
                raise Away
            if self._quiet_until:
                # One caller tries; whoever comes meanwhile does not wait with it.
                self._quiet_until = monotonic() + REST


@lru_cache(maxsize=8)
def side_redis(url: str) -> SideRedis:
    """The one connection pool and the one rest of this process for an address."""
    return SideRedis(url)
