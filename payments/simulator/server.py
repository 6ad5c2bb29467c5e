"""The HTTP server: keep-alive connections, one thread each."""

import socket
import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from payments.simulator import control, pages
from payments.simulator.api import Simulator, answer_api, server_error
from payments.simulator.shapes import Answer, ConnectionDropped, Request, json_answer

_MAX_BODY = 1_000_000
_PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, Stripe-Version, Stripe-Account",
    "Access-Control-Max-Age": "300",
}


class Server(ThreadingHTTPServer):
    """A listening simulator."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], simulator: Simulator) -> None:
        self.simulator = simulator
        super().__init__(address, Handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self.server_address[:2]
        return f"http://{host if isinstance(host, str) else host.decode()}:{port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of ours; anything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "nginx"
    sys_version = ""
    timeout = 75
    disable_nagle_algorithm = True
    wbufsize = -1

    def _serve(self) -> None:
        try:
            answer = self._answer()
        except ConnectionDropped:
            self._drop()
            return
        except Exception:  # noqa: BLE001 - a fault of ours is shown here, and answered as Stripe answers its own
            traceback.print_exc()
            answer = server_error()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()

    do_GET = do_POST = do_DELETE = do_OPTIONS = do_HEAD = _serve  # noqa: N815 - the base class names them so

    def _drop(self) -> None:
        """Close at once and noticeably, without an answer."""
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def _answer(self) -> Answer:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > _MAX_BODY or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            return json_answer({"error": {"message": "Send a body with a Content-Length of at most 1 MB.",
                                          "type": "invalid_request_error"}}, status=413)  # fmt: skip
        parts = urlsplit(self.path)
        server = cast(Server, self.server)
        request = Request(
            method=self.command,
            path=unquote(parts.path),
            query=parts.query,
            headers={name.title(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(length)) if int(length) else b"",
            base_url=f"http://{self.headers['Host']}" if self.headers.get("Host") else server.url,
            client_host=self.client_address[0],
        )
        return dispatch(server.simulator, request)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Stay quiet: the delivery log and the control endpoint tell what happened."""


def dispatch(simulator: Simulator, request: Request) -> Answer:
    """The API, the control endpoint, or a page."""
    if request.method == "OPTIONS":
        return Answer(204, b"", "text/plain", _PREFLIGHT)
    if request.path.startswith("/v1/"):
        return answer_api(simulator, request)
    if request.path.startswith("/_control"):
        return control.answer(simulator, request)
    return pages.answer(simulator, request)
