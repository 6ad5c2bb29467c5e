import json
import os
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from monitoring.requests import ids, shutdown
from monitoring.requests.shutdown import Page, State

HEALTH = ["/healthz", "/readyz", "/metrics", "/health/", "/health/detailed/"]
OTHERS = ["/", "/cart/", "/api/v1/products/", "/healthz/x", "/metrics/x", "/health", "/webhooks/stripe/"]


@pytest.fixture(autouse=True)
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    own = Page()
    monkeypatch.setattr(shutdown, "_page", own)
    return own


def ask(path: str, view: Mock | None = None, method: str = "get") -> HttpResponse:
    answered = view or Mock(return_value=HttpResponse("page"))
    response = shutdown.guard(answered)(getattr(RequestFactory(), method)(path))
    assert isinstance(response, HttpResponse)
    return response


@pytest.mark.parametrize("state", [State.OPEN, State.UNREADY])
@pytest.mark.parametrize("path", [*HEALTH, *OTHERS])
def test_an_unready_process_still_serves(state: State, path: str) -> None:
    shutdown.enter(state)
    assert ask(path).status_code == 200


@pytest.mark.parametrize("path", OTHERS)
def test_a_refusing_process_turns_others_away(path: str) -> None:
    shutdown.enter(State.REFUSING)
    view = Mock()
    response = ask(path, view)
    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert response["Cache-Control"] == "no-store"
    assert not view.called


@pytest.mark.parametrize("path", HEALTH)
def test_health_answers_to_the_end(path: str) -> None:
    shutdown.enter(State.REFUSING)
    assert ask(path).status_code == 200


def test_the_body_is_not_touched() -> None:
    shutdown.enter(State.REFUSING)
    request = RequestFactory().post("/checkout/", {"a": "b"})
    stream = Mock()
    request._stream = stream
    shutdown.guard(Mock())(request)
    assert not stream.method_calls


def test_a_program_gets_a_problem_document() -> None:
    shutdown.enter(State.REFUSING)
    request_id = ids.begin("abcdefgh-1234")
    response = ask("/api/v1/products/")
    ids.end()
    assert response["Content-Type"] == "application/problem+json"
    problem = json.loads(response.content)
    assert (problem["status"], problem["code"], problem["request_id"]) == (503, "draining", request_id)
    assert problem.keys() == {"type", "title", "status", "detail", "code", "request_id"}


def test_states_as_others_see_them() -> None:
    seen = []
    for state in State:
        shutdown.enter(state)
        seen.append((shutdown.state(), shutdown.draining(), shutdown.refuses("/")))
    assert seen == [(State.OPEN, False, False), (State.UNREADY, True, False), (State.REFUSING, True, True)]


def test_workers_share_the_page_of_their_launcher(tmp_path: Path) -> None:
    launcher = Page(tmp_path / "page")
    shutdown.share(tmp_path / "page")
    launcher.state = State.REFUSING
    assert shutdown.state() is State.REFUSING


def test_requests_in_flight_are_counted_while_they_run(tmp_path: Path) -> None:
    launcher = Page(tmp_path / "page")
    shutdown.share(tmp_path / "page")
    counts = []

    def view(request: HttpRequest) -> HttpResponse:
        counts.append(launcher.in_flight({os.getpid()}))
        return HttpResponse("page")

    shutdown.guard(view)(RequestFactory().get("/"))
    assert counts == [1]
    assert launcher.in_flight({os.getpid()}) == 0
    with pytest.raises(RuntimeError):
        shutdown.guard(Mock(side_effect=RuntimeError))(RequestFactory().get("/"))
    assert launcher.in_flight({os.getpid()}) == 0


def test_the_dead_do_not_count_and_leave_their_slot(tmp_path: Path) -> None:
    launcher = Page(tmp_path / "page")
    worker = Page(tmp_path / "page")
    worker.join(lambda pid: False)
    worker.begin()
    assert launcher.in_flight({os.getpid()}) == 1
    assert launcher.in_flight({1}) == 0
    successor = Page(tmp_path / "page")
    successor.join(lambda pid: False)
    assert launcher.in_flight({os.getpid()}) == 0


def test_a_page_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="page"):
        shutdown.share(tmp_path / "missing" / "page")
