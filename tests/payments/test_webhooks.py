import hashlib
import hmac
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone

from marketplace.catalog.models import Offer
from marketplace.core.errors import NotFound
from marketplace.core.leases import MAX_ATTEMPTS
from marketplace.orders.models import OrderGroup
from marketplace.sellers.models import Seller
from payments import claims, gateway, webhooks
from payments.access import access
from payments.admission import STRIPE
from payments.models import InboxEvent, JournalEntry, Payment
from tests import factories
from tests.shopping import a_cart, a_checkout, payment_of
from tests.stripe_control import StripeControl

pytestmark = pytest.mark.django_db(transaction=True)

# Longer than a claim is held.
LEASE = timedelta(seconds=31)


@pytest.fixture
def clock() -> datetime:
    """A minute ahead of the endpoint's own clock: what it has received by then is due."""
    return timezone.now() + timedelta(minutes=1)


@pytest.fixture
def vase(kiln: Seller) -> Offer:
    return factories.an_offer(seller=kiln, price_minor=2500, stock=3)


@pytest.fixture
def group(stripe: StripeControl, vase: Offer, clock: datetime) -> OrderGroup:
    return a_checkout(a_cart({vase: 1}, now=clock), now=clock)


def deliver(event: dict[str, Any], *, at: datetime, secret: str = "", raw: bytes = b"") -> int:
    """Posts an event to the endpoint as the provider does; returns the status."""
    body = raw or json.dumps(event).encode()
    stamp = int(at.timestamp())
    key = (secret or access().webhook_secrets[0]).encode()
    digest = hmac.new(key, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    answer = Client().post(
        "/webhooks/stripe/", body, content_type="application/json", HTTP_STRIPE_SIGNATURE=f"t={stamp},v1={digest}"
    )
    return answer.status_code


def an_event(kind: str = "invoice.created", event_id: str = "evt_1", **subject: Any) -> dict[str, Any]:
    thing = {"id": "in_1", "object": "invoice"} | subject
    return {"id": event_id, "object": "event", "type": kind, "created": 1, "data": {"object": thing}}


def test_the_same_event_five_times_is_one_payment(stripe: StripeControl, group: OrderGroup, clock: datetime) -> None:
    stripe.pay(payment_of(group).provider_id or "")
    (event,) = stripe.events("payment_intent.succeeded")
    assert [deliver(event, at=clock) for _ in range(5)] == [200] * 5
    assert InboxEvent.objects.count() == 1
    assert webhooks.process_inbox(now=clock) == 1
    assert [deliver(event, at=clock) for _ in range(2)] == [200] * 2
    assert webhooks.process_inbox(now=clock) == 0
    assert payment_of(group).state == "succeeded"
    assert JournalEntry.objects.count() == 1


def test_redelivery_after_the_inbox_was_emptied_is_harmless(
    stripe: StripeControl, group: OrderGroup, clock: datetime
) -> None:
    stripe.pay(payment_of(group).provider_id or "")
    (event,) = stripe.events("payment_intent.succeeded")
    for _ in range(3):
        deliver(event, at=clock)
        assert webhooks.process_inbox(now=clock) == 1
        InboxEvent.objects.all().delete()
    assert JournalEntry.objects.count() == 1


def test_events_in_the_wrong_order_end_in_the_right_state(
    stripe: StripeControl, group: OrderGroup, clock: datetime
) -> None:
    provider_id = payment_of(group).provider_id or ""
    stripe.pay(provider_id, "pm_card_visa_chargeDeclined")
    stripe.pay(provider_id)
    events = stripe.events()  # newest first
    kinds = [event["type"] for event in events]
    assert kinds.index("payment_intent.succeeded") < kinds.index("payment_intent.payment_failed")
    for event in events:
        assert deliver(event, at=clock) == 200
        webhooks.process_inbox(now=clock)
    assert payment_of(group).state == "succeeded"
    assert not webhooks.waiting().exists()
    assert JournalEntry.objects.count() == 1


def test_a_payment_we_do_not_know_by_its_number_is_found_by_its_metadata(
    stripe: StripeControl, vase: Offer, clock: datetime
) -> None:
    stripe.fault("drop_after", "POST /v1/payment_intents$")
    group = a_checkout(a_cart({vase: 1}, now=clock), now=clock)
    assert payment_of(group).provider_id is None
    stripe.pay(stripe.intents()[0]["id"])
    deliver(stripe.events("payment_intent.succeeded")[0], at=clock)
    webhooks.process_inbox(now=clock)
    assert payment_of(group).state == "succeeded"


@pytest.mark.parametrize("secret", ["whsec_forged", "whsec_"])
def test_a_forged_event_is_refused_and_not_stored(group: OrderGroup, clock: datetime, secret: str) -> None:
    assert deliver(an_event(), at=clock, secret=secret) == 400
    assert not InboxEvent.objects.exists()


def test_an_unsigned_event_is_refused_and_not_stored() -> None:
    answer = Client().post("/webhooks/stripe/", json.dumps(an_event()), content_type="application/json")
    assert answer.status_code == 400
    assert not InboxEvent.objects.exists()


@pytest.mark.parametrize("seconds", [-400, 400])
def test_an_old_or_future_event_is_refused_and_not_stored(clock: datetime, seconds: int) -> None:
    assert deliver(an_event(), at=clock + timedelta(seconds=seconds)) == 400
    assert not InboxEvent.objects.exists()


def test_a_huge_body_is_refused_before_it_is_checked(clock: datetime) -> None:
    raw = json.dumps(an_event(padding="x" * webhooks.MAX_BYTES)).encode()
    assert deliver({}, at=clock, raw=raw) == 413
    small = json.dumps(an_event(padding="x" * (webhooks.MAX_BYTES - 300))).encode()
    assert deliver({}, at=clock, raw=small) == 200


def test_only_posts_are_taken() -> None:
    assert Client().get("/webhooks/stripe/").status_code == 405


def test_an_unknown_type_is_kept_and_done(clock: datetime) -> None:
    assert deliver(an_event(), at=clock) == 200
    assert webhooks.process_inbox(now=clock) == 1
    event = InboxEvent.objects.get()
    assert (event.processed_at, event.type) == (clock, "invoice.created")
    assert event.payload["data"]["object"]["object"] == "invoice"


def test_an_event_about_somebody_elses_payment_is_done_without_effect(stripe: StripeControl, clock: datetime) -> None:
    gateway.open_payment(key="foreign", request={"amount": 500, "currency": "eur"})
    deliver(stripe.events("payment_intent.created")[0], at=clock)
    assert webhooks.process_inbox(now=clock) == 1
    assert not Payment.objects.exists()


def test_a_failing_provider_delays_an_event(stripe: StripeControl, group: OrderGroup, clock: datetime) -> None:
    stripe.pay(payment_of(group).provider_id or "")
    deliver(stripe.events("payment_intent.succeeded")[0], at=clock)
    stripe.fault("error_500", "GET /v1/payment_intents")
    assert webhooks.process_inbox(now=clock) == 0
    assert payment_of(group).state == "open"
    assert webhooks.process_inbox(now=clock + timedelta(minutes=1)) == 1
    assert payment_of(group).state == "succeeded"


def test_an_event_that_always_fails_ends_as_dead(stripe: StripeControl, group: OrderGroup, clock: datetime) -> None:
    deliver(stripe.events("payment_intent.created")[0], at=clock)
    stripe.fault("error_500", "GET /v1/payment_intents", times=None)
    for step in range(MAX_ATTEMPTS + 2):
        webhooks.process_inbox(now=clock + timedelta(hours=step))
    event = InboxEvent.objects.get()
    assert (event.attempts, event.processed_at) == (MAX_ATTEMPTS, None)
    assert event.dead_at is not None
    assert "fetch_payment" in event.last_error


def test_no_outage_of_the_provider_gives_an_event_up(stripe: StripeControl, group: OrderGroup, clock: datetime) -> None:
    stripe.pay(payment_of(group).provider_id or "")
    deliver(stripe.events("payment_intent.succeeded")[0], at=clock)
    stripe.fault("error_500", "GET /v1/payment_intents", times=None)
    step = webhooks.OUTAGE / (MAX_ATTEMPTS + 5)
    for number in range(MAX_ATTEMPTS + 4):
        STRIPE.reset(by="tests")
        webhooks.process_inbox(now=clock + number * step)
    event = InboxEvent.objects.get()
    assert event.attempts > MAX_ATTEMPTS
    assert event.dead_at is None
    assert event.due_at <= clock + webhooks.OUTAGE
    stripe.no_faults()
    STRIPE.reset(by="tests")
    assert webhooks.process_inbox(now=clock + webhooks.OUTAGE) == 1
    assert payment_of(group).state == "succeeded"


def test_an_event_that_kills_its_process_is_given_up_after_as_many_claims(clock: datetime) -> None:
    """A killed process writes nothing: only the claims are counted."""
    deliver(an_event(), at=clock)
    for number in range(MAX_ATTEMPTS):
        assert claims.one(webhooks.waiting(), now=clock + number * LEASE)
    assert webhooks.process_inbox(now=clock + MAX_ATTEMPTS * LEASE) == 0
    event = InboxEvent.objects.get()
    assert (event.dead_at, event.last_error) == (clock + MAX_ATTEMPTS * LEASE, webhooks.LOST)
    assert webhooks.send_again(event_id=event.pk, now=clock) == event.type
    with pytest.raises(NotFound):
        webhooks.send_again(event_id=event.pk, now=clock)
    assert webhooks.process_inbox(now=clock) == 1


def test_an_event_that_can_never_be_processed_is_dead_at_once(stripe: StripeControl, clock: datetime) -> None:
    deliver(an_event("payment_intent.succeeded", id="pi_missing", object="payment_intent"), at=clock)
    assert webhooks.process_inbox(now=clock) == 0
    assert InboxEvent.objects.get().dead_at == clock


def test_another_amount_is_never_settled(stripe: StripeControl, group: OrderGroup, clock: datetime) -> None:
    payment = payment_of(group)
    stripe.pay(payment.provider_id or "")
    Payment.objects.filter(pk=payment.pk).update(amount_minor=payment.amount_minor + 1)
    deliver(stripe.events("payment_intent.succeeded")[0], at=clock)
    webhooks.process_inbox(now=clock)
    event = InboxEvent.objects.get()
    assert event.dead_at == clock
    assert "PaymentMismatch" in event.last_error
    assert payment_of(group).state == "open"
    assert not JournalEntry.objects.exists()


def test_the_effect_and_its_mark_are_one(
    stripe: StripeControl, group: OrderGroup, clock: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever fails after the effect takes the effect with it."""
    stripe.pay(payment_of(group).provider_id or "")
    deliver(stripe.events("payment_intent.succeeded")[0], at=clock)

    def crash(name: str) -> None:
        if name == "webhook.applied":
            raise RuntimeError("crash")

    monkeypatch.setattr("payments.marks.reached", crash)
    assert webhooks.process_inbox(now=clock) == 0
    assert payment_of(group).state == "open"
    assert not JournalEntry.objects.exists()
    monkeypatch.undo()
    assert webhooks.process_inbox(now=clock + timedelta(minutes=1)) == 1
    assert JournalEntry.objects.count() == 1


def test_a_slow_processor_cannot_finish_what_another_has_taken(
    stripe: StripeControl, group: OrderGroup, clock: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    stripe.pay(payment_of(group).provider_id or "")
    deliver(stripe.events("payment_intent.succeeded")[0], at=clock)

    def taken(name: str) -> None:
        if name == "webhook.fetched":
            with transaction.atomic():
                InboxEvent.objects.update(attempts=99)

    monkeypatch.setattr("payments.marks.reached", taken)
    webhooks.process_inbox(now=clock)
    assert InboxEvent.objects.get().processed_at is None
    assert payment_of(group).state == "open"


def test_the_same_event_delivered_at_once_is_stored_once(clock: datetime) -> None:
    start = threading.Barrier(6)

    def post() -> int:
        try:
            start.wait()
            return deliver(an_event(), at=clock)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        answers = [job.result() for job in [pool.submit(post) for _ in range(6)]]
    assert answers == [200] * 6
    assert InboxEvent.objects.count() == 1
