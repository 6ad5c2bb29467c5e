"""What operators see of jobs, of tasks that were given up and of long jobs, and what they can do about them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.contrib.admin.models import LogEntry

from marketplace.accounts.models import User
from monitoring.alerts import jobs as rules
from monitoring.health.checks import consumed
from monitoring.jobs import progress, queries, table
from monitoring.jobs.models import JobRun, Lease, PeriodicJob
from monitoring.jobs.table import Job
from monitoring.ops import actions
from monitoring.ops.actions import Order, Refused
from monitoring.ops.own import jobs
from tests.monitoring.ops.making import a_dead_task

NOW = datetime(2026, 11, 22, 9, 30, 10, tzinfo=UTC)
HOURLY = Job("tests.hourly", timedelta(hours=1), "bulk", "once")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_jobs", {HOURLY.name: HOURLY})


def known(**fields: object) -> PeriodicJob:
    return PeriodicJob.objects.create(**{"name": HOURLY.name, "added_at": NOW - timedelta(days=1), **fields})


def leads() -> None:
    Lease.objects.create(name="beat", holder="hall:7:abcd", expires_at=NOW + timedelta(seconds=5))


def test_a_job_on_time_says_when_it_ran_how_long_and_what_comes_next() -> None:
    leads()
    known(succeeded_at=NOW - timedelta(minutes=20), duration_ms=1_234)
    body = jobs.periodic(NOW)
    assert (body.mark.text, body.figures[0].value) == ("All on time", "hall:7")
    (row,) = body.tables[0].rows
    assert [cell.text for cell in row.cells] == ["tests.hourly", "", "09:10:10", "1.2 s", "10:00:00"]
    assert row.cells[0].small == "bulk, every 1 h, late ones run once"


@pytest.mark.parametrize(
    ("fields", "says", "tone"),
    [
        ({"succeeded_at": NOW - timedelta(hours=2)}, "Overdue", "bad"),
        ({}, "Overdue", "bad"),
        ({"added_at": NOW}, "Not run yet", "good"),
        (
            {"succeeded_at": NOW - timedelta(minutes=50), "failed_at": NOW, "last_error": "KeyError: 'x'"},
            "Failed",
            "warn",
        ),
    ],
)
def test_what_is_late_or_failing_is_said(fields: dict[str, Any], says: str, tone: str) -> None:
    leads()
    known(**fields)
    body = jobs.periodic(NOW)
    mark = body.tables[0].rows[0].cells[1].mark
    assert mark is not None
    assert (mark.text, body.mark.tone) == (says, tone)
    # What wants somebody is seen; what does not is folded away.
    assert bool(body.tables[0].folded) == (tone == "good")


def test_a_run_at_work_and_a_missing_beat_are_said() -> None:
    known(succeeded_at=NOW)
    JobRun.objects.create(
        job=HOURLY.name, slot=NOW, state="running", started_at=NOW, locked_until=NOW + timedelta(minutes=5)
    )
    body = jobs.periodic(NOW)
    assert (body.mark.text, "start one" in body.note) == ("No beat leads", True)
    assert body.tables[0].rows[0].cells[1].small == "since 09:30:10"


def test_a_heartbeat_behind_a_long_task_is_no_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """One worker at a task of minutes takes no heartbeat meanwhile, and is there all the same."""
    beat = Job("supervision.heartbeat.bulk", timedelta(seconds=10), "bulk", "skip")
    monkeypatch.setattr(table, "_jobs", {HOURLY.name: HOURLY, beat.name: beat})
    now = datetime.now(UTC)
    known(name=beat.name, succeeded_at=now - timedelta(minutes=4))
    run = JobRun.objects.create(
        job=HOURLY.name, slot=now, state="running", started_at=now, locked_until=now + timedelta(seconds=30)
    )
    assert (rules.overdue(now), consumed(["bulk"]).state) == ([], "ok")
    assert consumed(["critical", "bulk"]).state == "failed"
    # Its worker was lost: nothing excuses it any more.
    JobRun.objects.filter(pk=run.pk).update(locked_until=now - timedelta(seconds=1))
    assert [reading.subject for reading in rules.overdue(now)] == [beat.name]
    assert consumed(["bulk"]).state == "failed"


def test_an_overdue_job_alerts_with_its_error() -> None:
    row = known(succeeded_at=NOW - timedelta(hours=1), failed_at=NOW, last_error="KeyError: 'x'")
    assert rules.overdue(NOW) == []
    PeriodicJob.objects.filter(pk=row.pk).update(succeeded_at=NOW - timedelta(hours=3))
    (reading,) = rules.overdue(NOW)
    assert (reading.subject, reading.value) == ("tests.hourly", 3 * 3600.0)
    assert "KeyError" in reading.text


def test_a_queue_that_nobody_consumes_fails_its_check() -> None:
    now = datetime.now(UTC)
    for queue, age in (("critical", 5), ("bulk", 61)):
        PeriodicJob.objects.create(
            name=f"supervision.heartbeat.{queue}", added_at=now, succeeded_at=now - timedelta(seconds=age)
        )
    assert consumed(["critical"]).state == "ok"
    finding = consumed(["critical", "default", "bulk"])
    assert (finding.state, "default, bulk" in finding.text) == ("failed", True)


def test_a_task_that_was_given_up_is_sent_again_once_and_by_whom_is_kept(
    olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, dict[str, Any]]] = []

    class Sent:
        id = "new"

    def send(name: str, **said: Any) -> Sent:
        sent.append((name, said))
        return Sent()

    monkeypatch.setattr(current_app, "send_task", send)
    letter = a_dead_task(NOW, args=[7])
    assert [act.name for act in jobs.given_up(NOW).tables[0].rows[0].acts] == ["task-again", "task-aside"]
    action = actions.find("task-again")
    assert action is not None
    order = Order(target=f"{letter.pk}", by_id=olga.pk, by="olga", now=NOW)
    assert actions.perform(action, order) == "core.relay is sent again."
    with pytest.raises(Refused):
        actions.perform(action, order)
    assert [(name, said["args"], said["queue"]) for name, said in sent] == [("core.relay", [7], "critical")]
    letter.refresh_from_db()
    assert (letter.settled_by, letter.sent_again_as) == (olga.pk, "new")
    assert rows_of_history() == [(olga.pk, "task-again", f"{letter.pk}")]
    assert jobs.given_up(NOW).mark.text == "None"


def rows_of_history() -> list[tuple[Any, ...]]:
    return list(LogEntry.objects.values_list("user_id", "object_repr", "object_id"))


def test_a_broker_that_is_away_leaves_the_letter_on_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(name: str, **said: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(current_app, "send_task", away)
    letter = a_dead_task(NOW)
    with pytest.raises(Refused, match="broker"):
        jobs.send_again(Order(f"{letter.pk}", 1, "olga", NOW))
    letter.refresh_from_db()
    assert letter.settled_at is None


def test_what_is_not_all_there_cannot_be_sent_again_but_set_aside() -> None:
    letter = a_dead_task(NOW, complete=False)
    (row,) = jobs.given_up(NOW).tables[0].rows
    assert [act.name for act in row.acts] == ["task-aside"]
    with pytest.raises(Refused, match="by hand"):
        jobs.send_again(Order(f"{letter.pk}", 1, "olga", NOW))
    assert jobs.set_aside(Order(f"{letter.pk}", 1, "olga", NOW)) == "core.relay is set aside."
    with pytest.raises(Refused):
        jobs.set_aside(Order(f"{letter.pk}", 1, "olga", NOW))


def test_long_jobs_of_everybody_are_shown() -> None:
    progress.begin("import", "Import of a.csv", owner="seller:7", total=10, now=NOW - queries.SILENCE * 2)
    progress.begin("reindex", "Search index rebuilt", owner="staff", total=None, now=NOW, unit="products")
    body = jobs.long_jobs(NOW)
    assert body.mark.text == "1 ended badly"
    marks = [row.cells[1].mark for row in body.tables[0].rows]
    assert [mark.text for mark in marks if mark] == ["Running", "Stopped"]
