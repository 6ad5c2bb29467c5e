"""The demo's supervisor: opens, names what died and starts it again, and closes in order whoever asks it to."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from config.embedded.account import remove_directory
from config.embedded.demo import page_status
from config.embedded.environment import load_secrets, read_environment, write_environment
from config.embedded.errors import EmbeddedError
from config.embedded.foreground import is_in_handler
from config.embedded.logins import LOGINS
from config.embedded.ports import LOOPBACK, free_port
from config.embedded.process import Command, ServerProcess
from config.embedded.supervisor import DEATHS_ALLOWED, Program, Supervisor

PROJECT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 10.0


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the servers' user can enter; pytest's own temporary folders are closed to it."""
    with tempfile.TemporaryDirectory(prefix="awning-demo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        remove_directory(folder / "postgres")


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return an environment without this test run's servers; a given Stripe key keeps the simulator out."""
    kept = {
        name: value for name, value in os.environ.items() if not name.endswith("_URL") and name != "STRIPE_API_BASE"
    }
    return kept | {"STRIPE_SECRET_KEY": "sk_test_given", "DEMO_HOME": str(home)} | more


class RunningDemo:
    """A short demo in a program of its own, with what it has printed so far."""

    def __init__(self, home: Path, port: int, *, reset: bool = False) -> None:
        self.home, self.port, self.said = home, port, ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.config.short_demo", str(home), str(port)],
            cwd=PROJECT,
            env=environment(home, RESET="1" if reset else "0"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            self.read_until("Ctrl-C stops everything")
        except BaseException:
            with self.process:
                self.process.kill()
            raise

    def read_until(self, words: str) -> None:
        assert self.process.stdout is not None
        while words not in self.said:
            line = self.process.stdout.readline()
            assert line, f"the demo ended early and said:\n{self.said}"
            self.said += line

    def stop(self, number: signal.Signals) -> tuple[int, float]:
        """Send the signal; return the exit status and the seconds it took."""
        asked = time.monotonic()
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=STOP_SECONDS * 3)
        self.said += rest
        return self.process.returncode, time.monotonic() - asked

    def query(self, statement: str) -> object:
        with psycopg.connect(read_environment(self.home)["DATABASE_URL"], autocommit=True) as connection:
            cursor = connection.execute(statement)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None


OpenDemo = Callable[..., RunningDemo]


@pytest.fixture
def open_demo(home: Path) -> Iterator[OpenDemo]:
    """Opens demos in `home` that do not outlive a failing test."""
    opened: list[subprocess.Popen[str]] = []

    def start(port: int, *, reset: bool = False) -> RunningDemo:
        demo = RunningDemo(home, port, reset=reset)
        opened.append(demo.process)
        return demo

    yield start
    for process in opened:
        with process:
            process.kill()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def wait_until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


# --- the demo as a whole ---


def test_it_opens_tells_what_a_visitor_needs_and_closes_in_order(home: Path, open_demo: OpenDemo) -> None:
    demo = open_demo(free_port())
    assert f"Awning is open: http://127.0.0.1:{demo.port}" in demo.said
    for role, address in ((login.role, login.email) for login in LOGINS):
        assert re.search(rf"{role}\s+{address}\s+awning-demo", demo.said)
    assert page_status(f"http://{LOOPBACK}:{demo.port}/") == 200
    demo.query("CREATE TABLE kept AS SELECT 7 AS n")
    database_port = int(re.findall(r":(\d+)/", read_environment(home)["DATABASE_URL"])[0])

    status, seconds = demo.stop(signal.SIGINT)

    assert (status, seconds < STOP_SECONDS) == (0, True)
    assert not listens(demo.port)
    assert not listens(database_port)
    assert "database system is shut down" in (home / "logs" / "postgres.log").read_text()
    second = open_demo(free_port())
    assert second.query("SELECT n FROM kept") == 7
    assert second.stop(signal.SIGTERM)[0] == 0


def test_a_reset_starts_afresh_and_touches_nothing_it_did_not_make(home: Path, open_demo: OpenDemo) -> None:
    demo = open_demo(free_port())
    demo.query("CREATE TABLE kept AS SELECT 7 AS n")
    first_secrets = load_secrets(home)
    demo.stop(signal.SIGTERM)
    (home / "letter.txt").write_text("mine")

    demo = open_demo(free_port(), reset=True)

    assert demo.query("SELECT to_regclass('kept')") is None
    assert load_secrets(home) != first_secrets
    assert (home / "letter.txt").read_text() == "mine"
    demo.stop(signal.SIGTERM)


def test_a_second_demo_is_told_where_the_first_one_is(home: Path, open_demo: OpenDemo) -> None:
    demo = open_demo(free_port())
    program = [sys.executable, "-m", "tests.config.short_demo"]

    def refused(folder: Path, port: int) -> str:
        argv = [*program, str(folder), str(port)]
        done = subprocess.run(argv, cwd=PROJECT, env=environment(folder), capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        return done.stderr

    assert f"{home} is in use by process {demo.process.pid}; stop that demo with Ctrl-C" in refused(home, free_port())
    said = refused(home / "other", demo.port)
    assert re.search(rf"port {demo.port} is in use by process \d+ \(.+\); .* make demo PORT={demo.port + 1}", said)
    demo.stop(signal.SIGTERM)


def test_kill_9_of_the_demo_leaves_nothing_running_and_the_next_one_starts(home: Path, open_demo: OpenDemo) -> None:
    demo = open_demo(free_port())
    demo.query("CREATE TABLE kept AS SELECT 7 AS n")
    with demo.process:
        demo.process.kill()
    wait_until(lambda: not listens(demo.port))

    again = open_demo(demo.port)

    assert again.query("SELECT n FROM kept") == 7
    assert again.stop(signal.SIGTERM)[0] == 0


def test_a_process_that_dies_is_named_and_started_again(home: Path, open_demo: OpenDemo) -> None:
    demo = open_demo(free_port())
    postmaster = int((home / "postgres" / "cluster" / "postmaster.pid").read_text().splitlines()[0])

    os.kill(postmaster, signal.SIGKILL)
    demo.read_until("postgres is started again")

    assert "postgres ended with signal 9; the last lines of" in demo.said
    assert "database system is ready to accept connections" in demo.said
    wait_until(lambda: answers(demo))
    assert demo.stop(signal.SIGTERM)[0] == 0


def answers(demo: RunningDemo) -> bool:
    try:
        return demo.query("SELECT 1") == 1
    except psycopg.OperationalError:
        return False


# --- the environment of other commands ---


def test_a_command_runs_with_the_demos_variables_only_while_it_is_open(home: Path, open_demo: OpenDemo) -> None:
    program = [sys.executable, "-m", "config.embedded.run", "python", "-c", "import os; print(os.environ['SITE_URL'])"]

    def result() -> subprocess.CompletedProcess[str]:
        return subprocess.run(program, cwd=PROJECT, env=environment(home), capture_output=True, text=True, check=False)

    assert (result().returncode, "start it with make demo" in result().stderr) == (1, True)
    demo = open_demo(free_port())
    assert result().stdout == f"http://127.0.0.1:{demo.port}\n"
    left_by_kill_9 = read_environment(home)
    demo.stop(signal.SIGTERM)
    write_environment(home, left_by_kill_9)
    assert (result().returncode, "start it with make demo" in result().stderr) == (1, True)


def test_variables_survive_the_way_through_the_file(tmp_path: Path) -> None:
    variables = {"PLAIN": "1", "SPACED": "a b", "QUOTED": 'it\'s "so" $HOME #1 \\', "EMPTY": ""}
    write_environment(tmp_path, variables)
    assert read_environment(tmp_path) == variables
    assert (tmp_path / "env").stat().st_mode & 0o077 == 0


def test_secrets_are_made_once_and_kept_private(tmp_path: Path) -> None:
    made = load_secrets(tmp_path)
    assert load_secrets(tmp_path) == made
    assert len(made["SESSION_SECRET"]) >= 64
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(EmbeddedError, match=r"secrets.json is damaged: .*RESET=1"):
        load_secrets(tmp_path)


# --- keeping processes ---


def program(tmp_path: Path, script: str, **stops: float) -> Command:
    return Command(
        name="program",
        argv=(sys.executable, "-c", script),
        directory=tmp_path,
        log=tmp_path / "program.log",
        stops=tuple((signal.Signals[name], seconds) for name, seconds in stops.items()),
    )


def wait_for_output(process: ServerProcess, expected: str) -> None:
    wait_until(lambda: process.output() == expected)


def wait_for_end(holder: Program) -> None:
    wait_until(lambda: holder.process.poll() is not None)


def test_a_program_that_keeps_dying_is_given_up_and_an_essential_one_closes_the_demo(tmp_path: Path) -> None:
    for essential in (frozenset[str](), frozenset({"program"})):
        said: list[str] = []
        supervisor = Supervisor(say=said.append, essential=essential)
        holder = Program(program(tmp_path, "import sys; sys.exit('broken: no such thing')", SIGTERM=1))
        supervisor.add([holder])
        for _ in range(DEATHS_ALLOWED):
            wait_for_end(holder)
            supervisor.look_after(holder)
        wait_for_end(holder)
        if essential:
            with pytest.raises(EmbeddedError, match="program does not stay up: see"):
                supervisor.look_after(holder)
        else:
            supervisor.look_after(holder)
        assert sum("is started again" in text for text in said) == DEATHS_ALLOWED
        assert all("program ended with status 1" in text and "broken: no such thing" in text for text in said)
        assert "stays down" in said[-1]
        supervisor.stop()


def test_a_program_whose_work_is_done_is_not_started_again(tmp_path: Path) -> None:
    for status, starts in ((0, 0), (1, 1)):
        said: list[str] = []
        supervisor = Supervisor(say=said.append, essential=frozenset(), finite=frozenset({"program"}))
        holder = Program(program(tmp_path, f"import sys; sys.exit({status})", SIGTERM=1))
        supervisor.add([holder])
        wait_for_end(holder)
        supervisor.look_after(holder)
        assert sum("is started again" in text for text in said) == starts
        assert ("program is done" in said) == (status == 0)
        supervisor.stop()


def test_one_that_ignores_the_request_is_ended_and_so_is_what_it_started(tmp_path: Path) -> None:
    script = (
        "import json, os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['/bin/sleep', '600'], start_new_session=True)\n"
        "print(json.dumps([os.getpid(), child.pid]), flush=True)\n"
        "time.sleep(600)\n"
    )
    process = ServerProcess(program(tmp_path, script, SIGTERM=0.2))
    wait_until(lambda: process.output().endswith("]\n"))
    pids = json.loads(process.output())
    assert process.stop() == 128 + signal.SIGKILL
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_a_second_request_forces(tmp_path: Path) -> None:
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    process = ServerProcess(program(tmp_path, script, SIGTERM=20))
    wait_for_output(process, "up\n")
    asked = time.monotonic()
    process.ask_to_stop()
    process.ask_to_stop()
    assert process.join() == 128 + signal.SIGKILL
    assert time.monotonic() - asked < 10


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    command = Command(name="ghost", argv=("/nowhere/ghost",), directory=tmp_path, log=tmp_path / "ghost.log")
    with pytest.raises(EmbeddedError, match=r"ghost did not start: .*No such file or directory.*/nowhere/ghost"):
        ServerProcess(command)


def test_a_make_that_was_told_to_stop_is_recognised(tmp_path: Path) -> None:
    script = "import signal, time; {}; print('up', flush=True); time.sleep(600)"
    blocking = script.format("signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})")
    for text, expected in ((blocking, True), (script.format("pass"), False)):
        process = ServerProcess(program(tmp_path, text, SIGTERM=5))
        wait_for_output(process, "up\n")
        assert is_in_handler(process.pid) is expected
        process.stop()
