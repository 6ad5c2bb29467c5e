"""The same text on a port of its own, for processes without web pages: worker, beat and sweep."""

import errno
import logging
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from monitoring.metrics import access, exposition
from monitoring.requests.side_port import SidePort

logger = logging.getLogger(__name__)


class Handler(BaseHTTPRequestHandler):
    """GET /metrics for who has the token; nothing else."""

    server_version, sys_version = "awning", ""
    # Seconds: who connects and says nothing must not hold a thread.
    timeout: ClassVar[float] = 5

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/metrics":
            self._answer(HTTPStatus.NOT_FOUND, b"Only /metrics is here.\n")
        elif not access.may_read(self.headers.get("Authorization", "")):
            self._answer(HTTPStatus.FORBIDDEN, b"Send Authorization: Bearer and the value of METRICS_TOKEN.\n")
        else:
            self._answer(HTTPStatus.OK, exposition.text(), exposition.CONTENT_TYPE)

    def _answer(self, status: HTTPStatus, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """A scrape is no news."""


_serving: list[ThreadingHTTPServer] = []
_taken: list[int] = []


def keep(now: object = None) -> None:
    """The background job: serves when nobody of this group does, so that the port outlives each single process."""
    if not _serving:
        serve(access.config().port)


def serve(port: int, address: str = "") -> ThreadingHTTPServer | None:
    """Listens in a thread; None when the port is taken, by a neighbour that serves the same figures or by a stranger."""
    try:
        server = SidePort(port, address, Handler)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        if port not in _taken:
            _taken.append(port)
            logger.info("metrics.port_taken", extra={"port": port})
        return None
    threading.Thread(target=server.serve_forever, name="metrics:port", daemon=True).start()
    _serving.append(server)
    return server
