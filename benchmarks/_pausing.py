"""One web process on servers of its own, each of which can be paused: what health's test and its benchmark stand on."""

import contextlib
import http.client
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from config.embedded.ports import LOOPBACK, free_port
from config.embedded.postgres import PostgresPlan, PostgresServer
from config.embedded.process import Command, ServerProcess, stop_all
from config.embedded.redis import BROKER, CACHE, RedisPlan, RedisServer
from marketplace.sessions import ids

ROOT = Path(__file__).parent.parent
TOKEN = "pausing-health-token-0123456789"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SECRET = "pausing-session-secret-0123456789-abcdefghijklmnop"
# With a session that nobody has: another one each time, so that the look-up asks the database.
STRANGER = {"Cookie": "a stranger's"}
PAGES: tuple[tuple[str, dict[str, str]], ...] = (
    ("/healthz", {}),
    ("/readyz", {}),
    ("/health/", {}),
    ("/health/detailed/", BEARER),
    ("/health/detailed/", STRANGER),
)


@dataclass(frozen=True)
class Answer:
    """Status, seconds from connecting to the last byte, and the body."""

    status: int
    seconds: float
    body: dict[str, Any] = field(repr=False)


class PausedHall:
    """PostgreSQL, three Redis servers, a storage that may be a black hole, and one web process that uses them."""

    def __init__(self, home: Path, *, black_hole: bool = False) -> None:
        home.chmod(0o755)
        self._hole = _black_hole() if black_hole else None
        self.postgres = PostgresServer(
            PostgresPlan(directory=home / "postgres", log=home / "postgres.log", password="pausing", durable=False)
        )
        self.redis = {
            name: RedisServer(
                RedisPlan(name=name, directory=home / name, log=home / f"{name}.log", settings=settings, password="x")
            )
            for name, settings in (("cache", CACHE), ("broker", BROKER), ("limits", BROKER))
        }
        self.port, self.health_port = free_port(), free_port()
        self.web = ServerProcess(self._command(home))
        until(self._is_up, "the web process")

    def _command(self, home: Path) -> Command:
        media = f"file://{home}/media"
        if self._hole is not None:
            media = f"s3://pictures?endpoint=http://{LOOPBACK}:{self._hole.getsockname()[1]}"
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV")}
        return Command(
            name="web",
            argv=(
                *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", LOOPBACK, "--port", str(self.port)),
                *("--workers", "1", "--blocking-threads", "4", "--no-ws", "config.wsgi:application"),
            ),
            directory=ROOT,
            log=home / "web.log",
            stops=((signal.SIGTERM, 2.0), (signal.SIGKILL, 2.0)),
            environ=kept
            | {
                "DATABASE_URL": self.postgres.url,
                "REDIS_URL": self.redis["cache"].url(),
                "CELERY_BROKER_URL": self.redis["broker"].url(),
                "RATE_LIMIT_REDIS_URL": self.redis["limits"].url(),
                "SESSION_SECRET": SECRET,
                "STRIPE_SECRET_KEY": "sk_test_awning",
                "STRIPE_PUBLISHABLE_KEY": "pk_test_awning",
                "STRIPE_WEBHOOK_SECRET": "whsec_awning_pausing",
                "HEALTH_TOKEN": TOKEN,
                "HEALTH_PORT": str(self.health_port),
                "SITE_URL": f"http://{LOOPBACK}:{self.port}",
                "PUBLIC_MEDIA_URL": media,
                "AWS_ACCESS_KEY_ID": "nobody",
                "AWS_SECRET_ACCESS_KEY": "nothing",
                "STATIC_UNHASHED": "1",
                "PROCESS_KIND": "web",
                "LOG_LEVEL": "ERROR",
            },
        )

    def get(self, path: str, headers: dict[str, str] | None = None, *, port: int = 0) -> Answer:
        """One request on a connection of its own, which waits for as long as it takes."""
        if headers is STRANGER:
            headers = {"Cookie": f"sessionid={ids.new(ids.id_key(SECRET))}"}
        begin = time.perf_counter()
        connection = http.client.HTTPConnection(LOOPBACK, port or self.port, timeout=30)
        try:
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        return Answer(response.status, time.perf_counter() - begin, json.loads(body))

    def visit(self) -> int:
        """A buyer opens the home page, which reads the database; the status, 0 when nobody answered."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=30)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def state_of(self, check: str) -> str:
        """What the page says about one check."""
        return str(self.get("/health/detailed/", BEARER).body["checks"][check]["status"])

    @contextlib.contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """Stops a server with all its processes in mid-step; a packet to it is taken and never answered."""
        processes = self._processes(name)
        for process in processes:
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._resume(processes)

    def _processes(self, name: str) -> list[psutil.Process]:
        server = self.postgres if name == "postgresql" else self.redis[name]
        first = psutil.Process(server.process.pid)
        return [first, *first.children(recursive=True)]

    @staticmethod
    def _resume(processes: list[psutil.Process]) -> None:
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)

    def _is_up(self) -> bool:
        assert self.web.poll() is None, self.web.last_words()
        try:
            return self.get("/healthz").status == 200
        except OSError:
            return False

    def close(self) -> None:
        """Ends everything."""
        servers = [self.postgres, *self.redis.values()]
        stop_all([self.web, *(server.process for server in servers)])
        for server in servers:
            server.release()
        if self._hole is not None:
            self._hole.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def until(condition: Any, what: str, patience: float = 40.0) -> None:
    """Waits for an event; fails with what was waited for."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience:g} s for {what}"
        time.sleep(0.05)


def _black_hole() -> socket.socket:
    """Takes connections and never answers one."""
    hole = socket.socket()
    hole.bind((LOOPBACK, 0))
    hole.listen(128)
    return hole
