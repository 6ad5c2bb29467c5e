"""A small server on a port of its own beside the pages: few callers at once, so that nobody can make threads without end."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

# Callers at once; the next one is turned away.
MOST_CALLERS: Final = 16


class SidePort(ThreadingHTTPServer):
    """Raises OSError (EADDRINUSE) when somebody else has the port."""

    daemon_threads = True
    # Two processes must not share the port unnoticed: callers would be told about either, at random.
    allow_reuse_address, allow_reuse_port = True, False

    def __init__(self, port: int, address: str, handler: type[BaseHTTPRequestHandler]) -> None:
        self._free = threading.BoundedSemaphore(MOST_CALLERS)
        super().__init__((address, port), handler)

    def process_request(self, request: "socket.socket | tuple[bytes, socket.socket]", client_address: object) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:
            # No more threads; the server hangs up on this caller.
            self._free.release()
            raise

    def process_request_thread(
        self, request: "socket.socket | tuple[bytes, socket.socket]", client_address: object
    ) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()
