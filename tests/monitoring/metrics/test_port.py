import http.client
import socket
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import pytest

from monitoring.metrics import access, collected, port
from monitoring.requests.side_port import MOST_CALLERS


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    monkeypatch.setattr(port, "_serving", [])
    monkeypatch.setattr(port, "_taken", [])
    monkeypatch.setattr(collected, "_gauges", {})
    made = port.serve(0, "127.0.0.1")
    assert made is not None
    yield made
    made.shutdown()
    made.server_close()


def ask(server: ThreadingHTTPServer, path: str, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    answer = (response.status, response.read())
    connection.close()
    return answer


def test_the_port_shows_the_figures_to_who_has_the_token(server: ThreadingHTTPServer, token: str) -> None:
    status, body = ask(server, "/metrics", Authorization=f"Bearer {token}")
    assert status == 200
    assert b"awning_tasks_total" in body
    assert ask(server, "/metrics")[0] == 403
    assert ask(server, "/metrics", Authorization="Bearer nonsense")[0] == 403
    assert ask(server, "/", Authorization=f"Bearer {token}")[0] == 404


def test_without_a_token_the_port_shows_nothing(server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access.config(), "token", "")
    monkeypatch.setattr(access.config(), "is_open", False)
    assert ask(server, "/metrics", Authorization="Bearer ")[0] == 403


def test_a_port_that_is_taken_stops_nobody(server: ThreadingHTTPServer, caplog: pytest.LogCaptureFixture) -> None:
    number = server.server_address[1]
    assert port.serve(number, "127.0.0.1") is None
    assert port.serve(number, "127.0.0.1") is None
    assert [record.message for record in caplog.records].count("metrics.port_taken") <= 1


def test_keeping_the_port_is_done_once(server: ThreadingHTTPServer) -> None:
    port.keep()
    assert port._serving == [server]


def test_callers_who_say_nothing_are_bounded(server: ThreadingHTTPServer) -> None:
    idle = [socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=5) for _ in range(MOST_CALLERS)]
    try:
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(server, "/metrics")
    finally:
        for one in idle:
            one.close()


def test_a_moment_without_threads_leaves_every_place_free(
    server: ThreadingHTTPServer, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", full)
        for _ in range(MOST_CALLERS + 1):
            with pytest.raises((OSError, http.client.HTTPException)):
                ask(server, "/metrics")
    assert ask(server, "/metrics", Authorization=f"Bearer {token}")[0] == 200
