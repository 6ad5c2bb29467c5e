"""A small fleet behind a real HAProxy, and a steady load: what the rolling tests stand on."""

import contextlib
import http.client
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from config.embedded.ports import LOOPBACK, free_port

SLOTS = 4
PATIENCE = 30.0
APPLICATION = "tests.flows.slow_hall:application"
LEAVING = [sys.executable, "-m", "config.serve", APPLICATION]

HAPROXY = """
global
    stats socket {home}/control mode 600 level admin
defaults
    mode http
    timeout connect 2s
    timeout client 20s
    timeout server 20s
    # Nothing is tried twice: whatever an instance loses is seen.
    retries 0
frontend hall
    bind {loopback}:{port}
    default_backend fleet
backend fleet
    option httpchk
    http-check send meth GET uri /readyz hdr Host {loopback}
    http-check expect status 200
    default-server check inter 100ms fall 1 rise 1
{servers}
"""


def until(condition: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Wait until the condition holds; fail with ``what`` was awaited."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience:g} s for {what}"
        time.sleep(0.02)


class Proxy:
    """HAProxy from the system's packages, before ``SLOTS`` ports."""

    def __init__(self, home: Path) -> None:
        binary = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
        if binary is None:
            pytest.fail("The rolling tests need HAProxy: apt-get install haproxy.")
        self.control = home / "control"
        self.port = free_port()
        self.ports = [free_port() for _ in range(SLOTS)]
        servers = "".join(f"    server s{i} {LOOPBACK}:{port}\n" for i, port in enumerate(self.ports))
        config = home / "haproxy.cfg"
        config.write_text(HAPROXY.format(home=home, loopback=LOOPBACK, port=self.port, servers=servers))
        self.process = subprocess.Popen([binary, "-db", "-q", "-f", str(config)])

    def up(self) -> set[int]:
        """The ports that HAProxy sends requests to."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.control))
            control.sendall(b"show stat\n")
            lines = control.makefile().read().splitlines()
            fields = [line.split(",") for line in lines if line.startswith("fleet,s")]
            return {self.ports[int(row[1][1:])] for row in fields if row[17] == "UP"}
        return set()

    def __enter__(self) -> Self:
        # Before its first probes HAProxy believes that everything is up.
        until(lambda: self.control.exists() and not self.up(), "HAProxy")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()


class Instance:
    """One web process of the fleet."""

    def __init__(self, command: list[str], port: int, environ: dict[str, str]) -> None:
        self.port, self.asked_at, self.took = port, 0.0, 0.0
        self.process = subprocess.Popen(
            [part.format(port=port) for part in command],
            env=os.environ | environ | {"PORT": str(port)},
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def stop(self) -> None:
        """Ask, without waiting."""
        self.asked_at = time.monotonic()
        self.process.send_signal(signal.SIGTERM)

    def gone(self) -> bool:
        """Whether it has ended; notes how long that took."""
        if self.process.poll() is None:
            return False
        self.took = self.took or time.monotonic() - self.asked_at
        return True

    def kill(self) -> None:
        """End it and all its workers."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Fleet:
    """Two instances, replaced one by one; old ones leave while their successors start."""

    proxy: Proxy
    command: list[str]
    environ: dict[str, str]
    serving: list[Instance] = field(default_factory=list)
    leaving: list[Instance] = field(default_factory=list)
    left: list[Instance] = field(default_factory=list)

    def add(self) -> None:
        """Start one more, on a port that nobody has, and wait until the proxy uses it."""
        until(self.free_ports, "a free port")
        instance = Instance(self.command, self.free_ports()[0], self.environ)
        self.serving.append(instance)
        until(lambda: instance.port in self.proxy.up(), "a new instance to be ready")

    def free_ports(self) -> list[int]:
        """Ports of no instance that still runs."""
        self.left += [instance for instance in self.leaving if instance.gone()]
        self.leaving = [instance for instance in self.leaving if instance not in self.left]
        taken = {instance.port for instance in (*self.serving, *self.leaving)}
        return [port for port in self.proxy.ports if port not in taken]

    def replace_oldest(self) -> None:
        """One rolling restart: the successor serves before the old one is told to leave."""
        self.add()
        oldest = self.serving.pop(0)
        oldest.stop()
        self.leaving.append(oldest)

    def settle(self) -> None:
        """Wait until all that were told to leave have left."""
        until(lambda: len(self.free_ports()) == SLOTS - len(self.serving), "the old instances to leave")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for instance in (*self.serving, *self.leaving):
            instance.kill()


@dataclass
class Load:
    """Clients that keep asking, one request after the other; every failure is written down."""

    port: int
    answered: int = 0
    marks: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _count: Iterator[int] = field(default_factory=itertools.count)

    def get(self, url: str) -> None:
        """One GET that must be answered with 200."""
        self._ask("GET", url, None)

    def post(self) -> None:
        """One POST that writes; its mark counts as acknowledged when the answer is 200."""
        mark = f"mark-{next(self._count)}"
        if self._ask("POST", "/webhooks/slow/?seconds=0.1", f"mark={mark}"):
            self.marks.append(mark)

    def _ask(self, method: str, url: str, body: str | None) -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=20)
        try:
            form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
            connection.request(method, url, body, form)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.failures.append(f"{method} {url}: {error!r}")
            return False
        finally:
            connection.close()
        if answer.status != 200:
            self.failures.append(f"{method} {url}: {answer.status}")
            return False
        self.answered += 1
        return True

    @contextlib.contextmanager
    def running(self) -> Iterator[Self]:
        """Keep the clients busy inside the block."""
        kinds: list[Callable[[], None]] = [
            lambda: self.get("/webhooks/slow/?seconds=0.05"),
            lambda: self.get("/webhooks/slow/?seconds=0.9"),
            lambda: self.get("/webhooks/slow/?seconds=0.3"),
            self.post,
        ]
        threads = [threading.Thread(target=self._repeat, args=(kind,)) for kind in kinds]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join()

    def _repeat(self, once: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            once()
