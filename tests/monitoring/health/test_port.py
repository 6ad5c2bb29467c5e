import http.client
import socket
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import pytest
from django.http import HttpRequest, JsonResponse

from monitoring.health import port as ports
from monitoring.health import probes
from monitoring.requests.side_port import MOST_CALLERS


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    def echo(request: HttpRequest) -> JsonResponse:
        shown = {"method": request.method, "token": request.headers.get("Authorization"), "format": request.GET}
        return JsonResponse(shown | {"cookies": request.COOKIES}, status=503)

    monkeypatch.setattr(ports, "VIEWS", {**probes.VIEWS, "/health/": echo})
    server = ports.serve(0, "127.0.0.1")
    assert server is not None
    yield server
    server.shutdown()
    server.server_close()


def ask(server: ThreadingHTTPServer, path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined]
    connection.close()
    return answer


def test_the_four_addresses_and_no_other(server: ThreadingHTTPServer) -> None:
    alive = ask(server, "/healthz", **{"X-Request-ID": "probe-12345678"})
    assert (alive.status, alive.body) == (200, b'{"status":"ok"}')  # type: ignore[attr-defined]
    assert alive.headers["X-Request-ID"] == "probe-12345678"
    assert alive.headers["Cache-Control"] == "no-store"
    assert ask(server, "/health/detailed/").status == 401
    assert ask(server, "/").status == 404
    assert ask(server, "/admin/").status == 404


def test_what_a_view_needs_is_passed_on(server: ThreadingHTTPServer) -> None:
    headers = {"Authorization": "Bearer x", "Cookie": "sessionid=abc"}
    answer = ask(server, "/health/?format=text", **headers)
    assert answer.status == 503
    body = answer.body.decode()  # type: ignore[attr-defined]
    assert "Bearer x" in body
    assert '"sessionid": "abc"' in body
    assert '"text"' in body


def test_a_head_has_no_body_and_a_post_no_answer(server: ThreadingHTTPServer) -> None:
    head = ask(server, "/healthz", "HEAD")
    assert (head.status, head.body) == (200, b"")  # type: ignore[attr-defined]
    assert ask(server, "/healthz", "POST").status == 501


def test_a_port_is_served_once(server: ThreadingHTTPServer) -> None:
    assert ports.serve(server.server_address[1], "127.0.0.1") is None


def test_callers_are_bounded(server: ThreadingHTTPServer) -> None:
    idle = [socket.create_connection(server.server_address[:2], timeout=5) for _ in range(MOST_CALLERS)]  # type: ignore[arg-type]
    try:
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(server, "/healthz")
        assert sum("process_request_thread" in thread.name for thread in threading.enumerate()) <= MOST_CALLERS
    finally:
        for one in idle:
            one.close()
