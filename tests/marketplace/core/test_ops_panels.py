"""What operators see of the outbox and the breakers."""

from datetime import datetime, timedelta

import pytest

from marketplace.core import breaker, ops_panels
from marketplace.core.models import OutboxEvent

pytestmark = pytest.mark.django_db


def an_event(now: datetime, **fields: object) -> OutboxEvent:
    known = {"topic": "order.paid", "handler": "mail", "payload": {}, "created_at": now, "due_at": now}
    return OutboxEvent.objects.create(**{**known, **fields})


def test_an_empty_outbox_is_well(now: datetime) -> None:
    body = ops_panels.outbox(now)
    assert (body.mark.tone, body.mark.text) == ("good", "0 waiting")
    assert body.tables[0].rows == ()


def test_a_late_outbox_and_dead_letters_are_said(now: datetime) -> None:
    an_event(now, due_at=now - timedelta(minutes=2))
    an_event(now, due_at=now + timedelta(minutes=2))
    an_event(now, processed_at=now)
    assert (ops_panels.outbox(now).mark.tone, ops_panels.outbox(now).mark.text) == ("warn", "2 min late")
    dead = an_event(now, dead_at=now, last_error="SMTPServerDisconnected", attempts=12)
    body = ops_panels.outbox(now)
    assert (body.mark.tone, body.mark.text) == ("bad", "1 given up")
    assert [(row.key, row.cells[0].small) for row in body.tables[0].rows] == [(f"{dead.pk}", "SMTPServerDisconnected")]
    assert [figure.value for figure in body.figures] == ["2", "2 min", "1"]


def test_an_open_breaker_says_why_since_when_and_can_be_closed(now: datetime) -> None:
    closed = ops_panels.breakers(now)
    assert closed.mark.text == "All closed"
    assert not any(row.acts for row in closed.tables[0].rows)
    known = breaker.breakers()[0]
    for _ in range(known.policy.failures):
        with pytest.raises(RuntimeError), known.watching(lambda error: breaker.Failure("ReadTimeout")):
            raise RuntimeError
    body = ops_panels.breakers(now)
    assert (body.mark.tone, body.mark.text) == ("bad", "1 open")
    row = next(row for row in body.tables[0].rows if row.key == known.name)
    assert row.cells[0].small == "ReadTimeout"
    assert row.cells[2].text != "–"
    assert row.cells[3].text != "–"
    assert [act.name for act in row.acts] == ["breaker-reset"]
