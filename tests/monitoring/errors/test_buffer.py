import os
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.errors import capture
from monitoring.errors.buffer import Buffer, Sample
from monitoring.errors.capture import report
from monitoring.requests import ids
from tests.monitoring.errors.raising import bang, boom, caught, either

AT = datetime(2026, 11, 22, tzinfo=UTC)


def sample(name: str = "x") -> Sample:
    return Sample(name, name, AT, [], True, "", "", "", {})


def test_every_occurrence_is_counted_and_one_per_window_is_kept(buffer: Buffer) -> None:
    wanted = [buffer.count("a", "E", at=AT, tick=tick) for tick in (0.0, 1.0, 9.9, 10.0, 10.1)]
    assert wanted == [True, False, False, True, False]
    (tally,) = buffer.take(10).tallies
    assert tally.times == 5


def test_a_look_does_not_open_the_window_again(buffer: Buffer) -> None:
    assert buffer.count("a", "E", at=AT, tick=0)
    buffer.take(10)
    assert not buffer.count("a", "E", at=AT, tick=1)
    assert buffer.take(10).tallies[0].times == 1


def test_a_full_queue_refuses_the_newest_and_says_how_many() -> None:
    buffer = Buffer(capacity=2)
    assert [buffer.keep(sample(name)) for name in "abc"] == [True, True, False]
    taken = buffer.take(10)
    assert [one.id for one in taken.samples] == ["a", "b"]
    assert taken.dropped == 1
    assert buffer.take(10).dropped == 0


def test_the_first_of_a_kind_is_wanted_where_a_later_one_is_not() -> None:
    buffer = Buffer(capacity=4)
    buffer.count("old", "E", at=AT, tick=0)
    for name in "ab":
        buffer.keep(sample(name))
    assert not buffer.count("old", "E", at=AT, tick=100), "half full: no second sample"
    assert buffer.count("new", "E", at=AT, tick=100)


def test_kinds_are_bounded_and_what_is_over_is_counted_as_dropped() -> None:
    buffer = Buffer(kinds=3)
    for n in range(10):
        buffer.count(f"kind {n}", "E", at=AT, tick=0)
    taken = buffer.take(10)
    assert len(taken.tallies) == 3
    assert taken.dropped == 7
    for n in range(10):
        buffer.count(f"kind {n}", "E", at=AT, tick=0)
        buffer.take(10)
    assert len(buffer._next) == 3


def test_times_reach_from_the_first_to_the_last(buffer: Buffer) -> None:
    for minutes in (5, 1, 9):
        buffer.count("a", "E", at=AT + timedelta(minutes=minutes), tick=0)
    tally = buffer.take(1).tallies[0]
    assert tally.last_at == AT + timedelta(minutes=9)


def test_a_lock_that_is_held_costs_half_a_millisecond_and_not_the_request() -> None:
    buffer = Buffer()
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with buffer._lock:
            held.set()
            release.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(5)
    begin = time.perf_counter()
    assert not buffer.count("a", "E", at=AT, tick=0)
    assert time.perf_counter() - begin < 0.5
    release.set()
    thread.join(5)
    assert buffer.take(1).dropped == 1


def test_many_threads_lose_no_count(buffer: Buffer) -> None:
    start = threading.Barrier(8, timeout=10)

    def work() -> None:
        start.wait()
        for _ in range(500):
            buffer.count("a", "E", at=AT, tick=0)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    taken = buffer.take(1)
    assert taken.tallies[0].times + taken.dropped == 4000


def test_report_keeps_what_the_error_was_about(buffer: Buffer) -> None:
    ids.begin("0123456789abcdef")
    try:
        report(caught(boom), handled=True, handler="payments.receipt", count=3, thing=object())
    finally:
        ids.end()
    (kept,) = buffer.take(10).samples
    assert kept.request_id == "0123456789abcdef"
    assert kept.facts == {"handler": "payments.receipt", "count": 3, "thing": "<object>"}
    assert kept.handled
    assert kept.links[0].text == "no seat left"


def test_one_error_of_one_request_counts_once_however_often_it_is_reported(buffer: Buffer) -> None:
    error = caught(boom)
    ids.begin("aaaaaaaaaaaa")
    report(error)
    report(error)
    ids.begin("bbbbbbbbbbbb")
    report(error)
    ids.end()
    assert buffer.take(1).tallies[0].times == 2


def test_report_never_raises(buffer: Buffer, monkeypatch: pytest.MonkeyPatch) -> None:
    class Sealed(Exception):
        __slots__ = ()

        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError(name)

        def __str__(self) -> str:
            raise RuntimeError

    ids.begin("cccccccccccc")
    report(Sealed())
    ids.end()
    assert len(buffer.take(1).samples) == 1
    monkeypatch.setattr(capture.traces, "fingerprint", lambda error: 1 / 0)
    report(ValueError("x"))
    assert capture.failures() == 2


def test_the_buffer_holds_no_object_of_the_caller(buffer: Buffer) -> None:
    """A frame keeps its locals alive, a thousand errors would keep a thousand requests."""
    import gc
    import weakref

    class Big:
        pass

    def fails(big: Big) -> None:
        raise ValueError("x")

    big = Big()
    watcher = weakref.ref(big)
    report(caught(fails, big), thing=big)
    del big
    gc.collect()
    assert watcher() is None
    assert len(buffer) == 1


def test_kinds_of_one_function_are_one(buffer: Buffer) -> None:
    for call, argument in ((either, True), (either, False), (bang, "a"), (bang, "b")):
        report(caught(call, argument))
    taken = buffer.take(10)
    assert sorted(tally.times for tally in taken.tallies) == [2, 2]
    assert len(taken.samples) == 2


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_starts_empty_and_with_a_free_lock(buffer: Buffer) -> None:
    report(caught(boom))
    with buffer._lock:
        child = os.fork()
        if child == 0:
            report(caught(bang))
            taken = capture.buffer().take(10)
            os._exit(0 if [tally.times for tally in taken.tallies] == [1] and taken.dropped == 0 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(buffer.take(10).samples) == 1
