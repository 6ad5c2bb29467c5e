import base64
import json
import threading
from collections.abc import Iterator

import pytest
import redis
from celery import shared_task
from django.core.management.base import CommandError
from django.db import connection, connections, transaction
from django.test import Client

from config.celery import app
from config.timetable import JOBS
from marketplace.accounts.models import User
from marketplace.core import events, services, sweeps
from marketplace.core.management.commands import sweep
from marketplace.core.models import OutboxEvent
from monitoring.errors import delivery, report, tasks, wiring
from monitoring.errors.batches import Sender
from monitoring.errors.buffer import Buffer
from monitoring.errors.commands import reported_command
from monitoring.errors.models import ErrorEvent, ErrorGroup
from tests.conftest import NOW
from tests.monitoring.errors.conftest import Ways
from tests.monitoring.errors.raising import boom, caught

INBOUND = "0123456789abcdef0123"


@shared_task(name="tests.breaks", ignore_result=True)
def breaks() -> None:
    boom()


@pytest.mark.urls("tests.monitoring.errors.failing_urls")
def test_a_failed_page_is_reported_with_its_route_its_id_and_who_asked(
    client: Client, mira: User, buffer: Buffer
) -> None:
    client.raise_request_exception = False
    client.force_login(mira)
    client.get("/fails/x/", headers={"X-Request-ID": INBOUND})
    (sample,) = buffer.take(10).samples
    assert (sample.origin, sample.request_id, sample.handled) == ("/fails/<str:token>/", INBOUND, False)
    assert sample.user in ("", str(mira.pk)), "known only where the page has asked for it"


def test_who_is_signed_in_is_known_where_the_page_has_asked(mira: User) -> None:
    from django.http import HttpRequest

    from monitoring.requests import origin

    request = HttpRequest()
    request._cached_user = mira  # type: ignore[attr-defined]
    with connection.execute_wrapper(_no_query):
        assert origin.of_request(request).user == str(mira.pk)


def _no_query(*args: object) -> None:
    raise AssertionError("a report must ask the database nothing")


@pytest.mark.urls("tests.monitoring.errors.failing_urls")
def test_a_report_in_a_broken_transaction_asks_nothing(client: Client, db: None, buffer: Buffer) -> None:
    client.raise_request_exception = False
    assert client.get("/refused/").status_code == 500
    assert [tally.type for tally in buffer.take(10).tallies] == ["django.db.utils.IntegrityError"]


def test_a_page_that_is_not_there_is_no_error(client: Client, db: None, buffer: Buffer) -> None:
    assert client.get("/no/such/page/").status_code == 404
    assert len(buffer) == 0


def test_a_failed_task_is_reported_by_its_name(transactional_db: None, buffer: Buffer) -> None:
    breaks.apply()
    (sample,) = buffer.take(10).samples
    assert sample.origin == "task:tests.breaks"
    assert set(sample.facts) == {"task_id"}


def test_the_task_that_stores_does_not_report_itself(transactional_db: None, buffer: Buffer) -> None:
    wiring._task_failed(sender=tasks.store_errors, exception=ValueError("x"))
    assert len(buffer) == 0
    wiring._task_failed(sender=breaks, exception=ValueError("x"))
    assert len(buffer) == 1


def test_an_outbox_handler_that_fails_is_reported(db: None, buffer: Buffer, monkeypatch: pytest.MonkeyPatch) -> None:
    subscription = events.Subscription("t", "tests.handler", lambda payload, now: boom())
    monkeypatch.setattr(events, "_by_name", {"tests.handler": subscription})
    OutboxEvent.objects.create(topic="t", handler="tests.handler", payload={}, created_at=NOW, due_at=NOW)
    services.relay(now=NOW)
    (sample,) = buffer.take(10).samples
    assert sample.handled
    assert sample.facts["handler"] == "tests.handler"


def test_a_sweep_that_fails_is_reported_by_its_name(db: None, buffer: Buffer) -> None:
    sweep.Command().run(sweeps.Job("tests.sweep", 1.0, lambda now: boom()))  # type: ignore[arg-type, return-value]
    (sample,) = buffer.take(10).samples
    assert sample.origin == "sweep:tests.sweep"


def test_a_command_hands_on_what_it_died_of(direct: delivery.Courier, ways: Ways) -> None:
    with pytest.raises(ValueError, match="seat"), reported_command(["manage.py", "seats"]):
        boom()
    (batch,) = ways.stored
    assert batch["samples"][0]["origin"] == "command:seats"


def test_a_wrong_argument_of_a_command_is_no_error(direct: delivery.Courier, ways: Ways) -> None:
    with pytest.raises(CommandError), reported_command(["manage.py", "seats"]):
        raise CommandError("no such seat")
    assert not ways.stored


def test_a_rollback_does_not_erase_the_evidence(transactional_db: None) -> None:
    """Stored by another thread with its own connection, while the request's transaction is still open."""
    courier = delivery.Courier(Sender("web"), publish=_refuse, store=wiring._store)
    seen: list[int] = []

    def background() -> None:
        courier.run(ending=True)
        seen.append(1)

    with transaction.atomic():
        User.objects.create(email="gone@example.test", password="x")
        report(caught(boom))
        thread = threading.Thread(target=background)
        thread.start()
        thread.join(20)
        transaction.set_rollback(True)
    assert seen
    assert not User.objects.filter(email="gone@example.test").exists()
    assert ErrorGroup.objects.get().count == 1


def _refuse(batch: object) -> None:
    raise OSError("the broker is away")


@pytest.fixture
def queue() -> Iterator[redis.Redis]:
    """The broker's list of tasks, empty before and after."""
    client = redis.Redis.from_url(app.conf.broker_url)
    client.delete("default")
    yield client
    client.delete("default")
    client.close()


def test_the_broker_carries_a_batch_to_the_task(transactional_db: None, queue: redis.Redis) -> None:
    courier = wiring.courier(Sender("web", "1.2"))
    report(caught(boom))
    report(caught(boom))
    assert courier.run(ending=False) == 1
    message = json.loads(queue.lpop("default"))
    args, _, _ = json.loads(base64.b64decode(message["body"]))
    assert message["headers"]["task"] == "errors.store"
    assert app.tasks[message["headers"]["task"]](*args)
    assert ErrorGroup.objects.get().count == 2
    assert ErrorEvent.objects.get().release == "1.2"


def test_the_store_lets_go_of_its_connection(transactional_db: None) -> None:
    """A thread that keeps one for ever empties the pool."""
    held: list[bool] = []

    def work() -> None:
        report(caught(boom))
        delivery.Courier(Sender("web"), publish=_refuse, store=wiring._store).run(ending=True)
        held.append(connections["default"].connection is not None)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(20)
    assert held == [False]


def test_every_signal_is_connected_once(buffer: Buffer) -> None:
    wiring.listen()
    wiring.listen()
    try:
        boom()
    except ValueError:
        from django.core.signals import got_request_exception

        got_request_exception.send(sender=None, request=None)
    assert buffer.take(10).tallies[0].times == 1


def test_the_beat_table_prunes_and_forwards() -> None:
    assert {"errors.prune", "errors.forward"} <= {job.name for job in JOBS}
    assert {"errors.prune", "errors.forward", "errors.store"} <= set(app.tasks)
