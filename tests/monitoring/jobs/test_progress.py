"""How far long work has come: written now and then, never in the way of the work."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from monitoring.jobs import progress
from monitoring.jobs.models import LongJob

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def begun(total: int | None = 5_000) -> progress.Progress:
    return progress.begin("import", "Import of goods.csv", owner="seller:7", total=total, now=NOW)


def test_a_job_is_written_at_most_once_a_second() -> None:
    job = begun()
    job.advance(100, NOW + timedelta(milliseconds=400))
    assert LongJob.objects.get().done == 0
    job.advance(1_240, NOW + timedelta(seconds=1))
    row = LongJob.objects.get()
    assert (row.done, row.total, row.state) == (1_240, 5_000, "running")
    assert row.updated_at == NOW + timedelta(seconds=1)


def test_a_total_that_is_known_only_now_is_written_at_once() -> None:
    job = begun(total=None)
    job.advance(1, NOW, total=80)
    assert LongJob.objects.get().total == 80


def test_an_end_is_written_at_once_with_what_was_done() -> None:
    job = begun()
    job.advance(4_999, NOW)
    job.finish(NOW, text="4,990 taken, 10 left out.", href="/sell/report/", done=5_000)
    row = LongJob.objects.get()
    assert (row.state, row.done, row.ended_at, row.href) == ("finished", 5_000, NOW, "/sell/report/")


def test_what_a_block_raises_is_its_failure_without_secrets() -> None:
    with (
        pytest.raises(ValueError, match="card"),
        progress.following("export", "Export", owner="user:3", total=None, now=NOW),
    ):
        raise ValueError("card 4242 4242 4242 4242 is no row")
    row = LongJob.objects.get()
    assert row.state == "failed"
    assert "4242" not in row.text
    assert "no row" in row.text


def test_a_block_that_says_how_it_ended_is_not_ended_twice() -> None:
    with progress.following("export", "Export", owner="user:3", total=None, now=NOW) as job:
        job.finish(NOW, text="Done early.")
    assert LongJob.objects.get().text == "Done early."


def test_an_owner_must_be_somebody() -> None:
    with pytest.raises(ValueError, match="seller:<id>"):
        progress.begin("import", "Import", owner="7", total=None, now=NOW)


def test_a_database_that_refuses_costs_the_work_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: LongJob, **kwargs: object) -> None:
        raise DatabaseError("away")

    job = begun()
    monkeypatch.setattr(LongJob, "save", refuse)
    job.advance(10, NOW + timedelta(seconds=5))
    job.finish(NOW)
    nothing = begun()
    nothing.advance(1, NOW)
    nothing.finish(NOW)
    assert nothing.pk is None


def test_a_broken_transaction_of_the_work_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    job = begun()
    with transaction.atomic():
        transaction.set_rollback(True)
        job.advance(10, NOW + timedelta(seconds=5))
    assert LongJob.objects.get().done == 0
    assert not caplog.records


def test_what_ended_two_weeks_ago_is_forgotten() -> None:
    begun()
    assert progress.prune(now=NOW + timedelta(days=14)) == 0
    assert progress.prune(now=NOW + timedelta(days=14, seconds=1)) == 1
