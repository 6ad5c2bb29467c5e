"""Every answer has an id, every request one line."""

import logging
import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.utils.functional import SimpleLazyObject

from marketplace.accounts.models import User
from monitoring.requests import ids
from monitoring.requests.drain import State
from monitoring.requests.middleware import identify
from monitoring.requests.shutdown import enter
from tests.monitoring.requests.lines import Log, logged

MADE = re.compile(r"[0-9a-f]{32}")


def _fails(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("no luck")


def _streams(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([b"a", b"b"]))


def _says(request: HttpRequest, token: str) -> HttpResponse:
    return HttpResponse(ids.current())


urlpatterns = [path("fails/", _fails), path("streams/", _streams), path("says/<str:token>/", _says)]
handler404, handler500 = "config.error_pages.not_found", "config.error_pages.server_error"


@pytest.fixture
def client() -> Client:
    return Client(SERVER_NAME="127.0.0.1", raise_request_exception=False)


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("address", "status"), [("/says/x/", 200), ("/nowhere/", 404), ("/fails/", 500), ("/streams/", 200)]
)
def test_every_answer_carries_an_id(client: Client, log: Log, address: str, status: int) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert MADE.fullmatch(answer["X-Request-ID"])
    assert [(line["status"], line["request_id"]) for line in log.visits] == [(status, answer["X-Request-ID"])]


def test_refused_hosts_static_files_and_probes_carry_one_too(db: None, client: Client, log: Log) -> None:
    refused = client.get("/", SERVER_NAME="evil.example")
    static = client.get("/static/market.css")
    static.close()
    probe = client.get("/healthz")
    assert refused.status_code == 400
    assert static.status_code == 200
    assert all(MADE.fullmatch(answer["X-Request-ID"]) for answer in (refused, static, probe))
    assert len({answer["X-Request-ID"] for answer in (refused, static, probe)}) == 3
    assert [line["route"] for line in log.visits] == ["unmatched", "static", "/healthz"]


def test_what_a_stopping_process_refuses_carries_one_too(client: Client, log: Log) -> None:
    enter(State.REFUSING)
    try:
        answer = client.get("/", HTTP_X_REQUEST_ID="from-the-proxy-1")
    finally:
        enter(State.OPEN)
    assert answer.status_code == 503
    assert answer["X-Request-ID"] == "from-the-proxy-1"
    assert [(line["logger"], line["status"]) for line in log.lines] == [("monitoring.requests.access", 503)]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("inbound", ["abcdefgh", "A-1" * 21 + "x", "0a9f3c52-0d6e-4a0c-9b1d-0a9f3c520d6e"])
def test_a_well_formed_id_is_kept(client: Client, inbound: str) -> None:
    answer = client.get("/says/x/", HTTP_X_REQUEST_ID=inbound)
    assert answer["X-Request-ID"] == inbound
    assert answer.content.decode() == inbound


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    "inbound",
    [
        "",
        "short-1",
        "x" * 65,
        "abcdefgh\n",
        "abcdefgh\r\nSet-Cookie: a=b",
        "abcdefgh, abcdefgh",
        "abcdefgé",
        "a_bcdefgh",
    ],
)
def test_any_other_id_is_replaced(client: Client, inbound: str) -> None:
    answer = client.get("/says/x/", HTTP_X_REQUEST_ID=inbound)
    assert MADE.fullmatch(answer["X-Request-ID"])
    assert answer.content.decode() == answer["X-Request-ID"]


@pytest.mark.urls(__name__)
def test_the_id_ends_with_its_answer(client: Client) -> None:
    client.get("/says/x/")
    assert ids.current() == ""


@pytest.mark.urls(__name__)
def test_an_error_page_shows_the_id_of_its_log_lines(client: Client, log: Log) -> None:
    answer = client.get("/fails/")
    (failure,) = log.of("django.request")
    assert failure["event"] == "request.failed"
    assert failure["request_id"] == answer["X-Request-ID"]
    assert answer["X-Request-ID"] in answer.content.decode()
    assert "RuntimeError: no luck" in failure["exception"]


@pytest.mark.urls(__name__)
def test_the_line_names_the_route_and_nothing_of_the_address(client: Client, log: Log) -> None:
    client.get("/says/secret-part-of-the-path/?q=secret-of-the-query", REMOTE_ADDR="203.0.113.77")
    (line,) = log.visits
    assert line["event"] == "request"
    assert (line["method"], line["route"], line["status"]) == ("GET", "/says/<str:token>/", 200)
    assert line["bytes"] == 32
    assert line["client"] == "203.0.113.0/24"
    assert line["user_id"] is None
    assert line["duration_ms"] >= 0
    assert "secret" not in log.text
    assert "203.0.113.77" not in log.text


@pytest.mark.urls(__name__)
def test_an_unknown_method_is_not_written_down(client: Client, log: Log) -> None:
    client.generic("HUNTER2", "/says/x/")
    assert log.visits[0]["method"] == "OTHER"


@pytest.mark.urls(__name__)
def test_a_stream_has_no_known_size(client: Client, log: Log) -> None:
    assert b"".join(client.get("/streams/")) == b"ab"
    assert log.visits[0]["bytes"] is None


def test_a_page_that_knows_its_reader_names_the_key_alone(client: Client, mira: User, log: Log) -> None:
    client.force_login(mira)
    client.get("/account/")
    assert log.visits[-1]["user_id"] == str(mira.pk)
    assert mira.email not in log.text


def test_the_line_does_not_load_the_session(rf: RequestFactory, log: Log) -> None:
    class Unread(SessionBase):
        def load(self) -> dict[str, object]:
            raise AssertionError("the session was loaded")

    request = rf.get("/")
    request.session = Unread("a" * 32)

    def user() -> Iterator[AnonymousUser]:
        raise AssertionError("the user was loaded")

    request.user = SimpleLazyObject(user)  # type: ignore[assignment]
    identify(lambda _: HttpResponse("x"))(request)
    assert log.visits[0]["user_id"] is None


def test_probes_are_quiet_unless_they_fail(rf: RequestFactory) -> None:
    with logged(level=logging.INFO) as log:
        identify(lambda _: HttpResponse("ok"))(rf.get("/readyz"))
        assert log.visits == []
        identify(lambda _: HttpResponse("no", status=503))(rf.get("/readyz"))
        assert [line["status"] for line in log.visits] == [503]
