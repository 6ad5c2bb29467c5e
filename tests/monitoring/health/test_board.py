import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from monitoring.health import board as boards
from monitoring.health.board import Board
from monitoring.health.registry import Check, Finding

# The clock of these tests starts here and moves only when told to.
START = 1000.0


@dataclass
class Dependency:
    """Counts how often it is asked; hangs while ``well`` is not set."""

    finding: Finding = field(default_factory=lambda: Finding("ok"))
    asked: int = 0
    well: threading.Event = field(default_factory=threading.Event)
    threads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.well.set()

    def __call__(self) -> Finding:
        self.asked += 1
        self.threads.append(threading.current_thread().name)
        assert self.well.wait(20)
        return self.finding


@pytest.fixture
def dependency() -> Iterator[Dependency]:
    made = Dependency()
    yield made
    made.well.set()


def a_board(*checks: Check) -> Board:
    return Board(lambda: list(checks))


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def threads(name: str) -> int:
    return sum(thread.name == name for thread in threading.enumerate())


def test_a_hundred_callers_at_once_are_one_run(dependency: Dependency) -> None:
    board, gate = a_board(Check("one", dependency), Check("two", dependency)), threading.Barrier(100)
    states: list[str] = []

    def ask() -> None:
        gate.wait()
        states.extend(result.state for result in board.results())

    callers = [threading.Thread(target=ask) for _ in range(100)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert states == ["ok"] * 200
    assert dependency.asked == 2


def test_a_moment_without_threads_takes_no_check_away_for_ever(
    dependency: Dependency, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    board = a_board(Check("one", dependency), Check("two", dependency, lane="slow"))
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", full)
        assert [result.state for result in board.results(patience=0.1)] == ["pending", "pending"]
    assert "health.not_started" in caplog.messages
    assert [result.state for result in board.results()] == ["ok", "ok"]


def test_a_finding_is_good_for_five_seconds(dependency: Dependency, monkeypatch: pytest.MonkeyPatch) -> None:
    board, now = a_board(Check("one", dependency)), START
    monkeypatch.setattr(boards, "monotonic", lambda: now)
    board.results()
    now = START + 4.9
    board.results()
    assert dependency.asked == 1
    assert board.results(max_age=1.0)[0].state == "ok"
    assert dependency.asked == 2
    now = START + 9.95
    board.results()
    assert dependency.asked == 3


def test_a_check_that_hangs_is_not_waited_for(dependency: Dependency) -> None:
    dependency.well.clear()
    other = Dependency()
    board = a_board(Check("hung", dependency, timeout=0.1), Check("well", other))
    begin = time.monotonic()
    found = {result.name: result for result in board.results()}
    assert time.monotonic() - begin < 0.3
    assert (found["hung"].state, found["hung"].text) == ("failed", "No answer within 0.1 s.")
    assert found["well"].state == "ok"


def test_a_check_that_hangs_is_not_started_again(dependency: Dependency, monkeypatch: pytest.MonkeyPatch) -> None:
    dependency.well.clear()
    board = a_board(Check("hung", dependency, timeout=0.05, every=0.0))
    for _ in range(20):
        assert board.results()[0].state == "failed"
    assert dependency.asked == 1
    assert threads("health:hung") == 1
    dependency.well.set()
    until(lambda: threads("health:hung") == 0)
    assert board.results()[0].state == "ok"
    assert dependency.asked == 2


def test_a_late_answer_is_a_failure(dependency: Dependency) -> None:
    dependency.well.clear()
    board = a_board(Check("slow", dependency, timeout=0.05, every=60))
    begin = time.monotonic()
    board.results()
    until(lambda: time.monotonic() > begin + 0.2)
    dependency.well.set()
    until(lambda: threads("health:slow") == 0)
    found = board.results()[0]
    assert (found.state, found.last_success) == ("failed", None)
    assert "Took" in found.text


def test_one_lane_is_one_thread_and_one_thing_after_another(dependency: Dependency) -> None:
    checks = [Check(name, dependency, lane="database") for name in "abc"]
    assert {result.state for result in a_board(*checks).results()} == {"ok"}
    assert dependency.threads == ["health:database"] * 3


def test_what_hangs_in_a_lane_holds_up_its_lane_alone(dependency: Dependency) -> None:
    dependency.well.clear()
    lane = [Check(name, dependency, lane="database", timeout=0.1, every=0.0) for name in "abc"]
    board = a_board(*lane, Check("d", lambda: Finding("ok")))
    for _ in range(3):
        assert [result.state for result in board.results()] == ["failed", "failed", "failed", "ok"]
    assert dependency.asked == 1


def test_what_is_slow_by_nature_shows_its_last_finding(dependency: Dependency) -> None:
    board = a_board(Check("storage", dependency, every=0.0, timeout=60))
    assert board.results()[0].state == "ok"
    dependency.well.clear()
    begin = time.monotonic()
    assert board.results()[0].state == "ok"
    assert time.monotonic() - begin < 0.2


def test_what_has_never_finished_is_pending(dependency: Dependency) -> None:
    dependency.well.clear()
    board = a_board(Check("storage", dependency, timeout=60))
    assert board.known()[0].state == "pending"
    assert board.results(patience=0.05)[0].state == "pending"
    assert dependency.asked == 1


def test_what_is_known_asks_nobody(dependency: Dependency) -> None:
    board = a_board(Check("one", dependency))
    assert (board.known()[0].state, dependency.asked) == ("pending", 0)
    board.results()
    known = board.known()[0]
    assert (known.state, dependency.asked) == ("ok", 1)
    assert known.last_success == known.checked_at


def test_an_error_is_a_finding_without_secrets() -> None:
    def broken() -> Finding:
        raise ConnectionError("no way to\npostgres://awning:hunter2secret@db:5432/awning")

    found = a_board(Check("broken", broken)).results()[0]
    assert found.state == "failed"
    assert found.text.startswith("ConnectionError: no way to postgres://")
    assert "hunter2secret" not in found.text


def test_figures_lose_their_secrets_too() -> None:
    told = Finding("ok", "", {"address": "redis://:hunter2secret@cache:6379/0", "since": "2026-11-22T09:30:00+00:00"})
    figures = a_board(Check("telling", lambda: told)).results()[0].figures
    assert "hunter2secret" not in str(figures)
    assert figures["since"] == "2026-11-22T09:30:00+00:00"


def test_the_last_success_outlives_a_failure(dependency: Dependency) -> None:
    board = a_board(Check("one", dependency, every=0.0))
    success = board.results()[0].last_success
    dependency.finding = Finding("failed", "gone")
    found = board.results()[0]
    assert (found.state, found.text, found.last_success) == ("failed", "gone", success)


def test_connections_of_a_check_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []
    monkeypatch.setattr(boards.connections, "close_all", lambda: closed.append(threading.current_thread().name))
    a_board(Check("one", lambda: Finding("ok"))).results()
    until(lambda: closed == ["health:one"])


def test_a_forked_child_starts_over(dependency: Dependency) -> None:
    dependency.well.clear()
    board = a_board(Check("hung", dependency, timeout=0.05, every=0.0))
    board.results()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        dependency.well = threading.Event()
        dependency.well.set()
        os.write(writing, board.results()[0].state.encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    assert os.read(reading, 20) == b"ok"
    os.close(reading)
