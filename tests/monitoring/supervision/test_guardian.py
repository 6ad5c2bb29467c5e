"""The supervisor with real children: what dies or hangs is started again, what lives is left alone, all of it bounded."""

import signal
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from monitoring.supervision import queries
from monitoring.supervision.models import Heartbeat
from tests.monitoring.supervision.running import STOP_SECONDS, Program, until

pytestmark = pytest.mark.django_db(transaction=True)

# A child that says that it is up, and obeys; one that gives signs of life too; one that will not stop.
UP = "print('up', flush=True); import signal, time; signal.signal(signal.SIGTERM, lambda *a: exit(7)); time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
NEST = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {DEAF!r}]); {DEAF}"
# Without Django, which takes seconds to start: so long a short patience does not wait.
SIGNS = """
import os, psycopg, time
connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
while True:
    connection.execute(
        "INSERT INTO supervision_heartbeat (kind, instance, seen_at, started_at, version, details)"
        " VALUES ('beat', %s, now(), now(), '', '{}') ON CONFLICT (kind, instance) DO UPDATE SET seen_at = now()",
        [os.environ["AWNING_INSTANCE"]],
    )
    print("up", flush=True)
    time.sleep(0.2)
"""

Supervise = Callable[..., Program]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Supervise]:
    running: list[Program] = []

    def start(code: str, *, kind: str = "beat", limit: int = 5, silence: float = 60.0) -> Program:
        argv = ["manage.py", "supervise", kind, "--", sys.executable, "-c", code]
        variables = {"SUPERVISOR_RESTARTS_PER_HOUR": str(limit), "SUPERVISOR_SILENCE": str(silence)}
        variables |= {"PROCESS_KIND": "worker", "DJANGO_SETTINGS_MODULE": "config.settings"}
        program = Program(argv, tmp_path / "supervise.log", **variables)
        running.append(program)
        return program

    yield start
    for program in running:
        with program:
            pass


def runs(program: Program, times: int = 1) -> psutil.Process:
    until(lambda: program.said().count("up\n") >= times, f"start {times}: {program.said()}")
    return until(program.child, "a child")


def test_it_hands_the_request_to_stop_on_and_its_status_back(supervise: Supervise) -> None:
    program = supervise(UP)
    runs(program)
    status, seconds = program.stop()
    assert (status, seconds < 3, program.orphans()) == (7, True, [])
    assert queries.restarts(datetime.now(UTC) - timedelta(hours=1)) == []


def test_what_died_is_started_again_and_written_down(supervise: Supervise) -> None:
    program = supervise(UP)
    first = runs(program)
    first.kill()
    assert runs(program, 2).pid != first.pid
    assert "supervisor.restart" in program.said()
    program.stop()
    (line,) = queries.restarts(datetime.now(UTC) - timedelta(hours=1))
    assert (line.kind, line.reason, line.given_up) == ("beat", "it was ended by signal 9", False)


def test_a_child_that_will_not_live_is_started_so_often_and_no_more(supervise: Supervise) -> None:
    program = supervise("print('up', flush=True); exit(3)", limit=2, silence=1.0)
    since = datetime.now(UTC) - timedelta(hours=1)
    until(lambda: any(line.given_up for line in queries.restarts(since)), "the supervisor to give up")
    assert program.said().count("up\n") == 3
    assert [line.given_up for line in queries.restarts(since)] == [True, False, False]
    assert program.said().count("supervisor.exhausted") == 1
    assert program.process.poll() is None
    status, seconds = program.stop()
    assert (status, seconds < 10) == (3, True)


def test_a_stalled_child_is_ended_and_started_again(supervise: Supervise) -> None:
    program = supervise(SIGNS, silence=3.0)
    stalled = runs(program)
    stalled.send_signal(signal.SIGSTOP)
    until(lambda: "supervisor.restart" in program.said(), "the supervisor to notice")
    until(lambda: (child := program.child()) and child.pid != stalled.pid, "a new child")
    assert not stalled.is_running()
    program.stop()
    (line,) = queries.restarts(datetime.now(UTC) - timedelta(hours=1))
    assert line.reason.startswith("no sign of life for")


def test_a_healthy_child_is_never_touched(supervise: Supervise) -> None:
    program = supervise(SIGNS, silence=6.0)
    child = runs(program)
    # Longer than a silent one would have had.
    until(lambda: Heartbeat.objects.get().seen_at - Heartbeat.objects.get().started_at > timedelta(seconds=8), "time")
    assert until(program.child, "the child").pid == child.pid
    assert "supervisor.restart" not in program.said()


def test_what_will_not_stop_is_killed_with_all_that_it_started(supervise: Supervise) -> None:
    program = supervise(NEST)
    runs(program, 2)
    status, seconds = program.stop()
    assert (status, seconds <= STOP_SECONDS, len(program.seen)) == (137, True, 2)
    until(lambda: not program.orphans(), "the family to end", 1.0)


def test_what_a_dead_child_has_left_behind_is_ended(supervise: Supervise) -> None:
    program = supervise(NEST)
    child = runs(program, 2)
    (left,) = child.children()
    child.kill()
    until(lambda: not left.is_running(), "what it had started to end", 5.0)


def test_a_second_signal_forces(supervise: Supervise) -> None:
    program = supervise(DEAF)
    child = runs(program)
    program.process.send_signal(signal.SIGTERM)
    # Only when the first one has arrived is the second one a second one.
    until(lambda: "supervisor.stopping" in program.said(), "the first signal")
    status, seconds = program.stop(signal.SIGQUIT)
    assert (status, seconds < 2, child.is_running()) == (137, True, False)


def test_a_killed_supervisor_leaves_no_orphan(supervise: Supervise) -> None:
    program = supervise(UP)
    runs(program)
    program.stop(signal.SIGKILL)
    until(lambda: not program.orphans(), "the child to end", 3.0)


def test_other_signals_are_passed_on(supervise: Supervise) -> None:
    program = supervise(f"import signal; signal.signal(signal.SIGHUP, lambda *a: print('hup', flush=True)); {UP}")
    runs(program)
    program.process.send_signal(signal.SIGHUP)
    until(lambda: "hup\n" in program.said(), "the signal")


def test_no_command_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with Program(["manage.py", "supervise", "worker"], tmp_path / "log") as program:
        assert program.process.wait(20) == 1
        assert "Name the command to run" in program.said()
