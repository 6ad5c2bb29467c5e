import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from marketplace.catalog.models import Offer
from marketplace.core.models import OutboxEvent
from marketplace.inventory.models import StockItem
from marketplace.orders.models import OrderGroup
from marketplace.sellers.models import Seller
from payments import checkout, gateway, reconciliation, refunds
from payments.checkout import NotPayable
from payments.models import JournalEntry, Payment, Refund
from payments.provider import ProviderPayment, ProviderRefund, Status
from payments.refunds import RefundMismatch, RefundTooLarge
from payments.settlement import PaymentMismatch, apply_payment
from tests import factories
from tests.shopping import a_cart, a_checkout, payment_of
from tests.stripe_control import StripeControl

pytestmark = pytest.mark.django_db(transaction=True)

State = Payment.State


@pytest.fixture
def clock() -> datetime:
    return timezone.now()


@pytest.fixture
def vase(kiln: Seller) -> Offer:
    return factories.an_offer(seller=kiln, price_minor=2500, stock=3)


@pytest.fixture
def group(stripe: StripeControl, vase: Offer, clock: datetime) -> OrderGroup:
    return a_checkout(a_cart({vase: 1}, now=clock), now=clock)


def seen(payment: Payment, status: Status, **changes: Any) -> ProviderPayment:
    """The payment as the provider might report it."""
    state = ProviderPayment(
        provider_id=payment.provider_id or "pi_new",
        payment_id=str(payment.pk),
        status=status,
        amount_minor=payment.amount_minor,
        captured_minor=payment.amount_minor if status == "succeeded" else 0,
        currency=payment.currency,
        client_secret="secret",
        decline_code="",
        created_at=payment.created_at,
    )
    return replace(state, **changes)


ORDERS = list(itertools.permutations(["open", "processing", "succeeded"]))


@pytest.mark.parametrize("order", ORDERS, ids=["-".join(order) for order in ORDERS])
def test_whatever_comes_first_a_paid_payment_ends_paid(group: OrderGroup, clock: datetime, order: list[Status]) -> None:
    payment = payment_of(group)
    for status in (*order, *order):
        apply_payment(provider_state=seen(payment, status), now=clock)
    payment.refresh_from_db()
    assert (payment.state, JournalEntry.objects.count()) == (State.SUCCEEDED, 1)


@pytest.mark.parametrize("late", ["open", "processing"])
def test_a_cancelled_payment_does_not_come_back(group: OrderGroup, clock: datetime, late: Status) -> None:
    payment = payment_of(group)
    apply_payment(provider_state=seen(payment, "cancelled"), now=clock)
    apply_payment(provider_state=seen(payment, late), now=clock)
    payment.refresh_from_db()
    assert payment.state == State.CANCELLED


def test_money_for_a_payment_we_hold_for_cancelled_goes_back(group: OrderGroup, clock: datetime) -> None:
    """Another payment may live in its place by now."""
    payment = payment_of(group)
    apply_payment(provider_state=seen(payment, "cancelled"), now=clock)
    other = checkout.ready_payment(group_id=group.pk, flow=Payment.Flow.ELEMENT, now=clock)
    for _ in range(2):
        apply_payment(provider_state=seen(payment, "succeeded"), now=clock)
    payment.refresh_from_db()
    assert (payment.state, payment.captured_minor) == (State.CANCELLED, payment.amount_minor)
    assert Refund.objects.get().amount_minor == payment.amount_minor
    apply_payment(provider_state=seen(other, "succeeded"), now=clock)
    group.refresh_from_db()
    assert group.state == OrderGroup.State.PAID


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_minor": 2989, "captured_minor": 2989},
        {"amount_minor": 2991, "captured_minor": 2991},
        {"captured_minor": 1},
        {"currency": "USD"},
        {"provider_id": "pi_another"},
    ],
    ids=["less", "more", "partly captured", "other currency", "other payment"],
)
def test_a_contradiction_is_refused_loudly_and_settles_nothing(
    group: OrderGroup, clock: datetime, wrong: dict[str, Any]
) -> None:
    payment = payment_of(group)
    with pytest.raises(PaymentMismatch):
        apply_payment(provider_state=seen(payment, "succeeded", **wrong), now=clock)
    payment.refresh_from_db()
    group.refresh_from_db()
    assert (payment.state, payment.captured_minor, group.state) == (State.OPEN, 0, OrderGroup.State.PENDING)
    assert not JournalEntry.objects.exists()


def test_what_is_not_ours_is_left_alone(group: OrderGroup, clock: datetime) -> None:
    foreign = seen(payment_of(group), "succeeded", provider_id="pi_foreign", payment_id="")
    assert apply_payment(provider_state=foreign, now=clock) is None
    assert payment_of(group).state == State.OPEN


# --- a bank that takes its time -------------------------------------------------------------------------------------


def test_goods_are_held_while_the_bank_is_working(
    stripe: StripeControl, vase: Offer, clock: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some ways to pay cannot be cancelled any more while the bank works on them."""
    monkeypatch.setattr(gateway, "cancel_payment", gateway.fetch_payment)
    stripe.control("settings", {"processing_s": 3600})
    group = a_checkout(a_cart({vase: 3}, now=clock), now=clock)
    stripe.pay(payment_of(group).provider_id or "")
    payment = checkout.check_payment(group_id=group.pk, now=clock)
    assert payment is not None
    assert payment.state == State.PROCESSING
    with pytest.raises(NotPayable):
        checkout.cancel_checkout(group_id=group.pk, reason="buyer", now=clock)
    for late in (16, 60, 600):
        checkout.expire_groups(now=clock + timedelta(minutes=late))
    group.refresh_from_db()
    assert (group.state, StockItem.objects.get(pk=vase.pk).free) == (OrderGroup.State.PENDING, 0)
    stripe.control("clock", {"advance_s": 3601})
    checkout.expire_groups(now=clock + timedelta(minutes=700))
    group.refresh_from_db()
    assert group.state == OrderGroup.State.PAID


# --- refunds --------------------------------------------------------------------------------------------------------


@pytest.fixture
def refund(stripe: StripeControl, group: OrderGroup, clock: datetime) -> Refund:
    """Money of a cancelled payment, refunded."""
    payment = payment_of(group)
    stripe.pay(payment.provider_id or "")
    Payment.objects.filter(pk=payment.pk).update(state=State.CANCELLED)
    apply_payment(provider_state=seen(payment, "succeeded"), now=clock)
    refunds.perform_refunds(now=clock)
    return Refund.objects.get()


def reported(refund: Refund, status: Any, **changes: Any) -> ProviderRefund:
    state = ProviderRefund(
        provider_id=refund.provider_id or "",
        refund_id=str(refund.pk),
        payment_provider_id=refund.payment.provider_id or "",
        status=status,
        amount_minor=refund.amount_minor,
        currency=refund.payment.currency,
    )
    return replace(state, **changes)


def test_a_refund_is_done_once_however_often_it_is_reported(refund: Refund, clock: datetime) -> None:
    for status in ("pending", "succeeded", "pending", "succeeded"):
        refunds.apply_refund(provider_state=reported(refund, status), now=clock)
    refund.refresh_from_db()
    refund.payment.refresh_from_db()
    assert (refund.state, refund.payment.refunded_minor) == (Refund.State.SUCCEEDED, refund.amount_minor)
    assert JournalEntry.objects.filter(kind="refund").count() == 1


def test_a_refund_the_bank_sends_back_is_owed_again(refund: Refund, clock: datetime) -> None:
    for _ in range(2):
        refunds.apply_refund(provider_state=reported(refund, "failed"), now=clock)
    refund.refresh_from_db()
    refund.payment.refresh_from_db()
    assert (refund.state, refund.payment.refunded_minor) == (Refund.State.FAILED, 0)
    assert sorted(JournalEntry.objects.values_list("kind", flat=True)) == [
        "payment_to_refund",
        "refund",
        "refund_reversed",
    ]


def test_a_refund_of_another_amount_is_refused(refund: Refund, clock: datetime) -> None:
    with pytest.raises(RefundMismatch):
        refunds.apply_refund(provider_state=reported(refund, "succeeded", amount_minor=1), now=clock)


def test_nobody_gets_back_more_than_was_paid(refund: Refund, clock: datetime) -> None:
    with pytest.raises(RefundTooLarge), transaction.atomic():
        refunds.intend_refund(payment=refund.payment, amount_minor=1, reason="again", now=clock)


def test_the_buyer_is_told_once(refund: Refund, group: OrderGroup) -> None:
    mails = OutboxEvent.objects.filter(topic="email.requested", payload__template="refund")
    mail = mails.get().payload
    assert mail["to"] == group.email
    assert mail["values"]["amount"] == "€29.90"
    assert mail["values"]["order_url"].endswith(f"/orders/{group.number}/?token={group.access_token}")


@pytest.mark.parametrize("foreign", ["1234", "order-7", ""])
def test_another_shops_metadata_on_the_same_account_is_not_ours(
    stripe: StripeControl, group: OrderGroup, clock: datetime, foreign: str
) -> None:
    request = {"amount": 500, "currency": "eur", "automatic_payment_methods": {"enabled": True}}
    made = gateway.open_payment(key="another shop", request=request | {"metadata": {"payment_id": foreign}})
    stripe.pay(made.provider_id)
    body = {"payment_intent": made.provider_id, "metadata": {"refund_id": foreign}}
    assert apply_payment(provider_state=gateway.fetch_payment(made.provider_id), now=clock) is None
    assert refunds.apply_refund(provider_state=gateway.refund(key="theirs", request=body), now=clock) is None
    assert [drift for drift in reconciliation.compare(now=clock, settled=clock) if "payment" in drift.row] == []
