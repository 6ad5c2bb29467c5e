"""A panel that raises or hangs costs itself: the page is on time, says so, and holds one thread however many look."""

import threading
import time
from datetime import UTC, datetime

import pytest
from django.db import connection

from monitoring.ops import board as room
from monitoring.ops.board import Board, Shown, in_a_thread
from monitoring.ops.panels import Panel
from monitoring.ops.parts import Body, Mark
from tests.monitoring.ops.making import Source


def a_board(*panels: Panel) -> Board:
    return Board(listed=lambda: list(panels), start=in_a_thread)


def by_name(shown: list[Shown]) -> dict[str, Shown]:
    return {one.panel.name: one for one in shown}


def text(one: Shown) -> str:
    return one.body.mark.text if one.body else f"away: {one.why}" if one.away_since else "waiting"


def test_panels_are_built_once_and_believed_for_a_moment() -> None:
    source = Source()
    board = a_board(source.panel("one"))
    assert [text(one) for one in board.look()] == ["fine"]
    board.look()
    assert source.asked == 1
    assert [text(one) for one in board.look(fresh=True)] == ["fine"]
    assert source.asked == 2


def test_one_that_raises_costs_itself_and_says_since_when() -> None:
    good, bad = Source(), Source()
    bad.error = RuntimeError("a secret")
    board = a_board(good.panel("good", lane="same"), bad.panel("bad", lane="same", place=0))
    before = datetime.now(UTC)
    shown = by_name(board.look())
    assert text(shown["good"]) == "fine"
    assert text(shown["bad"]) == "away: RuntimeError"
    first = shown["bad"].away_since
    assert first is not None
    assert before <= first <= datetime.now(UTC)
    assert by_name(board.look(fresh=True))["bad"].away_since == first
    bad.error = None
    assert text(by_name(board.look(fresh=True))["bad"]) == "fine"


def test_one_that_hangs_costs_a_bounded_wait_once_and_one_thread() -> None:
    good, stuck = Source(), Source()
    stuck.gate.clear()
    board = a_board(good.panel("good"), stuck.panel("stuck"))
    try:
        begun = time.monotonic()
        shown = by_name(board.look(fresh=True))
        assert 0.4 < time.monotonic() - begun < 0.9
        assert text(shown["good"]) == "fine"
        assert text(shown["stuck"]) == "away: It does not answer."
        begun = time.monotonic()
        for _ in range(5):
            board.look(fresh=True)
        assert time.monotonic() - begun < 0.4
        assert stuck.asked == 1
        assert sum(thread.name == "ops:stuck" for thread in threading.enumerate()) == 1
    finally:
        stuck.gate.set()
    deadline = time.monotonic() + 10
    while text(by_name(board.look(fresh=True))["stuck"]) != "fine":
        assert time.monotonic() < deadline, "it never came back"


def test_what_was_known_stays_while_a_lane_is_a_little_late(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source()
    board = a_board(source.panel("one"))
    board.look()
    source.gate.clear()
    try:
        assert [text(one) for one in board.look(fresh=True)] == ["fine"]
        monkeypatch.setattr(room, "LATE", 0.0)
        board._tracks["one"].made -= 10.0
        assert [text(one) for one in board.look(fresh=True)] == ["away: It does not answer."]
    finally:
        source.gate.set()


def test_a_fresh_look_does_not_believe_one_that_began_before_it() -> None:
    source = Source("before")
    board = a_board(source.panel("one"))
    source.gate.clear()
    board.look(patience=0.0)
    source.text = "after"
    threading.Timer(0.05, source.gate.set).start()
    assert [text(one) for one in board.look(fresh=True)] == ["after"]
    assert source.asked == 2


def test_a_process_without_threads_to_spare_shows_the_page() -> None:
    def refuse(run: object, name: str) -> None:
        raise RuntimeError("can't start new thread")

    board = Board(listed=lambda: [Source().panel("one")], start=refuse)
    assert [text(one) for one in board.look()] == ["away: This process can start no thread."]


@pytest.mark.django_db(transaction=True)
def test_a_slow_statement_is_ended_by_postgresql_and_the_next_panel_is_built() -> None:
    def slow(now: datetime) -> Body:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(20)")
        return Body(Mark("good", "woken"))

    first = Panel("slow", "Slow", slow, 1, limit=0.05)
    second = Source().panel("next", lane="database", place=2)
    shown = by_name(a_board(first, second).look(patience=5.0))
    assert text(shown["slow"]) == "away: OperationalError"
    assert text(shown["next"]) == "fine"
