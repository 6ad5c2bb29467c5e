"""A stand-in for Sentry's ingest over real HTTP: keeps what it is sent, after a delay when it is told to."""

import gzip
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Ingest:
    """``bodies`` are the envelopes as sent, unpacked."""

    bodies: list[bytes] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    answer: threading.Event = field(default_factory=threading.Event)
    status: int = 200

    def __post_init__(self) -> None:
        self.answer.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def dsn(self) -> str:
        """What SENTRY_DSN would be."""
        return f"http://publickey@127.0.0.1:{self._server.server_port}/1"

    def events(self) -> list[dict[str, object]]:
        """The events of all envelopes."""
        found = []
        for body in self.bodies:
            lines = body.split(b"\n")
            for header, payload in zip(lines[1::2], lines[2::2], strict=False):
                if header and json.loads(header).get("type") == "event":
                    found.append(json.loads(payload))
        return found

    def stop(self) -> None:
        """Ends the server."""
        self.answer.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        ingest = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                ingest.headers.append(str(self.headers))
                ingest.bodies.append(gzip.decompress(raw) if self.headers["Content-Encoding"] == "gzip" else raw)
                ingest.arrived.set()
                ingest.answer.wait(30)
                self.send_response(ingest.status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Silence."""

        return Handler
