"""The health endpoints on a port of their own, for who decides whether a process lives.

The threads of a web process may all wait for a database that hangs; requests for `/healthz` then queue behind them, and whoever
restarts processes would end the whole fleet for it. This listener has threads of its own, and answers all the same.
"""

import errno
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from django.http import HttpRequest, QueryDict, parse_cookie

from monitoring.health.probes import VIEWS
from monitoring.requests import ids
from monitoring.requests.side_port import SidePort

logger = logging.getLogger(__name__)

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
        server = SidePort(port, address, Handler)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        logger.debug("health.port_taken", extra={"port": port})
        return None
    threading.Thread(target=server.serve_forever, name="health:port", daemon=True).start()
    return server
