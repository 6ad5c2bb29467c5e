"""A process whose pool is exhausted says so within a second; a restart of the database costs what is in flight, no more."""

import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import got_request_exception
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from django.http import HttpResponse
from django.test import RequestFactory
from psycopg_pool import PoolTimeout

from config.embedded.ports import free_port
from monitoring.database import patience
from monitoring.database.engine import base
from monitoring.errors.capture import buffer
from monitoring.health import postgres
from tests.monitoring.database.pooled import APPLICATION, in_thread, pooled, start
from tests.monitoring.database.streaming import until

THREADS = 4
_APPLICATION = WSGIHandler()
_NETWORKS = itertools.count()


@pytest.fixture
def exhausted(transactional_db: None) -> Iterator[None]:
    """Every connection of the pool is in use for as long as the test lasts."""
    with pooled(1), ExitStack() as stack:
        taken, done = threading.Event(), threading.Event()

        def hold() -> None:
            connections[DEFAULT_DB_ALIAS].ensure_connection()
            taken.set()
            done.wait(20)

        thread = start(hold)
        stack.callback(thread.join, 20)
        stack.callback(done.set)
        assert taken.wait(20)
        yield


def ask(path: str, **headers: str) -> HttpResponse:
    """As a server asks, and not as Django's client: connections go back to the pool at the end of each request."""
    # Each from a network of its own: the limits are not what is tested.
    request = RequestFactory(headers=headers, REMOTE_ADDR=f"10.{next(_NETWORKS) % 256}.{next(_NETWORKS) % 256}.1")
    answer = _APPLICATION(request.get(path).environ, lambda status, fields: None)
    answer.close()
    assert isinstance(answer, HttpResponse)
    return answer


def get(path: str, **headers: str) -> tuple[HttpResponse, float]:
    """The answer that a thread of the web process gives, and how long it took."""
    found: list[tuple[HttpResponse, float]] = []

    def measured() -> None:
        begin = time.monotonic()
        found.append((ask(path, **headers), time.monotonic() - begin))

    in_thread(measured)
    return found[0]


def refusals(why: str) -> float:
    return base.refusals_total.labels(why)._value.get()


@pytest.mark.usefixtures("exhausted")
def test_an_exhausted_pool_is_told_within_a_second_to_people_and_programs() -> None:
    get("/")  # addresses, views and templates are read once, at the first page
    before, _ = refusals("exhausted"), buffer().take(100)
    page, seconds = get("/")
    assert (page.status_code, page["Retry-After"], page["Cache-Control"]) == (503, "5", "no-store")
    assert b"Your cart and orders are safe" in page.content
    assert 0.6 < seconds < 1.0
    assert refusals("exhausted") == before + 1, "once for a request, however often it asked"
    problem, seconds = get("/", accept="application/json")
    assert seconds < 1.0
    assert (problem["Content-Type"], json.loads(problem.content)["code"]) == ("application/problem+json", "overloaded")
    assert (problem["Retry-After"], json.loads(problem.content)["status"]) == ("5", 503)
    taken = buffer().take(100)
    assert (taken.samples, taken.tallies) == ([], []), "nobody is woken by a thousand reports"


@pytest.mark.usefixtures("exhausted")
def test_probes_answer_while_the_pool_is_exhausted() -> None:
    postgres.hang_up()
    for path in ("/healthz", "/readyz", "/health/"):
        answer, seconds = get(path)
        assert (answer.status_code, seconds < 0.5) == (200, True), path


@pytest.mark.usefixtures("exhausted")
def test_a_request_that_was_refused_does_not_wait_again() -> None:
    """Its session and its error page ask once more."""
    errors: list[OperationalError] = []

    def failed(**kwargs: object) -> None:
        begin = time.monotonic()
        try:
            connections[DEFAULT_DB_ALIAS].ensure_connection()
        except OperationalError as error:
            errors.append(error)
        assert time.monotonic() - begin < 0.1

    got_request_exception.connect(failed)
    try:
        _, seconds = get("/")
    finally:
        got_request_exception.disconnect(failed)
    assert errors
    assert seconds < 1.0


@pytest.mark.usefixtures("exhausted")
def test_a_background_job_waits_longer_than_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float | None] = []

    def getconn(timeout: float | None = None) -> None:
        waits.append(timeout)
        raise PoolTimeout

    def ask() -> None:
        own = connections[DEFAULT_DB_ALIAS]
        monkeypatch.setattr(own.pool, "getconn", getconn)  # type: ignore[attr-defined]
        with pytest.raises(OperationalError):
            own.ensure_connection()
        assert own.pool.timeout == 5  # type: ignore[attr-defined]

    in_thread(ask)
    assert [round(wait or 0) for wait in waits] == [5], "the pool's own 5 s"


@pytest.mark.django_db(transaction=True)
def test_killing_every_backend_under_load_costs_only_what_is_in_flight() -> None:
    answers: list[tuple[float, int]] = []
    stop, answered = threading.Event(), threading.Semaphore(0)

    def shop() -> None:
        while not stop.is_set():
            begin = time.monotonic()
            answers.append((begin, ask("/search/?q=vase").status_code))
            answered.release()

    def since(moment: float, *, wanted: int) -> list[int]:
        """The answers to what was asked after that moment, once there are enough."""
        while len(found := [status for begin, status in list(answers) if begin > moment]) < wanted:
            assert answered.acquire(timeout=20)
        return found

    with pooled(THREADS):
        threads = [start(shop) for _ in range(THREADS)]
        try:
            assert set(since(0.0, wanted=2 * THREADS)) == {200}
            killed, at = _kill()
            later = since(at, wanted=4 * THREADS)
        finally:
            stop.set()
            for thread in threads:
                thread.join(20)
        # At rest every connection of the pool lies idle, and none is known to be broken.
        assert _kill()[0] >= 1
        assert get("/search/?q=vase")[0].status_code == 200
    assert killed >= THREADS - 1
    assert set(later) == {200}
    assert sum(status != 200 for _, status in answers) <= THREADS


def _kill() -> tuple[int, float]:
    """Ends every backend of the pool, from outside of it; how many, and when all were gone."""
    parameters = connection.get_connection_params()
    named = {name: parameters[name] for name in ("dbname", "user", "password", "host", "port") if parameters.get(name)}
    with psycopg.connect(**named, autocommit=True) as other:
        rows = other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s", [APPLICATION]
        ).fetchall()
    return len(rows), time.monotonic()


@pytest.mark.django_db(transaction=True)
def test_after_a_long_absence_the_first_request_gets_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Left to itself the pool tries again after 1, 3, 7, 15 … s: the longer the server was away, the longer the hall is."""
    told: list[object] = []
    suspect = patience.watcher.suspect
    monkeypatch.setattr(patience.watcher, "suspect", lambda: told.append(suspect()))
    with pooled(2):
        pools: list[Any] = []
        assert get("/search/?q=vase")[0].status_code == 200
        in_thread(lambda: pools.append(connections[DEFAULT_DB_ALIAS].pool))  # type: ignore[attr-defined]
        (pool,) = pools
        there = pool.kwargs["port"]
        pool.kwargs["port"] = free_port()
        _kill()
        until(lambda: get("/search/?q=vase")[0].status_code == 503 and not pool.get_stats()["pool_size"], "the pool")
        assert told, "while there is no connection one thread asks for all"
        pool.kwargs["port"] = there
        until(lambda: not patience.watcher.silent, "the server")
        assert get("/search/?q=vase")[0].status_code == 200
