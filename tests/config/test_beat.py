"""Beat in this process: one of several sends, each slot once, whatever the broker, the clock or a pause do."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import DatabaseError, connection

from config import beat
from config.beat import Scheduler
from config.timetable import JOBS
from monitoring.jobs import dispatch, table
from monitoring.jobs.models import JobRun, Lease, PeriodicJob
from monitoring.jobs.table import Job

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
QUICK = Job("tests.quick", 10 * SECOND, "critical", "skip")
ONCE = Job("tests.once", MINUTE, "default", "once")
EACH = Job("tests.each", MINUTE, "bulk", "all")

pytestmark = pytest.mark.django_db


class Beat(Scheduler):
    """Writes down what it would send; ``broken`` is a broker that refuses."""

    def __init__(self, clock: "list[float]", *, seconds: float = 6.0) -> None:
        super().__init__(current_app, lease_seconds=seconds)
        self.lease._clock = lambda: clock[0]
        self.sent: list[tuple[str, datetime]] = []
        self.broken = False

    def publish(self, due: dispatch.Due) -> None:
        if self.broken:
            raise ConnectionError("away")
        self.sent.append((due.job.name, due.slot))

    def names(self) -> list[str]:
        return [name for name, _ in self.sent]


@pytest.fixture(autouse=True)
def three_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_jobs", {job.name: job for job in (QUICK, ONCE, EACH)})


@pytest.fixture
def clock() -> list[float]:
    return [1000.0]


@pytest.fixture
def beats(clock: list[float]) -> tuple[Beat, Beat]:
    return Beat(clock), Beat(clock)


def end_of_lease() -> None:
    """As if its time had passed at the database."""
    Lease.objects.update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))


def test_of_two_beats_one_sends(beats: tuple[Beat, Beat]) -> None:
    one, other = beats
    for second in range(0, 30, 5):
        one.round(NOW + second * SECOND)
        other.round(NOW + second * SECOND)
    assert other.sent == []
    assert one.sent == [
        ("tests.quick", NOW),
        ("tests.each", NOW),
        ("tests.once", NOW),
        ("tests.quick", NOW + 10 * SECOND),
        ("tests.quick", NOW + 20 * SECOND),
    ]
    assert {run.state for run in JobRun.objects.all()} >= {"due"}


def test_the_other_takes_over_when_the_lease_has_ended_and_sends_nothing_again(beats: tuple[Beat, Beat]) -> None:
    one, other = beats
    one.round(NOW)
    end_of_lease()
    other.round(NOW + SECOND)
    assert (one.lease.fence, other.lease.fence, other.sent) == (1, 2, [])
    other.round(NOW + 10 * SECOND)
    assert other.sent == [("tests.quick", NOW + 10 * SECOND)]


def test_a_beat_that_was_stopped_and_wakes_after_a_takeover_sends_nothing(
    beats: tuple[Beat, Beat], clock: list[float]
) -> None:
    one, other = beats
    one.round(NOW)
    end_of_lease()
    clock[0] += 60
    other.round(NOW + MINUTE)
    sent = list(one.sent)
    # It wakes in the middle of its round: between opening the slots and sending them.
    one.send([dispatch.Due(QUICK, NOW + MINUTE)])
    one.round(NOW + MINUTE)
    assert one.sent == sent
    assert ("tests.quick", NOW + MINUTE) in other.sent


def test_a_beat_that_has_lost_its_lease_without_knowing_writes_nothing(beats: tuple[Beat, Beat]) -> None:
    """By its own clock it still leads, the database says otherwise: the fence holds, not the clock."""
    one, other = beats
    one.round(NOW)
    end_of_lease()
    other.round(NOW + SECOND)
    assert one.lease.held()
    assert one.last is not None
    assert dispatch.open_slots(one.lease, one.last, now=NOW + 10 * SECOND) == []
    JobRun.objects.update(sent_at=None)
    assert dispatch.tidy(one.lease, now=NOW + 5 * MINUTE) == []
    assert JobRun.objects.count() == 3
    assert len(dispatch.tidy(other.lease, now=NOW + SECOND)) == 3


def test_a_slot_that_somebody_else_has_opened_is_not_sent_again(beats: tuple[Beat, Beat]) -> None:
    one, _ = beats
    JobRun.objects.create(job="tests.quick", slot=NOW, sent_at=NOW)
    one.round(NOW)
    assert "tests.quick" not in one.names()


def test_after_an_hour_without_beat_each_policy_has_its_way(beats: tuple[Beat, Beat]) -> None:
    one, other = beats
    one.round(NOW)
    end_of_lease()
    later = NOW + timedelta(hours=1)
    other.round(later)
    assert other.names().count("tests.quick") == 1
    assert [slot for name, slot in other.sent if name == "tests.once"] == [later]
    missed = [slot for name, slot in other.sent if name == "tests.each" and slot > NOW]
    assert missed == [later - step * MINUTE for step in reversed(range(table.MOST_MISSED))]


def test_a_broker_that_is_away_loses_no_slot(beats: tuple[Beat, Beat]) -> None:
    one, _ = beats
    one.broken = True
    one.round(NOW)
    assert set(JobRun.objects.values_list("sent_at", flat=True)) == {None}
    one.broken, one.tidied = False, float("-inf")
    one.round(NOW + 6 * SECOND)
    assert sorted(one.names()) == ["tests.each", "tests.once", "tests.quick"]


def test_a_message_that_nobody_takes_is_sent_again_and_each_time_later(beats: tuple[Beat, Beat]) -> None:
    one, _ = beats
    one.round(NOW)
    one.sent.clear()
    times = []
    for second in range(0, 400, 5):
        one.tidied = float("-inf")
        dues = dispatch.tidy(one.lease, now=NOW + second * SECOND)
        times += [second for due in dues if due.job is ONCE]
    assert times == [65, 190]


def test_what_is_late_or_overtaken_is_skipped(beats: tuple[Beat, Beat]) -> None:
    one, _ = beats
    one.round(NOW)
    one.round(NOW + MINUTE)
    one.tidied = float("-inf")
    one.round(NOW + MINUTE + SECOND)
    states = dict(JobRun.objects.filter(slot=NOW).values_list("job", "state"))
    assert states == {"tests.quick": "skipped", "tests.once": "skipped", "tests.each": "due"}


def test_a_slot_whose_worker_died_is_run_again_but_not_for_ever(beats: tuple[Beat, Beat]) -> None:
    one, _ = beats
    one.round(NOW)
    runs = JobRun.objects.filter(slot=NOW)
    runs.update(state="running", locked_until=NOW + MINUTE, attempts=4)
    dispatch.tidy(one.lease, now=NOW + MINUTE)
    assert set(runs.values_list("state", flat=True)) == {"running"}
    again = dispatch.tidy(one.lease, now=NOW + MINUTE + SECOND)
    assert {due.job.name for due in again} == {"tests.once", "tests.each"}
    assert runs.get(job="tests.quick").state == "failed"
    runs.update(state="running", attempts=5, locked_until=NOW)
    dispatch.tidy(one.lease, now=NOW + 2 * MINUTE)
    assert runs.get(job="tests.each").error == dispatch.LOST
    assert set(runs.values_list("state", flat=True)) == {"failed"}


def test_a_job_that_is_no_longer_in_the_table_is_not_sent(beats: tuple[Beat, Beat]) -> None:
    one, _ = beats
    JobRun.objects.create(job="tests.gone", slot=NOW)
    one.round(NOW)
    assert JobRun.objects.get(job="tests.gone").state == "skipped"


def test_a_beat_that_ends_leaves_at_once(beats: tuple[Beat, Beat], monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = beats
    one.round(NOW)
    one.close()
    other.round(NOW + 10 * SECOND)
    assert other.names() == ["tests.quick"]


def test_a_database_that_is_away_stops_sending_not_the_beat(
    beats: tuple[Beat, Beat], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = beats

    def away(*args: Any) -> bool:
        raise DatabaseError("away")

    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr(beat, "close_old_connections", lambda: None)
    monkeypatch.setattr(one.pulse, "beat", lambda now: None)
    monkeypatch.setattr(one.lease, "take", away)
    assert one.tick() == 1.0
    assert one.sent == []


def test_a_new_job_of_an_hour_waits_for_its_hour_and_a_quick_one_does_not() -> None:
    hourly = Job("tests.hourly", timedelta(hours=1), "bulk", "once")
    table.register([hourly])
    last = dispatch.begin(NOW)
    assert (last["tests.hourly"], last["tests.quick"]) == (NOW - 30 * MINUTE, NOW - 10 * SECOND)
    # A second beginning changes nothing of what is known.
    PeriodicJob.objects.filter(pk="tests.quick").update(last_slot=NOW)
    assert dispatch.begin(NOW + MINUTE)["tests.quick"] == NOW


def test_messages_name_their_slot_and_fast_ones_expire(
    beats: tuple[Beat, Beat], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **said: sent.append({"name": name, **said}))
    Scheduler.publish(beats[0], dispatch.Due(QUICK, NOW))
    Scheduler.publish(beats[0], dispatch.Due(ONCE, NOW))
    assert [(one["queue"], one["expires"]) for one in sent] == [("critical", 10.0), ("default", None)]
    assert sent[0]["headers"] == {"awning_job": "tests.quick", "awning_slot": "2026-11-22T09:30:00+00:00"}


def test_old_slots_are_forgotten_open_ones_are_not() -> None:
    for place, state in enumerate(JobRun.State.values):
        JobRun.objects.create(job="tests.once", slot=NOW + place * SECOND, state=state)
    assert dispatch.prune(now=NOW + timedelta(days=3)) == 3
    assert set(JobRun.objects.values_list("state", flat=True)) == {"due", "running"}


def test_the_table_itself_is_sound() -> None:
    assert len({job.name for job in JOBS}) == len(JOBS)
    assert all(job.lease > timedelta(seconds=current_app.conf.task_time_limit) for job in JOBS)
