"""A PostgreSQL that says nothing costs a request its patience once; the next ones are told at once."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from monitoring.database import patience
from monitoring.database.line import Silent
from monitoring.database.patience import Watcher
from monitoring.requests import origin
from monitoring.requests.overload import Overloaded
from tests.monitoring.database.pooled import in_thread, pooled

pytestmark = pytest.mark.django_db(transaction=True)


class Server:
    """What the watcher asks: answers once it is told to."""

    def __init__(self) -> None:
        self.well = False
        self.asked = threading.Semaphore(0)

    def __call__(self) -> None:
        self.asked.release()
        if not self.well:
            raise Silent


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A watcher of the test's own, which asks this server."""
    asked = Server()
    monkeypatch.setattr(patience, "REST", 0.01)
    watcher = Watcher(ask=asked)
    for module in ("monitoring.database.patience", "monitoring.database.engine.base"):
        monkeypatch.setattr(f"{module}.watcher", watcher)
    yield asked
    asked.well = True
    until_it_answers(watcher)


def until_it_answers(watcher: Watcher) -> None:
    deadline = time.monotonic() + 10
    while watcher.silent:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def ask(statement: str, failures: list[Exception]) -> None:
    """A statement as a request asks it."""

    def page(request: HttpRequest) -> HttpResponse:
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        except OperationalError as error:
            failures.append(error)
            assert connection.connection is None or connection.connection.closed, "nobody reads a late answer"
        return HttpResponse()

    in_thread(lambda: origin.middleware(page)(RequestFactory().get("/")))


def test_a_statement_without_answer_ends_by_our_own_clock(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.2)
    failures: list[Exception] = []
    with pooled(2):
        begun = time.monotonic()
        ask("SELECT pg_sleep(4)", failures)
        assert time.monotonic() - begun < 2
        assert [type(error) for error in failures] == [OperationalError]
        assert patience.watcher.silent


def test_while_nothing_answers_requests_are_told_at_once_and_one_thread_asks(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[Exception] = []
    with pooled(2):
        for _ in range(5):
            patience.watcher.suspect()
        for _ in range(5):
            ask("SELECT 1", failures)
        assert [type(error) for error in failures] == [Overloaded] * 5
        assert server.asked.acquire(timeout=5)
        assert server.asked.acquire(timeout=5)
        assert sum(thread.name == "database-silent" for thread in threading.enumerate()) == 1
        server.well = True
        until_it_answers(patience.watcher)
        ask("SELECT 1", failures)
        assert len(failures) == 5


def test_the_greeting_of_a_connection_from_the_pool_has_less_time_than_a_statement(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []
    wait = psycopg.Connection.wait

    def noted(self: "psycopg.Connection[object]", gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        if isinstance(self, patience.Connection):
            given.append(timeout)
        return wait(self, gen, interval, timeout)

    monkeypatch.setattr(psycopg.Connection, "wait", noted)
    failures: list[Exception] = []
    with pooled(1):
        ask("SELECT 1", failures)
    assert not failures
    assert patience.GREETING in given
    assert given[-1] == patience.PATIENCE
