"""A simulator as a child process, a receiver of its webhooks, and a client of its control endpoint."""

import json
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import stripe

PROJECT = Path(__file__).resolve().parents[3]
SECRET = "whsec_simulator_tests"
KEY = "sk_test_simulator_tests"


@dataclass
class Received:
    """One webhook as it arrived."""

    body: bytes
    signature: str
    at: float

    @property
    def event(self) -> dict[str, Any]:
        """The decoded body."""
        decoded: dict[str, Any] = json.loads(self.body)
        return decoded


@dataclass
class Receiver:
    """An HTTP server that keeps every webhook; `statuses` are answered first, then 200.

    Each test has an address of its own: what an earlier test left on its way is not counted.
    """

    received: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    test: int = 0

    def __post_init__(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                current = receiver.url.endswith(self.path)
                if current:
                    receiver.received.append(Received(body, self.headers["Stripe-Signature"], time.monotonic()))
                self.send_response(receiver.statuses.pop(0) if current and receiver.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the base class
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    @property
    def url(self) -> str:
        """Where the present test's webhooks go."""
        return f"http://127.0.0.1:{self.server.server_address[1]}/webhooks/{self.test}/"

    def renew(self) -> None:
        """Begin a test: nothing received, a new address."""
        self.test += 1
        self.received.clear()
        self.statuses.clear()

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def types(self) -> list[str]:
        """The types of what arrived, in order of arrival."""
        return [webhook.event["type"] for webhook in self.received]


class Running:
    """A running simulator."""

    def __init__(self, data: Path, receiver: Receiver, *options: str) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "payments.simulator", "--port", "0", "--data", str(data), "--api-key", KEY),
                *("--webhook-url", receiver.url, "--webhook-secret", SECRET, "--retry-base", "0.05", *options),
            ],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        ready = json.loads(self.process.stdout.readline())
        assert ready["ready"] is True
        self.url: str = ready["url"]
        self._clients: list[stripe.RequestsClient] = []
        self.client = self.new_client()

    def new_client(self, *, timeout: float = 5.0, retries: int = 0, key: str = KEY) -> stripe.StripeClient:
        """The real SDK, pointed here."""
        http_client = stripe.RequestsClient(timeout=timeout)
        self._clients.append(http_client)
        return stripe.StripeClient(
            key, base_addresses={"api": self.url}, max_network_retries=retries, http_client=http_client
        )

    def end(self, number: int = signal.SIGTERM) -> float:
        """Signal it and wait; the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(10)
        took = time.monotonic() - began
        for client in self._clients:
            client.close()  # type: ignore[no-untyped-call]
        if self.process.stdout is not None:
            self.process.stdout.close()
        return took

    def control(self, path: str, script: Any = None, *, method: str | None = None) -> dict[str, Any]:
        """Ask the control endpoint: POST with a script, GET without."""
        body = None if script is None else json.dumps(script).encode()
        request = urllib.request.Request(  # noqa: S310 - our own loopback server
            f"{self.url}/_control/{path}",
            data=body,
            method=method or ("GET" if body is None else "POST"),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            decoded: dict[str, Any] = json.load(answer)
        return decoded

    def drain(self) -> None:
        """Wait until every webhook has been delivered."""
        assert self.control("drain", {"timeout_s": 10})["drained"], self.control("state")

    def charges(self) -> list[dict[str, Any]]:
        """The oracle."""
        listed: list[dict[str, Any]] = self.control("charges")["charges"]
        return listed

    def fetch(
        self, path: str, *, method: str = "GET", body: str | None = None, headers: dict[str, str] | None = None
    ) -> "Fetched":
        """One plain HTTP request, redirects not followed."""
        request = urllib.request.Request(  # noqa: S310 - our own loopback server
            path if path.startswith("http") else self.url + path,
            data=None if body is None else body.encode(),
            method=method,
            headers=headers or {},
        )
        try:
            with _OPENER.open(request, timeout=10) as answer:
                return Fetched(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Fetched(error.code, dict(error.headers), error.read())


@dataclass(frozen=True)
class Fetched:
    """A plain HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The decoded body."""
        decoded: dict[str, Any] = json.loads(self.body)
        return decoded


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Leave the redirect to the test."""


_OPENER = urllib.request.build_opener(_NoRedirect)


def in_threads(works: list[Callable[[], Any]]) -> list[Any]:
    """Run all works at the same moment; what each returned or raised."""
    gate = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(place: int) -> None:
        gate.wait()
        try:
            results[place] = works[place]()
        except stripe.StripeError as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
