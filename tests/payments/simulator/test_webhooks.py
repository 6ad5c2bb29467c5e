"""Signed webhooks, and what the modes do to them."""

import time

import pytest
import stripe

from payments.simulator.dispatcher import retry_delay
from tests.payments.simulator.running import SECRET, Receiver, Running
from tests.payments.simulator.test_idempotency import PAY


def pay(client: stripe.StripeClient, amount: int = 2500) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create(PAY | {"amount": amount})


def test_the_sdk_verifies_the_signature(client: stripe.StripeClient, simulator: Running, receiver: Receiver) -> None:
    intent = client.v1.payment_intents.create(PAY | {"description": "Zwölf Teller"}, {"idempotency_key": "w1"})
    simulator.drain()
    assert sorted(receiver.types()) == ["charge.succeeded", "payment_intent.created", "payment_intent.succeeded"]
    for webhook in receiver.received:
        event = stripe.Webhook.construct_event(webhook.body, webhook.signature, SECRET)
        assert (event.object, event.api_version, event.livemode) == ("event", "2026-10-28.endive", False)
        assert event.request is not None
        assert event.request.idempotency_key == "w1"
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(webhook.body, webhook.signature, "whsec_other")
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(webhook.body + b" ", webhook.signature, SECRET)
    created = next(w.event for w in receiver.received if w.event["type"] == "payment_intent.created")
    assert created["data"]["object"]["status"] == "requires_confirmation"
    assert created["data"]["object"]["id"] == intent.id
    assert not [name for w in receiver.received for name in w.event["data"]["object"] if name.startswith("_")]


def test_events_can_be_listed_and_retrieved(client: stripe.StripeClient, simulator: Running) -> None:
    pay(client)
    listed = client.v1.events.list({"type": "payment_intent.*"}).data
    assert [event.type for event in listed] == ["payment_intent.succeeded", "payment_intent.created"]
    assert [event.type for event in client.v1.events.list({"types": ["charge.succeeded"]}).data] == ["charge.succeeded"]
    assert client.v1.events.retrieve(listed[0].id).data.object["status"] == "succeeded"
    simulator.drain()
    assert client.v1.events.retrieve(listed[0].id).pending_webhooks == 0
    assert len(client.v1.events.list({"delivery_success": True}).data) == 3
    assert client.v1.events.list({"delivery_success": False}).data == []


def test_a_refused_webhook_is_sent_again_with_the_same_event(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    receiver.statuses.extend([500, 302, 404])
    client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    simulator.drain()
    assert len({webhook.body for webhook in receiver.received}) == 1
    assert len(receiver.received) == 4
    delivery = simulator.control("deliveries")["deliveries"][0]
    assert (delivery["state"], delivery["attempts"], delivery["status"]) == ("delivered", 4, 200)


def test_retries_wait_longer_each_time_up_to_a_minute() -> None:
    assert [retry_delay(attempts, 0.5) for attempts in (1, 2, 3, 8, 30)] == [0.5, 1.0, 2.0, 60.0, 60.0]


def test_nothing_is_delivered_twice_by_itself(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    for _ in range(10):
        pay(client)
    simulator.drain()
    assert len(receiver.received) == len({webhook.event["id"] for webhook in receiver.received}) == 30


def test_duplicates(client: stripe.StripeClient, simulator: Running, receiver: Receiver) -> None:
    simulator.control("webhooks", {"duplicate": 5})
    client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    simulator.drain()
    assert len(receiver.received) == 5
    assert len({webhook.body for webhook in receiver.received}) == 1


def test_reorder_delivers_batches_last_first(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    simulator.control("webhooks", {"reorder": 3, "reorder_wait_ms": 200})
    pay(client)
    client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    simulator.drain()
    assert receiver.types() == [
        "payment_intent.succeeded",
        "charge.succeeded",
        "payment_intent.created",
        "payment_intent.created",
    ]


def test_dropped_events_stay_in_the_log_and_can_be_resent(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    simulator.control("webhooks", {"drop": "payment_intent.succeeded"})
    pay(client)
    simulator.drain()
    assert sorted(receiver.types()) == ["charge.succeeded", "payment_intent.created"]
    lost = client.v1.events.list({"type": "payment_intent.succeeded"}).data[0]
    simulator.control(f"events/{lost.id}/resend", {})
    simulator.drain()
    assert receiver.types()[-1] == "payment_intent.succeeded"


def test_every_nth_event_is_dropped(client: stripe.StripeClient, simulator: Running, receiver: Receiver) -> None:
    simulator.control("webhooks", {"drop": 2})
    for _ in range(6):
        client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    simulator.drain()
    assert len(receiver.received) == 3
    assert simulator.control("state")["deliveries"] == {"delivered": 3, "dropped": 3}


def test_held_events_leave_when_released(client: stripe.StripeClient, simulator: Running, receiver: Receiver) -> None:
    simulator.control("webhooks", {"hold": True})
    pay(client)
    simulator.drain()
    assert receiver.received == []
    released = simulator.control("webhooks/release", {"types": ["payment_intent.succeeded"], "keep_holding": True})
    assert released == {"released": 1}
    simulator.drain()
    assert receiver.types() == ["payment_intent.succeeded"]
    assert simulator.control("webhooks/release", {}) == {"released": 2}
    simulator.drain()
    assert len(receiver.received) == 3
    pay(client)
    simulator.drain()
    assert len(receiver.received) == 6


def test_delayed_events_come_late(client: stripe.StripeClient, simulator: Running, receiver: Receiver) -> None:
    simulator.control("webhooks", {"delay_ms": 400})
    began = time.monotonic()
    client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    simulator.drain()
    assert receiver.received[0].at - began >= 0.4


def test_the_signature_is_of_real_time_even_when_the_clock_is_advanced(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    simulator.control("clock", {"advance_s": 90 * 24 * 3600})
    client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    simulator.drain()
    stamp = int(receiver.received[0].signature.partition(",")[0].removeprefix("t="))
    assert abs(stamp - time.time()) < 30
