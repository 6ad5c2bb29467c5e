"""The web process as operators run it: what it answers while it leaves, in what order it ends, and whom it obeys."""

import http.client
import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from config.embedded.ports import LOOPBACK, free_port
from config.serve import LAST_CALL
from monitoring.requests.drain import Page
from monitoring.supervision.models import Heartbeat
from tests.monitoring.supervision.running import STOP_SECONDS, Program, until

pytestmark = pytest.mark.django_db(transaction=True)

SERVE = ["-m", "config.serve", "tests.flows.slow_hall:application"]


def ask(port: int, path: str, method: str = "GET", body: str | None = None) -> tuple[int, dict[str, str]]:
    """The status and the headers of one request; (0, {}) when nobody answers."""
    client = http.client.HTTPConnection(LOOPBACK, port, timeout=20)
    form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    try:
        client.request(method, path, body, form)
        answer = client.getresponse()
        answer.read()
        return answer.status, dict(answer.getheaders())
    except (OSError, http.client.HTTPException):
        return 0, {}
    finally:
        client.close()


@dataclass
class Web:
    """One running web process."""

    program: Program
    port: int
    answers: list[int] = field(default_factory=list)

    def status(self, path: str) -> int:
        return ask(self.port, path)[0]

    def in_flight(self, path: str, method: str = "GET", body: str | None = None) -> threading.Thread:
        """A request that is being answered when this returns; its status goes to ``answers``."""
        thread = threading.Thread(target=lambda: self.answers.append(ask(self.port, path, method, body)[0]))
        before = self.busy()
        thread.start()
        until(lambda: self.busy() > before, "the request to be at the database or stuck")
        return thread

    def seen_while_busy(self, path: str) -> set[int]:
        """What ``path`` answers as long as a request is in flight."""
        seen = set()
        while self.busy():
            status = self.status(path)
            # Once it is done, the process may close at any moment.
            if self.busy():
                seen.add(status)
        return seen

    def busy(self) -> int:
        """How many requests are in flight, as the page says that launcher and workers share."""
        mapped = re.search(r"\S+/awning-web-\S+", Path(f"/proc/{self.program.process.pid}/maps").read_text())
        page = Page(Path(mapped[0])) if mapped else Page()
        return page.in_flight({process.pid for process in self.program.family()})


Serve = Callable[..., Web]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    running: list[Program] = []
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE rolling_post (mark text PRIMARY KEY)")

    def start(**environ: str) -> Web:
        port = free_port()
        variables = {"PORT": str(port), "WEB_HOST": LOOPBACK, "WEB_WORKERS": "1", "DRAIN_DELAY": "1"} | environ
        web = Web(Program(SERVE, tmp_path / "serve.log", **variables), port)
        running.append(web.program)
        until(lambda: web.status("/healthz") == 200, "the hall to open")
        return web

    yield start
    for program in running:
        with program:
            pass
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE rolling_post")


def written() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT mark FROM rolling_post")
        return [mark for (mark,) in cursor.fetchall()]


def abandoned() -> int:
    """Sessions of this test's database whose client went without a word, as PostgreSQL has counted them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sessions_abandoned FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def gone_from_the_database() -> bool:
    """Whether PostgreSQL has done with every session but ours."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0]) == 0


def test_what_it_answers_while_it_leaves(serve: Serve) -> None:
    web = serve()
    assert web.status("/readyz") == 200
    # It writes after the others have long been refused: the pool must still be open then.
    slow = web.in_flight("/webhooks/slow/?seconds=3.5", "POST", "mark=late")
    web.program.process.send_signal(signal.SIGTERM)
    until(lambda: web.status("/readyz") == 503, "unready", 0.5)
    assert web.status("/webhooks/slow/") == 200
    until(lambda: web.status("/webhooks/slow/") == 503, "refusing", 2)
    status, headers = ask(web.port, "/webhooks/slow/", "POST", "mark=refused")
    assert (status, headers["retry-after"]) == (503, "30")
    asked = timezone.now()
    assert web.seen_while_busy("/healthz") == {200}
    assert web.program.process.wait(STOP_SECONDS) == 0
    slow.join()
    assert (web.answers, written()) == ([200], ["late"])
    assert web.program.orphans() == []
    # The last sign of life was written when all was answered.
    assert Heartbeat.objects.get(kind="web").seen_at > asked


def test_a_request_that_will_not_end_does_not_hold_it(serve: Serve) -> None:
    web = serve(DRAIN_DELAY="0.1")
    # The one comes to the database when the server has been told to stop, and must find it; the other one never ends.
    late = web.in_flight(f"/webhooks/slow/?stuck={LAST_CALL + 0.7}", "POST", "mark=late")
    stuck = web.in_flight("/webhooks/slow/?stuck=60")
    status, seconds = web.program.stop()
    late.join()
    stuck.join()
    assert (status, seconds <= STOP_SECONDS, web.answers, written()) == (0, True, [200, 0], ["late"])
    assert web.program.orphans() == []


def test_a_second_signal_forces(serve: Serve) -> None:
    web = serve()
    stuck = web.in_flight("/webhooks/slow/?stuck=60")
    web.program.process.send_signal(signal.SIGTERM)
    until(lambda: web.status("/webhooks/slow/") == 503, "refusing")
    status, seconds = web.program.stop(signal.SIGTERM)
    stuck.join()
    assert (status, seconds < 1) == (128 + signal.SIGTERM, True)
    until(lambda: not web.program.orphans(), "the workers to end", 1)


def test_a_signal_to_the_whole_group_is_one_request_to_stop(serve: Serve) -> None:
    """Terminals, process managers and containers signal all processes at once: workers must not leave before their time."""
    web = serve()
    slow = web.in_flight("/webhooks/slow/?seconds=2.2", "POST", "mark=late")
    os.killpg(web.program.process.pid, signal.SIGTERM)
    assert web.seen_while_busy("/webhooks/slow/") == {200, 503}
    assert web.program.process.wait(STOP_SECONDS) == 0
    slow.join()
    assert (web.answers, written()) == ([200], ["late"])
    assert "unheeded" not in web.program.said()


def test_a_worker_that_is_signalled_alone_stays_and_says_whom_to_tell(serve: Serve) -> None:
    web = serve()
    (worker,) = web.program.family()
    worker.terminate()
    until(lambda: "web.signal_unheeded" in web.program.said(), "the worker to say so", 5)
    assert f'"pid": {web.program.process.pid},' in web.program.said()
    assert worker.is_running()
    assert web.status("/webhooks/slow/") == 200


def test_a_killed_launcher_leaves_no_orphan_and_loses_no_request(serve: Serve) -> None:
    web = serve()
    slow = web.in_flight("/webhooks/slow/?seconds=3", "POST", "mark=late")
    web.program.stop(signal.SIGKILL)
    slow.join()
    assert (web.answers, written()) == ([200], ["late"])
    until(lambda: not web.program.orphans(), "the workers to end", STOP_SECONDS)


def test_pools_close_last(serve: Serve) -> None:
    """A request that takes its connection when the worker has been told to leave gets one, and no connection is torn off.

    A pool closed before that is opened again by the request, and nobody closes it a second time.
    """
    web = serve()
    before = abandoned()
    (worker,) = web.program.family()
    late = web.in_flight("/webhooks/slow/?stuck=2.5", "POST", "mark=late")
    # Without a launcher the worker leaves within a second: the request is before its first question to the database.
    web.program.stop(signal.SIGKILL)
    late.join()
    until(lambda: not worker.is_running(), "the worker to end", STOP_SECONDS)
    until(gone_from_the_database, "PostgreSQL to notice")
    assert (web.answers, written(), abandoned()) == ([200], ["late"], before)


def test_a_dead_worker_is_replaced(serve: Serve) -> None:
    web = serve()
    (worker,) = web.program.family()
    worker.kill()
    until(lambda: web.status("/webhooks/slow/") == 200, "another worker")
    assert web.program.stop()[0] == 0


def test_it_gives_up_with_the_server_that_gives_up(tmp_path: Path) -> None:
    argv = ["-m", "config.serve", "tests.flows.nowhere:application"]
    with Program(argv, tmp_path / "log", PORT=str(free_port()), WEB_HOST=LOOPBACK) as program:
        assert program.process.wait(30) == 1
        until(lambda: not program.orphans(), "the workers to end", 2)


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with Program(["-m", "config.serve"], tmp_path / "log", PORT=str(port), WEB_HOST=LOOPBACK) as program:
            assert program.process.wait(30) not in (0, None)
            assert re.search(r"PORT|[Aa]ddress.*in use", program.said())


@pytest.mark.parametrize(
    ("name", "value"), [("DRAIN_DELAY", "5.5"), ("DRAIN_DELAY", "soon"), ("PORT", "70000"), ("WEB_WORKERS", "0")]
)
def test_a_bad_variable_stops_the_start_and_is_named(tmp_path: Path, name: str, value: str) -> None:
    with Program(["-m", "config.serve"], tmp_path / "log", **{name: value}) as program:
        assert program.process.wait(20) == 2
        assert name in program.said()
