"""Real workers and a real beat: what they were at is not lost when they stop, and they are started again when they hang.

They take from a queue that beat does not send to: no job of the hall's own runs here.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from celery import current_app
from django.conf import settings
from django.utils import timezone

from monitoring.jobs.models import DeadTask, Delivery
from monitoring.supervision import queries, services
from tests.monitoring.supervision.running import STOP_SECONDS, Program, until

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "tests"
APP = "tests.monitoring.supervision.slow_tasks"
CELERY = ["-m", "celery", "-A", APP]
WORKER = ["worker", "--concurrency", "1", "--loglevel", "INFO", "--without-gossip", "--without-mingle", "-Q", QUEUE]
SUPERVISE = ["manage.py", "supervise"]
Start = Callable[..., Program]


@pytest.fixture(autouse=True)
def _empty_queues() -> Iterator[None]:
    purge()
    yield
    purge()


def purge() -> None:
    with current_app.connection_for_write() as broker:
        for queue in (QUEUE, *settings.HEALTH.queues):
            broker.default_channel.queue_purge(queue)


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
    current_app.send_task(name, args=args, queue=QUEUE)


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def test_a_task_goes_back_when_its_worker_stops_and_one_that_kills_workers_is_given_up(
    start: Start, tmp_path: Path
) -> None:
    worker = start(*SUPERVISE, "worker", "--", sys.executable, *CELERY, *WORKER)
    log, poisoned, after = tmp_path / "task", tmp_path / "poison", tmp_path / "after"
    send("tests.slow", str(log), 120.0)
    until(lambda: lines(log) == ["began"], "the task to begin")
    successor = start(*CELERY, *WORKER)
    status, seconds = worker.stop()
    assert (status, seconds <= STOP_SECONDS, worker.orphans()) == (0, True, [])
    # Handed back in order: what it has begun until then does not count.
    until(lambda: lines(log) == ["began", "began", "counted:[1]", "ended"], "the task to run again")
    send("tests.poison", str(poisoned))
    until(DeadTask.objects.exists, "the task to be given up")
    send("tests.note", str(after))
    until(lambda: lines(after) == ["noted"], "the worker to go on with others")
    letter = DeadTask.objects.get()
    assert lines(poisoned) == ["began"] * 5
    assert (letter.name, letter.args, letter.queue, letter.deliveries) == ("tests.poison", [str(poisoned)], QUEUE, 5)
    assert not Delivery.objects.filter(name="tests.poison").exists()
    assert successor.stop()[1] <= STOP_SECONDS


def test_a_wedged_worker_and_a_stalled_beat_are_started_again(start: Start, tmp_path: Path) -> None:
    """Stopped in the middle they live, but a worker consumes nothing while beat gives its signs, and a beat gives none."""
    # Long enough for both to start on a machine that has other things to do.
    quick = {"SUPERVISOR_SILENCE": "12"}
    worker = start(*SUPERVISE, "worker", "--", sys.executable, *CELERY, *WORKER, **quick)
    beat = start(*SUPERVISE, "beat", "--", sys.executable, *CELERY, "beat", "--pidfile=", **quick)
    since = datetime.now(UTC) - timedelta(hours=1)

    def give_signs() -> None:
        services.note(kind="beat", now=timezone.now())
        send("supervision.heartbeat")

    def both_live() -> bool:
        give_signs()
        return queries.last_seen("worker") is not None and queries.alive("beat", since=since) >= 2

    until(both_live, "both to give signs")
    wedged, stalled = until(worker.child, "the worker"), until(beat.child, "beat")
    family: list[psutil.Process] = [wedged, *wedged.children(recursive=True), stalled]
    for process in family:
        process.send_signal(signal.SIGSTOP)
    log = tmp_path / "task"
    send("tests.slow", str(log), 0.0)

    def noticed() -> bool:
        services.note(kind="beat", now=timezone.now())
        return {line.kind for line in queries.restarts(since)} == {"beat", "worker"}

    until(noticed, "the supervisors to notice", 40)
    until(lambda: lines(log) == ["began", "ended"], "the task that was left lying")
    until(lambda: (child := beat.child()) and child.pid != stalled.pid, "a new beat")
    assert not any(process.is_running() for process in family)
    for program in (worker, beat):
        status, seconds = program.stop()
        assert (status, seconds <= STOP_SECONDS, program.orphans()) == (0, True, [])
    assert {line.reason.split(" for ")[0] for line in queries.restarts(since)} == {"no sign of life"}


def test_sweep_gives_signs_and_stops_at_once(start: Start) -> None:
    sweep = start("manage.py", "sweep")
    until(lambda: queries.last_seen("sweep"), "the sweep to give a sign")
    status, seconds = sweep.stop()
    assert (status, seconds < 5) == (0, True)
