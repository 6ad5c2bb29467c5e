from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from marketplace.core import events, services
from marketplace.core.db import NoOpenTransaction
from marketplace.core.errors import AwningError, NotFound
from marketplace.core.events import Payload
from marketplace.core.leases import MAX_ATTEMPTS
from marketplace.core.models import OutboxEvent

# Longer than a claim is held.
LEASE = timedelta(seconds=31)


class Handler:
    """Counts its calls; raises ``failure`` while it is set."""

    def __init__(self) -> None:
        self.calls: list[Payload] = []
        self.failure: Exception | None = None

    def __call__(self, payload: Payload, now: datetime) -> None:
        self.calls.append(payload)
        if self.failure:
            raise self.failure


@pytest.fixture
def handler() -> Iterator[Handler]:
    handler = Handler()
    events.subscribe("test.fact", "test.handler", handler)
    yield handler
    events._by_topic.pop("test.fact")
    events._by_name.pop("test.handler")


def publish(now: datetime, **payload: events.Json) -> None:
    with transaction.atomic():
        events.publish("test.fact", payload, now=now)


def test_a_fact_needs_the_transaction_that_makes_it_true(db: None, handler: Handler, now: datetime) -> None:
    with pytest.raises(NoOpenTransaction):
        events.publish("test.fact", {}, now=now)


def test_a_fact_that_was_rolled_back_is_never_told(db: None, handler: Handler, now: datetime) -> None:
    with transaction.atomic():
        events.publish("test.fact", {}, now=now)
        transaction.set_rollback(True)
    assert services.relay(now=now) == 0
    assert handler.calls == []


def test_a_fact_is_delivered_once(db: None, handler: Handler, now: datetime) -> None:
    publish(now, number=1)
    assert services.relay(now=now) == 1
    assert services.relay(now=now) == 0
    assert handler.calls == [{"number": 1}]


def test_the_same_key_is_published_once(db: None, handler: Handler, now: datetime) -> None:
    for _ in range(3):
        with transaction.atomic():
            events.publish("test.fact", {}, now=now, key="same")
    assert services.relay(now=now) == 1


def test_a_failed_delivery_comes_again_later_and_ends_as_dead(db: None, handler: Handler, now: datetime) -> None:
    handler.failure = OSError("mail server away")
    publish(now)
    for _ in range(MAX_ATTEMPTS + 3):
        services.relay(now=now)
        now += timedelta(hours=1)
    event = OutboxEvent.objects.get()
    assert len(handler.calls) == MAX_ATTEMPTS
    assert event.dead_at is not None
    assert "mail server away" in event.last_error


def test_a_permanent_error_is_not_tried_again(db: None, handler: Handler, now: datetime) -> None:
    handler.failure = AwningError("no such address")
    publish(now)
    services.relay(now=now)
    assert OutboxEvent.objects.get().dead_at is not None


def test_what_another_relay_holds_is_left_alone_until_its_lease_ends(db: None, handler: Handler, now: datetime) -> None:
    publish(now)
    (held,) = services.claim(now=now)
    assert services.relay(now=now) == 0
    later = now + timedelta(minutes=1)
    assert services.relay(now=later) == 1
    # The slow first relay wakes up: its fence is stale, so it must not mark the row as its own.
    assert services.deliver(held, now=later) is False
    assert OutboxEvent.objects.get().attempts == 2


def test_a_relay_claims_no_more_than_it_asks_for(db: None, handler: Handler, now: datetime) -> None:
    """Whatever the plan: an event that is claimed and not delivered has lost an attempt."""
    for number in range(3):
        publish(now, number=number)
    with connection.cursor() as cursor:
        for way in ("hashjoin", "mergejoin", "hashagg", "sort", "material", "indexscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    assert len(services.claim(now=now, limit=1)) == 1


def test_one_transaction_wakes_the_relay_once(
    transactional_db: None, handler: Handler, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[int] = []
    monkeypatch.setattr(events, "_wake", [lambda: woken.append(1)])
    with transaction.atomic():
        events.publish("test.fact", {}, now=now)
        events.publish("test.fact", {}, now=now)
    assert woken == [1]


def test_a_broken_wake_up_call_does_not_undo_the_commit(
    transactional_db: None, handler: Handler, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broker_away() -> None:
        raise ConnectionError

    monkeypatch.setattr(events, "_wake", [broker_away])
    publish(now)
    assert OutboxEvent.objects.count() == 1


def test_two_handlers_cannot_share_a_name(handler: Handler) -> None:
    with pytest.raises(ValueError, match=r"test\.handler"):
        events.subscribe("test.fact", "test.handler", Handler())


def test_old_delivered_facts_are_pruned_and_dead_ones_stay(db: None, handler: Handler, now: datetime) -> None:
    publish(now, number=1)
    services.relay(now=now)
    handler.failure = AwningError("dead")
    publish(now, number=2)
    services.relay(now=now)
    assert services.prune(now=now + timedelta(days=8)) == 1
    assert OutboxEvent.objects.get().payload == {"number": 2}


def test_a_relay_takes_nothing_new_once_its_leases_grow_old(
    db: None, handler: Handler, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        publish(now, number=number)
    clock = iter([0.0, 0.0, services.PATIENCE - 1, services.PATIENCE + 1])
    monkeypatch.setattr(services, "monotonic", lambda: next(clock))
    assert services.relay(now=now) == 2
    assert OutboxEvent.objects.filter(attempts=0).count() == 1


def test_an_event_that_kills_its_relay_is_given_up_after_as_many_claims(
    db: None, handler: Handler, now: datetime
) -> None:
    """A killed process writes nothing: only the claims are counted."""
    publish(now)
    for claims in range(MAX_ATTEMPTS):
        (event,) = services.claim(now=now + claims * LEASE, limit=1)
    assert event.attempts == MAX_ATTEMPTS
    assert services.relay(now=now + MAX_ATTEMPTS * LEASE) == 0
    event.refresh_from_db()
    assert (event.dead_at, event.last_error) == (now + MAX_ATTEMPTS * LEASE, services.LOST)
    assert handler.calls == []
    assert services.claim(now=now + timedelta(days=1)) == []


def test_a_relay_that_was_slow_and_not_dead_still_delivers(db: None, handler: Handler, now: datetime) -> None:
    publish(now)
    OutboxEvent.objects.update(attempts=MAX_ATTEMPTS - 1)
    (slow,) = services.claim(now=now, limit=1)
    OutboxEvent.objects.update(dead_at=now)
    assert services.deliver(slow, now=now)
    row = OutboxEvent.objects.get()
    assert (row.processed_at, row.dead_at) == (now, None)


def test_an_event_that_was_given_up_is_sent_again_with_all_its_attempts(
    db: None, handler: Handler, now: datetime
) -> None:
    publish(now)
    OutboxEvent.objects.update(dead_at=now, attempts=MAX_ATTEMPTS + 1, locked_until=now + LEASE)
    pk = OutboxEvent.objects.get().pk
    assert services.send_again(event_id=pk, now=now) == OutboxEvent.objects.get().handler
    with pytest.raises(NotFound):
        services.send_again(event_id=pk, now=now)
    assert services.relay(now=now) == 1
    assert len(handler.calls) == 1
