"""What operators see of the inbox."""

from datetime import datetime, timedelta

import pytest

from payments import ops_panels
from payments.models import InboxEvent

pytestmark = pytest.mark.django_db


def a_message(now: datetime, name: str, **fields: object) -> InboxEvent:
    known = {"provider": "stripe", "type": "payment_intent.succeeded", "payload": {}, "received_at": now, "due_at": now}
    return InboxEvent.objects.create(event_id=name, **{**known, **fields})


def test_what_waits_and_what_was_given_up_is_said(now: datetime) -> None:
    assert ops_panels.inbox(now).mark.text == "0 waiting"
    a_message(now, "evt_1", received_at=now - timedelta(minutes=3))
    a_message(now, "evt_2", processed_at=now)
    assert (ops_panels.inbox(now).mark.tone, ops_panels.inbox(now).mark.text) == ("warn", "3 min late")
    a_message(now, "evt_3", dead_at=now, last_error="NotFound: no such payment", attempts=12)
    body = ops_panels.inbox(now)
    assert (body.mark.tone, body.mark.text) == ("bad", "1 given up")
    assert [row.cells[0].small for row in body.tables[0].rows] == ["NotFound: no such payment"]
