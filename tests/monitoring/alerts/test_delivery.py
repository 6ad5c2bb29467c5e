"""Messages as a queue of rows: claimed, sent, tried again, dead; and what a crash leaves behind."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.core import mail
from django.db import connection, connections, transaction

from monitoring.alerts import delivery
from monitoring.alerts.channels import Channels
from monitoring.alerts.models import AlertDelivery, AlertMessage
from tests.monitoring.alerts.hooks import Hook, hook, status

pytestmark = pytest.mark.django_db


@pytest.fixture
def served(told: Channels, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    """A webhook that the hall is told of."""
    with hook() as found:
        monkeypatch.setattr(apps.get_app_config("alerts"), "channels", replace(told, webhook_url=found.url))
        yield found


def queued(now: datetime, *, channel: str = "webhook", target: str = "") -> AlertDelivery:
    message = AlertMessage.objects.create(
        rule="kettle", kind="firing", severity="page", subject="Firing: <kettle>", body="It & boils", created_at=now
    )
    return AlertDelivery.objects.create(message=message, channel=channel, target=target, due_at=now)


def test_a_webhook_gets_what_slack_understands(served: Hook, now: datetime) -> None:
    queued(now)
    assert delivery.deliver_due(now=now) == 1
    assert served.bodies == [
        {
            "text": "Firing: &lt;kettle&gt;",
            "attachments": [
                {
                    "fallback": "Firing: &lt;kettle&gt;",
                    "color": "danger",
                    "title": "Firing: &lt;kettle&gt;",
                    "title_link": "https://hall.example/ops/",
                    "text": "It &amp; boils",
                    "ts": int(now.timestamp()),
                }
            ],
        }
    ]
    row = AlertDelivery.objects.get()
    assert (row.sent_at, row.locked_until, row.attempts) == (now, None, 1)
    assert delivery.deliver_due(now=now + timedelta(days=1)) == 0


def test_an_email_is_sent_with_the_same_id_in_every_attempt(now: datetime) -> None:
    row = queued(now, channel="email", target="ops@example.test")
    assert delivery.deliver_due(now=now) == 1
    (sent,) = mail.outbox
    assert (sent.to, sent.subject, sent.body) == (["ops@example.test"], "[Awning] Firing: <kettle>", "It & boils")
    assert sent.extra_headers["Message-ID"] == f"<alert-{row.pk}@hall.example>"


def test_a_failure_is_tried_again_later_and_ends_dead_and_visible(served: Hook, now: datetime) -> None:
    served.answer = status(500)
    queued(now)
    moment, waited = now, []
    for attempt in range(1, delivery.MAX_ATTEMPTS + 1):
        assert delivery.deliver_due(now=moment) == 0
        row = AlertDelivery.objects.get()
        assert (row.attempts, row.last_error) == (attempt, "The webhook answered 500.")
        waited.append(row.due_at - moment)
        moment = max(row.due_at, moment + timedelta(seconds=1))
    assert row.dead_at is not None
    assert sum(waited, timedelta()) > timedelta(minutes=20)
    assert len(served.paths) == delivery.MAX_ATTEMPTS
    assert delivery.deliver_due(now=now + timedelta(days=1)) == 0


def test_what_can_never_work_is_dead_at_once(served: Hook, now: datetime) -> None:
    served.answer = status(404)
    queued(now)
    delivery.deliver_due(now=now)
    row = AlertDelivery.objects.get()
    assert (row.dead_at, row.attempts, row.last_error) == (now, 1, "The webhook answered 404.")


def test_a_webhook_that_was_taken_out_of_the_settings_is_dead_and_says_why(now: datetime) -> None:
    queued(now)
    delivery.deliver_due(now=now)
    assert AlertDelivery.objects.get().last_error == "ALERT_WEBHOOK_URL is no longer set."


def test_one_place_that_fails_does_not_hold_up_the_others(served: Hook, now: datetime) -> None:
    served.answer = status(500)
    queued(now)
    queued(now, channel="email", target="ops@example.test")
    assert delivery.deliver_due(now=now) == 1
    assert len(mail.outbox) == 1


def test_the_address_of_the_webhook_stands_nowhere(
    served: Hook, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    for answer in (b"x", b"", status(302, "Location: /T0SECRET"), status(500)):
        served.answer = answer
        queued(now)
        delivery.deliver_due(now=now)
    stored = " ".join(AlertDelivery.objects.values_list("last_error", flat=True))
    assert "did not answer" in stored
    assert "alerts.not_sent" in caplog.messages
    assert "SECRET" not in stored + caplog.text + str([vars(record) for record in caplog.records])


# --- crashes and races ----------------------------------------------------------------------------------------------


def test_what_a_crashed_process_had_claimed_is_sent_after_its_lease(served: Hook, now: datetime) -> None:
    queued(now)
    assert delivery.claim(now=now) is not None
    assert delivery.deliver_due(now=now + delivery.LEASE) == 0
    assert delivery.deliver_due(now=now + delivery.LEASE + timedelta(seconds=1)) == 1
    assert AlertDelivery.objects.get().attempts == 2


def test_who_was_too_slow_does_not_write_over_its_successor(served: Hook, now: datetime) -> None:
    queued(now)
    slow = delivery.claim(now=now)
    later = now + delivery.LEASE + timedelta(seconds=1)
    quick = delivery.claim(now=later)
    assert slow is not None
    assert quick is not None
    served.answer = status(404)
    assert not delivery.deliver(slow, now=later)
    assert AlertDelivery.objects.get().dead_at is None
    served.answer = status(200)
    assert delivery.deliver(quick, now=later)
    assert AlertDelivery.objects.get().sent_at == later


@pytest.mark.django_db(transaction=True)
def test_the_network_is_not_touched_inside_a_transaction(served: Hook, now: datetime) -> None:
    queued(now)
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        delivery.deliver_due(now=now)
    assert served.paths == []


@pytest.mark.django_db(transaction=True)
def test_the_claim_is_committed_before_the_network_is_touched(
    served: Hook, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_while_sending = []
    monkeypatch.setattr(
        delivery, "post_webhook", lambda **values: open_while_sending.append(connection.in_atomic_block)
    )
    queued(now)
    assert delivery.deliver_due(now=now) == 1
    assert open_while_sending == [False]


@pytest.mark.django_db(transaction=True)
def test_processes_side_by_side_send_each_message_once(served: Hook, now: datetime) -> None:
    for _ in range(20):
        queued(now)
    together = threading.Barrier(4)

    def run() -> int:
        try:
            together.wait(10)
            return delivery.deliver_due(now=now)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as crew:
        sent = [work.result(30) for work in [crew.submit(run) for _ in range(4)]]
    assert (sum(sent), len(served.paths)) == (20, 20)
    assert set(AlertDelivery.objects.values_list("attempts", flat=True)) == {1}


def test_pauses_grow_and_stay_bounded() -> None:
    for attempts, most in ((1, 10), (2, 20), (5, 160), (8, 900), (30, 900)):
        for _ in range(50):
            assert most / 2 <= delivery.backoff(attempts).total_seconds() <= most
