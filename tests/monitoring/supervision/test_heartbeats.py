from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError

from monitoring.supervision import identity, queries, services
from monitoring.supervision.consumption import MARGIN, Consumption
from monitoring.supervision.models import Heartbeat, Restart
from monitoring.supervision.pulse import Pulse
from monitoring.supervision.tasks import heartbeat


def lives(kind: str, instance: str, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(identity.VARIABLE, instance)
    services.note(kind=kind, now=at)


def test_a_process_has_one_row_that_moves_forward(db: None, now: datetime) -> None:
    services.note(kind="web", now=now)
    services.note(kind="web", now=now + timedelta(seconds=10), details={"threads": 4})
    row = Heartbeat.objects.get()
    assert (row.kind, row.instance, row.seen_at) == ("web", identity.instance(), now + timedelta(seconds=10))
    assert row.details == {"threads": 4}
    assert row.started_at == identity.started_at()


def test_a_supervisor_names_the_children_of_a_worker(db: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(identity.VARIABLE, "host:77")
    heartbeat()
    assert queries.seen("worker", "host:77") is not None


def test_the_last_sign_of_a_kind(db: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    assert queries.last_seen("sweep") is None
    lives("sweep", "a", now, monkeypatch)
    lives("sweep", "b", now + timedelta(seconds=5), monkeypatch)
    lives("beat", "c", now + timedelta(seconds=9), monkeypatch)
    assert queries.last_seen("sweep") == now + timedelta(seconds=5)
    assert queries.alive("sweep", since=now + timedelta(seconds=1)) == 1


def test_pages_list_what_lived_lately(db: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    lives("web", "fresh", now - timedelta(seconds=59), monkeypatch)
    lives("web", "silent", now - timedelta(seconds=61), monkeypatch)
    lives("web", "forgotten", now - timedelta(minutes=16), monkeypatch)
    assert [(row.instance, row.fresh) for row in queries.processes(now)] == [("fresh", True), ("silent", False)]


def test_old_rows_go_but_never_the_last_of_a_kind(db: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    for instance, days in (("old", 3), ("last", 2)):
        lives("beat", instance, now - timedelta(days=days), monkeypatch)
    lives("web", "young", now - timedelta(hours=23), monkeypatch)
    services.note_restart(kind="worker", instance="x", at=now - timedelta(days=91), reason="long ago")
    services.note_restart(kind="worker", instance="x", at=now - timedelta(days=89), reason="lately")
    assert services.prune(now=now) == 2
    assert set(Heartbeat.objects.values_list("instance", flat=True)) == {"last", "young"}
    assert Restart.objects.get().reason == "lately"


def test_restarts_are_told_and_counted(db: None, now: datetime) -> None:
    for minutes, given_up in ((50, False), (10, False), (5, True), (70, False)):
        services.note_restart(
            kind="worker", instance="x", at=now - timedelta(minutes=minutes), reason="r" * 500, given_up=given_up
        )
    since = now - timedelta(hours=1)
    assert [line.given_up for line in queries.restarts(since)] == [True, False, False]
    assert queries.restart_counts(since) == {"worker": 2}


def test_a_pulse_writes_rarely_and_survives_its_store(
    db: None, now: datetime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("monitoring.supervision.pulse.close_old_connections", lambda: None)
    clock = [100.0]
    pulse = Pulse("sweep", every=10, clock=lambda: clock[0])
    for second in range(21):
        clock[0] = 100.0 + second
        pulse.beat(now + timedelta(seconds=second))
    assert queries.last_seen("sweep") == now + timedelta(seconds=20)
    assert Heartbeat.objects.count() == 1

    def away(**kwargs: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(services, "note", away)
    clock[0] += 10
    pulse.beat(now)
    assert "heartbeat.failed" in caplog.messages


@pytest.fixture
def clock() -> list[float]:
    return [1000.0]


@pytest.fixture
def consumption(clock: list[float]) -> Consumption:
    return Consumption(lambda: 300.0, clock=lambda: clock[0])


def test_an_idle_worker_gives_no_sign(consumption: Consumption) -> None:
    assert not consumption.works()


def test_a_task_taken_is_one_sign(consumption: Consumption) -> None:
    consumption.begin("a")
    consumption.end("a")
    assert [consumption.works(), consumption.works()] == [True, False]


def test_a_long_task_is_work_until_its_limit_and_no_longer(consumption: Consumption, clock: list[float]) -> None:
    consumption.begin("a")
    signs: list[bool] = []
    for after in (0.0, 10.0, 300.0 + MARGIN, 301.0 + MARGIN):
        clock[0] = 1000.0 + after
        signs.append(consumption.works())
    assert signs == [True, True, True, False]
