"""Whole pages: CPU per request of real server processes, beside the least that the same server and Django can do.

Each server is one granian with one worker; all are asked in turn over connections that stay open, round by round, and the
CPU time of their process trees is read from the kernel. Limits, log lines and figures are on, as in production.
"""

import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.data.catalogue import catalogue_of
from benchmarks.entries import Entry, at_least, p50
from config.embedded.ports import free_port
from marketplace.sessions.copies import MARK_SECONDS

NAMES = ("page.anonymous", "page.signed_in")
ROUNDS, CONNECTIONS = 7, 32
# Requests of one round; the dear ones need fewer.
REQUESTS = {
    "raw": 3000,
    "raw_page": 3000,
    "memory": 3000,
    "redis": 600,
    "bare": 600,
    "standard": 250,
    "signed_in": 250,
    "strangers": 1000,
}
SERVERS = ("raw", "raw_page", "bare", "standard", "memory", "redis")
PAGE, HELLO = "/p/thing-10/", "/hello/"
PRODUCTS = 200
_HERE = "benchmarks._whole_pages_apps"


def run() -> dict[str, Entry]:
    """Requests per CPU second of ours over the reference's; the references say the microseconds."""
    with catalogue_of(PRODUCTS), ExitStack() as stack:
        std_session = _spoken(_HERE, "sign-in").strip()
        our_session = _signed_in()
        signed_in_at = time.monotonic()
        ports = {name: stack.enter_context(_server(name)) for name in SERVERS}
        asks = {
            "raw": Asking(ports["raw"], HELLO),
            "raw_page": Asking(ports["raw_page"], HELLO, expect=b"<p>"),
            "bare": Asking(ports["bare"], HELLO),
            "standard": Asking(ports["standard"], HELLO, cookie=f"sessionid={std_session}", expect=b"mira"),
            "memory": Asking(ports["memory"], PAGE, expect=b"<title>"),
            # Every request from another network: each is counted by a call of its own.
            "strangers": Asking(ports["memory"], PAGE, expect=b"<title>", strangers=True),
            "redis": Asking(ports["redis"], PAGE, expect=b"<title>"),
            "signed_in": Asking(ports["memory"], PAGE, cookie=f"sessionid={our_session}", expect=b"Mira"),
        }
        costs: dict[str, list[float]] = {name: [] for name in asks}
        for name, asking in asks.items():
            asking.ask(max(100, REQUESTS[name] // 4))
        guests = {name: asking for name, asking in asks.items() if name not in ("standard", "signed_in")}
        _rounds(guests, costs)
        # Until then a session that has just begun is read from PostgreSQL: what is measured is the one of a visit.
        time.sleep(max(0.0, signed_in_at + MARK_SECONDS + 1 - time.monotonic()))
        _rounds({name: asks[name] for name in ("standard", "signed_in")}, costs)
    return _entries({name: p50(values) for name, values in costs.items()})


def _rounds(asks: "dict[str, Asking]", costs: dict[str, list[float]]) -> None:
    for _ in range(ROUNDS):
        for name, asking in asks.items():
            costs[name].append(asking.ask(REQUESTS[name]))


def _entries(cost: dict[str, float]) -> dict[str, Entry]:
    def told(ours: str, reference: str) -> str:
        return (
            f"{cost[ours]:.0f} µs of CPU per request beside {cost[reference]:.0f}; medians of {ROUNDS} rounds in turn"
        )

    return {
        "page.anonymous_l1_vs_raw": at_least(
            cost["raw"] / cost["memory"],
            0.5,
            "×",
            f"{told('memory', 'raw')}; with as many headers and bytes as the page the same hello takes "
            f"{cost['raw_page']:.0f}",
        ),
        "page.anonymous_l1_strangers_vs_raw": at_least(
            cost["raw"] / cost["strangers"], 0.15, "×", f"{told('strangers', 'raw')}; each from another network"
        ),
        "page.anonymous_l2_vs_bare": at_least(cost["bare"] / cost["redis"], 0.85, "×", told("redis", "bare")),
        "page.signed_in_vs_std": at_least(
            cost["standard"] / cost["signed_in"], 0.4, "×", told("signed_in", "standard")
        ),
    }


# --- servers --------------------------------------------------------------------------------------------------------


@contextmanager
def _server(name: str) -> Iterator[int]:
    port = free_port()
    rates = {f"RATE_LIMIT_{rate}": "100000/second" for rate in ("BURST", "ANONYMOUS", "DEFAULT")}
    environ = os.environ | rates | {"LOG_LEVEL": "INFO", "LOG_FORMAT": "json", "TRUSTED_PROXIES": "127.0.0.1"}
    environ |= {"ALLOWED_HOSTS": "127.0.0.1", "DATABASE_URL": _database_url()}
    if name not in ("memory", "redis"):
        environ.pop("DJANGO_SETTINGS_MODULE", None)
    with tempfile.TemporaryFile() as lines:
        process = subprocess.Popen([sys.executable, "-m", _HERE, name, str(port)], env=environ, stderr=lines)
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _database_url() -> str:
    """Where the catalogue at hand is."""
    from django.db import connection

    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            _of_port[port] = process.pid
            return
    raise RuntimeError(f"The server of port {port} does not answer.")


_of_port: dict[int, int] = {}


def _spoken(*arguments: str) -> str:
    environ = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    environ["DATABASE_URL"] = _database_url()
    return subprocess.run(
        [sys.executable, "-m", *arguments], env=environ, check=True, capture_output=True, text=True
    ).stdout


def _signed_in() -> str:
    from django.test import Client

    from marketplace.accounts.models import User

    client = Client()
    user, _ = User.objects.get_or_create(email="mira@example.test", defaults={"name": "Mira Holt"})
    client.force_login(user)
    return str(client.cookies["sessionid"].value)


def _cpu(pid: int) -> float:
    """Nanoseconds that the process and its children have used so far, threads that have ended included."""
    total, waiting = 0.0, [pid]
    while waiting:
        process = waiting.pop()
        # Linux' number of the clock of another process' CPU time (clock_getcpuclockid).
        total += time.clock_gettime_ns((~process << 3) | 2)
        for task in Path(f"/proc/{process}/task").iterdir():
            waiting += map(int, (task / "children").read_text().split())
    return total


# --- the client -----------------------------------------------------------------------------------------------------


class Asking:
    """Asks one address over and over, on connections that stay open. Checks that every answer is a page."""

    def __init__(
        self, port: int, path: str, *, cookie: str = "", expect: bytes = b"Hello", strangers: bool = False
    ) -> None:
        self.port, self.expect, self.strangers = port, expect, strangers
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\nAccept: text/html\r\n"
        self.head = (head + (f"Cookie: {cookie}\r\n" if cookie else "")).encode()
        self.number = 0

    def ask(self, count: int) -> float:
        """Microseconds of CPU per request of the server's process tree."""
        with ExitStack() as stack:
            self._check(stack.enter_context(socket.create_connection(("127.0.0.1", self.port), 10)))
            lines = [
                stack.enter_context(socket.create_connection(("127.0.0.1", self.port), 10)) for _ in range(CONNECTIONS)
            ]
            before = _cpu(_of_port[self.port])
            self._converse(lines, count)
            return (_cpu(_of_port[self.port]) - before) / count / 1000

    def _check(self, line: socket.socket) -> None:
        """Asks once, and looks at what comes."""
        line.sendall(self._request().replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        answer = b"".join(iter(lambda: line.recv(1 << 17), b""))
        if not answer.startswith(b"HTTP/1.1 200") or self.expect not in answer:
            raise RuntimeError(f"That is not the page: {answer[:600]!r}")

    def _request(self) -> bytes:
        self.number += 1
        address = f"X-Forwarded-For: 10.{self.number >> 16 & 255}.{self.number >> 8 & 255}.{self.number & 255}\r\n"
        return self.head + (address.encode() if self.strangers else b"") + b"\r\n"

    def _converse(self, lines: list[socket.socket], count: int) -> None:
        """Every line has one request under way; the client does as little as it can, so that the server is what is busy."""
        with selectors.EpollSelector() as selector:
            missing = dict.fromkeys(lines[:count], 0)
            for line in missing:
                selector.register(line, selectors.EVENT_READ, line)
                line.sendall(self._request())
            sent = len(missing)
            while missing:
                ready = selector.select(10)
                if not ready:
                    raise RuntimeError("The server does not answer any more.")
                for line in (key.data for key, _ in ready):
                    piece = line.recv(1 << 17)
                    missing[line] = (missing[line] or self._length(piece)) - len(piece)
                    if missing[line]:
                        continue
                    if sent < count:
                        line.sendall(self._request())
                        sent += 1
                    else:
                        selector.unregister(line)
                        del missing[line]

    def _length(self, piece: bytes) -> int:
        """The bytes of an answer by its first piece, which holds its head."""
        end, named = piece.find(b"\r\n\r\n"), piece.lower().find(b"content-length: ", 0, 4096)
        if not piece.startswith(b"HTTP/1.1 200") or end < 0 or named < 0:
            raise RuntimeError(f"That is not the page: {piece[:600]!r}")
        return end + 4 + int(piece[named + 16 : piece.find(b"\r", named)])
