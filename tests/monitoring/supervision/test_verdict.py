"""A healthy process is never found wedged; a wedged one always is, once there is evidence enough."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from monitoring.supervision import identity, probes, queries, services
from monitoring.supervision.verdict import Judge, Patience

ME = "host:1"


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


@pytest.fixture(autouse=True)
def _own_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "_backlogs", {})
    monkeypatch.setattr(probes, "_grounds", {})


class Stage:
    """Time passes in steps of 5 s; at each, some processes give signs, and the judge looks."""

    def __init__(self, kind: str, start: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kind, self.start, self.now, self.patch = kind, start, start, monkeypatch
        self.judge = Judge(kind=kind, instance=ME, patience=Patience())

    def sign(self, kind: str, instance: str) -> None:
        self.patch.setenv(identity.VARIABLE, instance)
        services.note(kind=kind, now=self.now)

    def pass_time(self, seconds: float, *, me: bool = False, beat: bool = True) -> list[str]:
        """What the judge found meanwhile."""
        found = []
        for _ in range(round(seconds / 5)):
            self.now += s(5)
            if beat and self.kind != "beat":
                self.sign("beat", "host:2")
            if me:
                self.sign(self.kind, ME)
            reason = self.judge.look(now=self.now, started=self.start)
            found += [reason] if reason else []
        return found


@pytest.fixture
def worker(db: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage("worker", now, monkeypatch)


@pytest.fixture
def beat(db: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage("beat", now, monkeypatch)


def test_a_worker_that_consumes_is_left_alone(worker: Stage) -> None:
    assert worker.pass_time(600, me=True) == []


def test_a_silent_worker_is_wedged(worker: Stage) -> None:
    assert worker.pass_time(120, me=True) == []
    assert worker.pass_time(60) == []
    assert worker.pass_time(5) == ["no sign of life for 65 s"]


def test_a_worker_that_never_gave_a_sign_gets_its_time_to_start(worker: Stage) -> None:
    assert worker.pass_time(60) == []
    assert worker.pass_time(5) == ["no sign of life for 65 s"]


@pytest.mark.parametrize("ahead", [0.001, 5.0])
def test_a_sign_that_comes_during_the_look_is_one(worker: Stage, ahead: float) -> None:
    """The look has its time from before it asks: what is written meanwhile is later, and no silence since the start."""
    assert worker.pass_time(600, me=True) == []
    worker.now += s(ahead)
    worker.sign("worker", ME)
    worker.now -= s(ahead)
    assert worker.judge.look(now=worker.now, started=worker.start) is None


def test_a_silent_beat_is_wedged(beat: Stage) -> None:
    assert beat.pass_time(120, me=True) == []
    assert beat.pass_time(60) == []
    assert beat.pass_time(5) == ["no sign of life for 65 s"]


def test_without_beat_nothing_arrives_and_no_worker_is_blamed(worker: Stage) -> None:
    assert worker.pass_time(60, me=True) == []
    assert worker.pass_time(600, beat=False) == []


def test_a_beat_that_comes_back_does_not_make_the_wait_a_crime(worker: Stage) -> None:
    worker.pass_time(60, me=True)
    worker.pass_time(600, beat=False)
    assert worker.pass_time(60) == []
    assert worker.pass_time(5) != []


def test_many_idle_workers_share_the_signs(worker: Stage) -> None:
    for number in range(5):
        worker.sign("worker", f"other:{number}")
    worker.pass_time(5, me=True)
    assert worker.pass_time(120) == []
    assert worker.pass_time(5) == ["no sign of life for 125 s"]


@pytest.mark.parametrize("store", ["database", "broker"])
def test_a_store_that_is_away_gives_no_verdict(worker: Stage, monkeypatch: pytest.MonkeyPatch, store: str) -> None:
    def away(*args: object) -> None:
        raise OSError(store)

    with monkeypatch.context() as broken:
        if store == "database":
            broken.setattr(queries, "seen", away)
        else:
            broken.setitem(probes._grounds, "broker", away)
        assert worker.pass_time(600) == []
    # And its return is no evidence either: the count starts again.
    assert worker.pass_time(60) == []
    assert worker.pass_time(5) != []


def test_a_judge_that_was_suspended_itself_blames_nobody(worker: Stage) -> None:
    worker.pass_time(60, me=True)
    worker.now += s(3600)
    assert worker.pass_time(65) == []
    assert worker.pass_time(5) != []


def test_a_clock_that_was_set_back_neither_blames_nor_blinds(worker: Stage) -> None:
    worker.pass_time(60, me=True)
    worker.now -= s(3600)
    assert worker.pass_time(65) == []
    assert worker.pass_time(5) != []


def test_work_that_a_dead_sweep_leaves_is_not_held_against_a_worker(worker: Stage) -> None:
    probes.register_backlog("the outbox", lambda now: 500.0)
    worker.sign("sweep", "host:3")
    assert worker.pass_time(600, me=True) == []
    worker.sign("sweep", "host:3")
    assert worker.pass_time(5, me=True) == ["due work of the outbox has waited for 500 s"]


def test_work_left_lying_shows_a_wedged_worker(worker: Stage) -> None:
    waited: Iterator[float | None] = iter([None, 59.0, 60.0, 61.0])
    assert worker.pass_time(65, me=True) == []
    probes.register_backlog("the outbox", lambda now: next(waited))
    assert worker.pass_time(20, me=True) == ["due work of the outbox has waited for 61 s"]


def test_work_left_by_a_predecessor_is_not_held_against_a_new_worker(worker: Stage) -> None:
    probes.register_backlog("the outbox", lambda now: 500.0)
    assert worker.pass_time(60, me=True) == []
    assert worker.pass_time(5, me=True) == ["due work of the outbox has waited for 500 s"]


def test_beat_is_not_blamed_for_work(beat: Stage) -> None:
    probes.register_backlog("the outbox", lambda now: 500.0)
    assert beat.pass_time(600, me=True) == []
