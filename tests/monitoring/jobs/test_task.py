"""What every task goes through in a worker: traced here as a worker's child traces it, without the worker."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from celery import Task, current_app
from celery.app.trace import build_tracer
from django.db import DatabaseError, connection
from django.utils import timezone

from monitoring.jobs import poison, runs, table
from monitoring.jobs.models import DeadTask, Delivery, JobRun, PeriodicJob
from monitoring.jobs.table import Job
from monitoring.jobs.task import HallTask, headers

SLOT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ONCE = Job("tests.job", timedelta(hours=1), "default", "once", task="tests.work")
pytestmark = pytest.mark.django_db


class Work:
    """A task of the hall, and what is done with it."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.does: Callable[[], object] = lambda: None
        self.task: Task[..., Any] = current_app.task(name="tests.work")(self.run)

    def run(self, *args: Any, **kwargs: Any) -> object:
        self.calls.append(args)
        return self.does()

    def deliver(self, *args: Any, task_id: str = "", again: bool = False, slot: datetime | None = None) -> Any:
        """As a worker's child does it; the outcome's state."""
        said: dict[str, Any] = headers(ONCE.name, slot) if slot else {}
        task_id = task_id or uuid4().hex
        request = {
            "id": task_id,
            "delivery_info": {"redelivered": again, "routing_key": "default"},
            "headers": dict(said),
            "hostname": "tests",
            **said,
        }
        tracer = build_tracer(self.task.name, self.task, app=current_app._get_current_object())
        traced: Any = tracer(task_id, args, {}, request)
        return traced.retval

    def run_of(self, slot: datetime = SLOT) -> JobRun:
        return JobRun.objects.get(job=ONCE.name, slot=slot)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    monkeypatch.setattr(table, "_jobs", {ONCE.name: ONCE})
    # The test's own connection stays.
    monkeypatch.setattr("config.celery.close_old_connections", lambda: None)
    PeriodicJob.objects.create(name=ONCE.name, added_at=SLOT)
    JobRun.objects.create(job=ONCE.name, slot=SLOT, sent_at=SLOT)
    found = Work()
    yield found
    current_app.tasks.pop("tests.work")


def test_a_slot_runs_once_however_many_messages_come(work: Work) -> None:
    for _ in range(3):
        work.deliver(slot=SLOT)
    assert len(work.calls) == 1
    run, job = work.run_of(), PeriodicJob.objects.get()
    assert (run.state, run.attempts, run.locked_until) == ("done", 1, None)
    assert job.succeeded_at is not None
    assert job.duration_ms is not None
    assert job.last_error == ""


def test_a_failure_is_written_down_and_ends_the_slot(work: Work) -> None:
    work.does = [].pop
    work.deliver(slot=SLOT)
    work.deliver(slot=SLOT)
    run, job = work.run_of(), PeriodicJob.objects.get()
    assert (len(work.calls), run.state, run.error) == (
        1,
        "failed",
        "IndexError: pop from empty list",
    )
    assert (job.succeeded_at, job.last_error) == (None, run.error)
    assert job.failed_at is not None


def test_a_message_without_a_slot_just_runs(work: Work) -> None:
    work.deliver("a")
    work.deliver("b")
    assert work.calls == [("a",), ("b",)]
    assert work.run_of().state == "due"


def test_a_task_called_by_code_just_runs(work: Work) -> None:
    work.task("direct")
    work.task.apply(("eager",))
    assert work.calls == [("direct",), ("eager",)]


def test_a_task_may_call_itself(work: Work) -> None:
    work.does = lambda: work.task("inner") if len(work.calls) == 1 else None
    work.deliver("outer", slot=SLOT)
    assert work.calls == [("outer",), ("inner",)]
    assert work.run_of().state == "done"


def test_two_workers_with_the_same_slot_at_once_run_it_once(work: Work) -> None:
    """The first is in the middle of it when the second message comes."""
    work.does = lambda: work.deliver(slot=SLOT) if len(work.calls) == 1 else None
    work.deliver(slot=SLOT)
    assert len(work.calls) == 1


def test_a_job_is_at_one_slot_at_a_time(work: Work) -> None:
    later = SLOT + ONCE.every
    JobRun.objects.create(job=ONCE.name, slot=later, sent_at=later)
    work.does = lambda: work.deliver(slot=later) if len(work.calls) == 1 else None
    work.deliver(slot=SLOT)
    assert len(work.calls) == 1
    # It waits for its turn: beat sends it again.
    assert work.run_of(later).state == "due"
    work.deliver(slot=later)
    assert work.run_of(later).state == "done"


def test_a_fast_job_whose_time_is_over_is_skipped(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = Job(ONCE.name, timedelta(seconds=10), "default", "skip", task="tests.work")
    monkeypatch.setattr(table, "_jobs", {quick.name: quick})
    work.deliver(slot=SLOT)
    assert work.calls == []
    assert work.run_of().state == "skipped"


def test_the_same_message_may_come_back_after_its_worker_was_lost_another_may_not(work: Work) -> None:
    now = timezone.now()
    first = runs.claim(job=ONCE.name, slot=SLOT, task_id="one", now=now)
    assert isinstance(first, runs.Claim)
    assert runs.claim(job=ONCE.name, slot=SLOT, task_id="two", now=now) == "taken"
    second = runs.claim(job=ONCE.name, slot=SLOT, task_id="one", now=now)
    assert isinstance(second, runs.Claim)
    assert second.fence == first.fence + 1
    # The fence: whoever was overtaken writes nothing.
    assert not runs.end(first, now=now, took=timedelta(0))
    assert work.run_of().state == "running"
    assert runs.end(second, now=now, took=timedelta(0))
    over = now + ONCE.lease
    JobRun.objects.update(state="running", locked_until=over)
    assert runs.claim(job=ONCE.name, slot=SLOT, task_id="two", now=over) == "taken"
    assert isinstance(runs.claim(job=ONCE.name, slot=SLOT, task_id="two", now=over + timedelta(1)), runs.Claim)


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_that_claim_a_slot_together_one_gets_it(work: Work) -> None:
    barrier, claimed = threading.Barrier(8), []

    def claim(number: int) -> None:
        try:
            barrier.wait(10)
            claimed.append(runs.claim(job=ONCE.name, slot=SLOT, task_id=f"{number}", now=SLOT))
        finally:
            connection.close()

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(claimed) == 8
    assert sum(isinstance(found, runs.Claim) for found in claimed) == 1


def test_the_first_delivery_counts_nothing_and_an_end_forgets_the_count(work: Work) -> None:
    work.deliver(task_id="t")
    assert not Delivery.objects.exists()
    work.does = lambda: [Delivery.objects.get().count]
    work.deliver(task_id="t", again=True)
    assert not Delivery.objects.exists()


def test_a_task_is_begun_five_times_and_then_given_up(work: Work) -> None:
    message = poison.Message("t", "tests.work")
    # Three times its worker was killed in the middle: nothing is written after the count.
    for _ in range(3):
        poison.count(message, now=timezone.now())
    work.deliver("x", task_id="t", again=True)
    assert work.calls == [("x",)]
    for _ in range(4):
        poison.count(message, now=timezone.now())
    work.deliver("x", 7, task_id="t", again=True)
    assert work.calls == [("x",)]
    letter = DeadTask.objects.get()
    assert (letter.name, letter.queue, letter.args, letter.deliveries) == ("tests.work", "default", ["x", 7], 5)
    assert letter.complete
    assert "begun 5 times" in letter.reason


def test_a_slot_that_was_given_up_says_so(work: Work) -> None:
    Delivery.objects.create(task_id="t", name="tests.work", count=5, last_at=timezone.now())
    work.deliver(task_id="t", again=True, slot=SLOT)
    assert (work.calls, work.run_of().state) == ([], "failed")
    assert "begun 5 times" in PeriodicJob.objects.get().last_error


def test_counts_are_forgotten_after_a_day(work: Work) -> None:
    message = poison.Message("t", "tests.work")
    assert [poison.count(message, now=SLOT) for _ in range(4)] == [2, 3, 4, 5]
    assert poison.count(message, now=SLOT + timedelta(days=1, seconds=1)) == 2


def test_secrets_in_arguments_are_not_kept_and_then_it_is_not_complete(work: Work) -> None:
    message = poison.Message("t", "tests.work", args=["card 4242 4242 4242 4242"], kwargs={"n": 1})
    poison.bury(message, deliveries=5, now=SLOT)
    letter = DeadTask.objects.get()
    assert not letter.complete
    assert "4242" not in str(letter.args)
    poison.bury(poison.Message("u", "tests.work", args=["x" * poison.LONGEST]), deliveries=5, now=SLOT)
    assert DeadTask.objects.get(task_id="u").args == []


def test_a_database_that_is_away_stops_no_task(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(poison, "count", away)
    monkeypatch.setattr(poison, "forget", away)
    work.deliver("x", again=True)
    assert work.calls == [("x",)]


def test_no_task_of_ours_goes_another_way() -> None:
    ours = [task for name, task in current_app.tasks.items() if not name.startswith("celery.")]
    assert ours
    assert all(isinstance(task, HallTask) for task in ours)
    assert all(type(task).__call__ is HallTask.__call__ for task in ours)


def test_what_is_settled_or_counted_long_ago_is_forgotten(work: Work) -> None:
    poison.count(poison.Message("t", "tests.work"), now=SLOT)
    poison.bury(poison.Message("u", "tests.work"), deliveries=5, now=SLOT)
    poison.bury(poison.Message("v", "tests.work"), deliveries=5, now=SLOT)
    poison.settle(pk=DeadTask.objects.get(task_id="u").pk, by=1, now=SLOT)
    assert poison.prune(now=SLOT + timedelta(days=31)) == 2
    assert DeadTask.objects.get().task_id == "v"
