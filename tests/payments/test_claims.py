from datetime import datetime, timedelta

import pytest

from payments import claims
from payments.models import InboxEvent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def events(now: datetime) -> list[InboxEvent]:
    return [
        InboxEvent.objects.create(
            provider="stripe", event_id=f"evt_{n}", type="x", payload={}, received_at=now, due_at=now
        )
        for n in range(3)
    ]


def test_each_row_is_taken_once(events: list[InboxEvent], now: datetime) -> None:
    first = claims.each(InboxEvent.objects.all(), now=now, limit=10)
    second = claims.each(InboxEvent.objects.all(), now=now, limit=10)
    taken = [next(first).pk, next(second).pk, next(first).pk]
    assert sorted(taken) == [event.pk for event in events]
    assert list(first) == list(second) == []


def test_nothing_is_taken_before_it_is_due(events: list[InboxEvent], now: datetime) -> None:
    assert list(claims.each(InboxEvent.objects.all(), now=now - timedelta(seconds=1), limit=10)) == []


def test_a_lease_that_ran_out_is_taken_over_and_its_old_holder_writes_nothing(
    events: list[InboxEvent], now: datetime
) -> None:
    row = InboxEvent.objects.filter(pk=events[0].pk)
    slow = claims.one(row, now=now)
    assert slow is not None
    assert claims.one(row, now=now + timedelta(seconds=29)) is None
    quick = claims.one(row, now=now + timedelta(seconds=31))
    assert quick is not None
    assert quick.attempts == slow.attempts + 1
    assert not claims.give_back(slow, last_error="too late")
    assert claims.give_back(quick, last_error="in time")
    assert row.get().last_error == "in time"
    assert row.get().locked_until is None


def test_a_row_may_be_claimed_more_often_than_the_column_counts(events: list[InboxEvent], now: datetime) -> None:
    """A payment that a bank works on for weeks is asked about every half minute."""
    InboxEvent.objects.filter(pk=events[0].pk).update(attempts=32_767)
    row = InboxEvent.objects.filter(pk=events[0].pk)
    again = claims.one(row, now=now)
    assert again is not None
    assert again.attempts != 32_767
    assert claims.give_back(again)
    assert len(list(claims.each(InboxEvent.objects.all(), now=now, limit=10))) == 3


def test_a_round_ends_before_its_leases_could(
    events: list[InboxEvent], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leases count from the start of the round: what a slow round took late would be free again at once."""
    clock = iter([0.0, 1.0, claims.PATIENCE + 1.0])
    monkeypatch.setattr(claims, "monotonic", lambda: next(clock))
    assert [row.pk for row in claims.each(InboxEvent.objects.all(), now=now, limit=10)] == [events[0].pk]
