"""Real workers and a real beat: what they were at is not lost when they stop, and they are started again when they hang."""

import signal
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from celery import current_app
from django.utils import timezone

from monitoring.supervision import queries, services
from tests.monitoring.supervision.running import STOP_SECONDS, Program, until

pytestmark = pytest.mark.django_db(transaction=True)

APP = "tests.monitoring.supervision.slow_tasks"
CELERY = ["-m", "celery", "-A", APP]
WORKER = ["worker", "--concurrency", "1", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
Start = Callable[..., Program]


@pytest.fixture(autouse=True)
def _empty_queue() -> Iterator[None]:
    current_app.control.purge()
    yield
    current_app.control.purge()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[Program] = []

    def begin(*argv: str, **environ: str) -> Program:
        environ = {"PROCESS_KIND": "worker", "REMAP_SIGTERM": "SIGQUIT"} | environ
        program = Program(argv, tmp_path / f"log-{len(running)}", **environ)
        running.append(program)
        return program

    yield begin
    for program in running:
        with program:
            pass


def send(name: str, *args: object) -> None:
    current_app.send_task(name, args=args, queue="default")


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def test_a_running_task_goes_back_and_the_next_worker_runs_it(start: Start, tmp_path: Path) -> None:
    worker = start("manage.py", "supervise", "worker", "--", sys.executable, *CELERY, *WORKER)
    log = tmp_path / "task"
    send("tests.slow", str(log), 120.0)
    until(lambda: lines(log) == ["began"], "the task to begin")
    status, seconds = worker.stop()
    assert (status, seconds <= STOP_SECONDS, worker.orphans()) == (0, True, [])
    assert lines(log) == ["began"]
    successor = start(*CELERY, *WORKER)
    until(lambda: lines(log) == ["began", "began", "ended"], "the task to run again")
    assert successor.stop()[1] <= STOP_SECONDS


def test_a_wedged_worker_is_started_again_and_its_work_is_done(start: Start, tmp_path: Path) -> None:
    """Stopped in the middle, it lives, but consumes nothing: no sign of life while beat gives its own."""
    argv = ["manage.py", "supervise", "worker", "--", sys.executable, *CELERY, *WORKER]
    # Long enough for a worker to start on a machine that has other things to do.
    worker = start(*argv, SUPERVISOR_SILENCE="12")
    since = datetime.now(UTC) - timedelta(hours=1)

    def beat() -> None:
        services.note(kind="beat", now=timezone.now())
        send("supervision.heartbeat")

    def gives_signs() -> bool:
        beat()
        return queries.last_seen("worker") is not None

    until(gives_signs, "the worker to consume")
    wedged = until(worker.child, "the worker")
    family = [wedged, *wedged.children(recursive=True)]
    for process in family:
        process.send_signal(signal.SIGSTOP)
    log = tmp_path / "task"
    send("tests.slow", str(log), 0.0)

    def noticed() -> bool:
        services.note(kind="beat", now=timezone.now())
        return bool(queries.restarts(since))

    until(noticed, "the supervisor to notice", 40)
    until(lambda: lines(log) == ["began", "ended"], "the task that was left lying")
    assert not any(process.is_running() for process in family)
    status, seconds = worker.stop()
    (line,) = queries.restarts(since)
    assert (status, seconds <= STOP_SECONDS, line.kind) == (0, True, "worker")
    assert line.reason.startswith("no sign of life")


def test_beat_gives_signs_and_is_started_again_when_it_stalls(start: Start, tmp_path: Path) -> None:
    schedule = ["beat", "--loglevel", "INFO", "--pidfile=", "--schedule", str(tmp_path / "schedule")]
    beat = start("manage.py", "supervise", "beat", "--", sys.executable, *CELERY, *schedule, SUPERVISOR_SILENCE="16")
    since = datetime.now(UTC)
    until(lambda: queries.last_seen("beat"), "beat to give a sign")
    stalled: psutil.Process = until(beat.child, "beat")
    stalled.send_signal(signal.SIGSTOP)
    until(lambda: queries.restarts(since), "the supervisor to notice", 40)
    until(lambda: (child := beat.child()) and child.pid != stalled.pid, "a new beat")
    again = datetime.now(UTC)
    until(lambda: (queries.last_seen("beat") or since) > again, "its sign")
    status, seconds = beat.stop()
    assert (status, seconds <= STOP_SECONDS, beat.orphans()) == (0, True, [])
    assert not stalled.is_running()


def test_sweep_gives_signs_and_stops_at_once(start: Start) -> None:
    sweep = start("manage.py", "sweep")
    until(lambda: queries.last_seen("sweep"), "the sweep to give a sign")
    status, seconds = sweep.stop()
    assert (status, seconds < 5) == (0, True)
