"""The health endpoints on a port of their own, for who decides whether a process lives.

The threads of a web process may all wait for a database that hangs; requests for `/healthz` then queue behind them, and whoever
restarts processes would end the whole fleet for it. This listener has threads of its own, and answers all the same.
"""

import errno
import logging
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from django.http import HttpRequest, QueryDict, parse_cookie

from monitoring.health.probes import VIEWS
from monitoring.requests import ids

logger = logging.getLogger(__name__)

# Callers at once; the next one is turned away, so that nobody can make threads without end.
MOST_CALLERS = 16
_PASSED_ON = ("Authorization", "Cookie")


class Handler(BaseHTTPRequestHandler):
    """GET and HEAD of the four addresses; nothing else."""

    server_version, sys_version = "awning", ""
    # Seconds: who connects and says nothing must not hold a thread.
    timeout: ClassVar[float] = 5

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        view = VIEWS.get(path)
        if view is None:
            self.send_error(404)
            return
        request_id = ids.begin(self.headers.get("X-Request-ID"))
        try:
            answer = view(self._request(path, query))
        finally:
            ids.end()
        self.send_response(answer.status_code)
        for name, value in {**answer.headers, ids.HEADER: request_id}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(answer.content)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def _request(self, path: str, query: str) -> HttpRequest:
        request = HttpRequest()
        request.method, request.path, request.path_info = self.command, path, path
        request.GET = QueryDict(query)
        for name in _PASSED_ON:
            if value := self.headers.get(name):
                request.META[f"HTTP_{name.upper()}"] = value
        request.COOKIES = parse_cookie(self.headers.get("Cookie", ""))
        return request

    def log_message(self, *args: object) -> None:
        """A probe is no news."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Two processes must not share the port unnoticed: probes would be told about either, at random.
    allow_reuse_address, allow_reuse_port = True, False

    def __init__(self, port: int, address: str) -> None:
        self._free = threading.BoundedSemaphore(MOST_CALLERS)
        super().__init__((address, port), Handler)

    def process_request(self, request: "socket.socket | tuple[bytes, socket.socket]", client_address: object) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(
        self, request: "socket.socket | tuple[bytes, socket.socket]", client_address: object
    ) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()


_serving: list[ThreadingHTTPServer] = []


def keep(port: int) -> None:
    """Serves unless this process or a neighbour does: the port outlives each single process."""
    if not _serving:
        server = serve(port)
        if server is not None:
            _serving.append(server)


def serve(port: int, address: str = "") -> ThreadingHTTPServer | None:
    """Listens in a thread; None when the port is taken."""
    try:
        server = _Server(port, address)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        logger.debug("health.port_taken", extra={"port": port})
        return None
    threading.Thread(target=server.serve_forever, name="health:port", daemon=True).start()
    return server
