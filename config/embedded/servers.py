"""The servers a demo or a test run needs, minus those its environment already names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from config.embedded.postgres import PostgresPlan, PostgresServer
from config.embedded.process import stop_all
from config.embedded.redis import BROKER, CACHE, RedisPlan, RedisServer

DATABASE: Final = "DATABASE_URL"
CACHE_URL: Final = "REDIS_URL"
BROKER_URL: Final = "CELERY_BROKER_URL"
LIMITS_URL: Final = "RATE_LIMIT_REDIS_URL"


@dataclass(frozen=True)
class ServersPlan:
    """`home` gets one folder per server, `given` is the environment: a URL set there replaces the server."""

    home: Path
    logs: Path
    password: str = field(repr=False)
    given: Mapping[str, str] = field(repr=False)
    durable: bool = True
    may_set: tuple[str, ...] = ()
    remedy: str = "stop that one first, or choose another folder"


class Servers:
    """Running servers; `variables` is what the application's environment lacks to reach them."""

    def __init__(self, plan: ServersPlan) -> None:
        """Start what `given` does not name; raises EmbeddedError, and then none is left running."""
        self.plan = plan
        self.postgres: PostgresServer | None = None
        self.redis: dict[str, RedisServer] = {}
        self.variables: dict[str, str] = {}
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        if not self._is_given(DATABASE):
            self.postgres = PostgresServer(
                PostgresPlan(
                    directory=self.plan.home / "postgres",
                    log=self.plan.logs / "postgres.log",
                    password=self.plan.password,
                    durable=self.plan.durable,
                    may_set=self.plan.may_set,
                    remedy=self.plan.remedy,
                )
            )
            self.variables[DATABASE] = self.postgres.url
        if not self._is_given(CACHE_URL):
            self.variables[CACHE_URL] = self._redis("redis-cache", CACHE).url(0)
        if not (self._is_given(BROKER_URL) and self._is_given(LIMITS_URL)):
            broker = self._redis("redis-broker", BROKER)
            if not self._is_given(BROKER_URL):
                self.variables[BROKER_URL] = broker.url(0)
            if not self._is_given(LIMITS_URL):
                self.variables[LIMITS_URL] = broker.url(1)

    def _is_given(self, name: str) -> bool:
        return bool(self.plan.given.get(name) or self.plan.given.get(f"{name}_FILE"))

    def _redis(self, name: str, settings: dict[str, str]) -> RedisServer:
        plan = RedisPlan(
            name=name,
            directory=self.plan.home / name,
            log=self.plan.logs / f"{name}.log",
            settings=settings,
            password=self.plan.password,
            remedy=self.plan.remedy,
        )
        self.redis[name] = RedisServer(plan)
        return self.redis[name]

    def running(self) -> list[PostgresServer | RedisServer]:
        """Return the servers started here."""
        return [*([self.postgres] if self.postgres else []), *self.redis.values()]

    def stop(self) -> None:
        """Stop all at once."""
        stop_all(server.process for server in self.running())
        for server in self.running():
            server.release()
