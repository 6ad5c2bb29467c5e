"""What an orderly stop hands back is not counted as a death. A real stop: tests/monitoring/supervision/test_celery.py."""

import threading
from collections.abc import Iterator
from typing import Any, NamedTuple
from unittest.mock import Mock

import pytest
from celery import current_app
from celery.worker import state
from celery.worker.request import Request
from django.db import connections
from django.utils import timezone

from monitoring.jobs import handing, poison
from monitoring.jobs.models import DeadTask, Delivery
from monitoring.jobs.poison import Message

MESSAGE = Message("a-task", "tests.work")


class Held(NamedTuple):
    id: str
    name: str


@pytest.fixture(autouse=True)
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[Any]]:
    """What the worker's first process holds."""
    found: set[Any] = set()
    monkeypatch.setattr(state, "reserved_requests", found)
    yield found
    handing._cancelled.clear()


@pytest.mark.django_db
def test_a_task_may_be_handed_back_any_number_of_times() -> None:
    now = timezone.now()
    for _ in range(3 * poison.MOST_DELIVERIES):
        poison.handed_back({MESSAGE.task_id: MESSAGE.name}, now=now)
        assert poison.count(MESSAGE, now=now) == 1
    assert [poison.count(MESSAGE, now=now) for _ in range(3)] == [2, 3, 4]
    poison.handed_back({MESSAGE.task_id: MESSAGE.name}, now=now)
    assert poison.count(MESSAGE, now=now) == 4


@pytest.mark.django_db(transaction=True)
def test_a_stop_notes_what_it_cancelled_and_what_was_not_begun(held: set[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Request, "cancel", Mock())
    cancelled = handing.HallRequest.__new__(handing.HallRequest)
    monkeypatch.setattr(handing.HallRequest, "id", "cancelled")
    monkeypatch.setattr(handing.HallRequest, "name", "tests.work")
    cancelled.cancel(None)
    held.add(Held("not-begun", "tests.other"))
    handing.note_handed_back()
    rows = Delivery.objects.order_by("pk").values_list("task_id", "name", "count")
    assert list(rows) == [("cancelled", "tests.work", 0), ("not-begun", "tests.other", 0)]
    Delivery.objects.all().delete()
    held.clear()
    handing.note_handed_back()
    assert not Delivery.objects.exists()


def test_a_database_that_hangs_delays_no_stop(held: set[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    released, written = threading.Event(), threading.Event()

    def hang(*args: object, **kwargs: object) -> None:
        released.wait(10)
        connections.close_all()
        written.set()

    monkeypatch.setattr(poison, "handed_back", hang)
    monkeypatch.setattr(handing, "PATIENCE", 0.05)
    held.add(Held("not-begun", "tests.other"))
    handing.note_handed_back()
    assert not written.is_set()
    released.set()
    assert written.wait(10)


def test_every_task_of_the_hall_is_asked_for_by_such_a_request() -> None:
    assert {task.Request for name, task in current_app.tasks.items() if not name.startswith("celery.")} == {
        "monitoring.jobs.handing:HallRequest"
    }


@pytest.mark.django_db
@pytest.mark.parametrize("said", ["null\0", "half \ud83d"])
def test_a_task_is_given_up_whatever_its_arguments_are(said: str) -> None:
    poison.bury(Message("a-task", "tests.work", args=[said]), deliveries=5, now=timezone.now())
    letter = DeadTask.objects.get()
    assert (letter.args, letter.complete) == ([], False)
