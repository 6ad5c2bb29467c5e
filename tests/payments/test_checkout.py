import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import requests
from django.db import connections
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.carts import services as carts
from marketplace.catalog.models import Offer
from marketplace.core.errors import NotFound
from marketplace.inventory.models import StockItem
from marketplace.orders import services as orders
from marketplace.orders.errors import CartChanged
from marketplace.orders.models import Order, OrderGroup
from marketplace.sellers.models import Seller
from payments import checkout, gateway, refunds
from payments.admission import STRIPE
from payments.checkout import NotPayable
from payments.models import IdempotencyKey, JournalEntry, Payment, Refund
from payments.opening import PaymentBusy, claim_payment
from payments.provider import ProviderUnavailable
from tests import factories
from tests.shopping import a_cart, a_checkout, payment_of
from tests.stripe_control import StripeControl

pytestmark = pytest.mark.django_db(transaction=True)

CREATE = "POST /v1/payment_intents$"
State = Payment.State


@pytest.fixture
def clock() -> datetime:
    """The provider lives in real time, so the tests that ask it do too."""
    return timezone.now()


@pytest.fixture
def vase(kiln: Seller) -> Offer:
    return factories.an_offer(seller=kiln, price_minor=2500, stock=3)


@pytest.fixture
def record(groove: Seller) -> Offer:
    return factories.an_offer(seller=groove, price_minor=1800, stock=3)


def free(offer: Offer) -> int:
    return StockItem.objects.get(pk=offer.pk).free


def waited() -> None:
    """The time for which the provider has asked us to stay away is over."""
    STRIPE.reset(by="tests")


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


# --- placing --------------------------------------------------------------------------------------------------------


def test_a_checkout_places_orders_and_opens_their_payment(
    stripe: StripeControl, vase: Offer, record: Offer, mira: User, clock: datetime
) -> None:
    group = a_checkout(a_cart({vase: 2, record: 1}, buyer=mira, now=clock), buyer=mira, now=clock)
    payment = payment_of(group)
    assert (payment.state, payment.amount_minor) == (State.OPEN, 2 * 2500 + 1800 + 2 * 490)
    assert sorted(payment.allocations.values_list("amount_minor", flat=True)) == [2290, 5490]
    (intent,) = stripe.intents()
    assert (intent["id"], intent["amount"]) == (payment.provider_id, payment.amount_minor)
    assert intent["metadata"] == {"payment_id": str(payment.pk), "order_group": group.number}
    assert free(vase) == 1
    assert stripe.charges() == []


def test_the_same_key_is_answered_the_same_and_does_nothing(
    stripe: StripeControl, vase: Offer, clock: datetime
) -> None:
    cart = a_cart({vase: 1}, now=clock)
    assert a_checkout(cart, key="k", now=clock) == a_checkout(cart, key="k", now=clock + minutes(5))
    assert (OrderGroup.objects.count(), Payment.objects.count(), len(stripe.intents())) == (1, 1, 1)


def test_another_key_for_the_same_cart_is_the_same_order(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    cart = a_cart({vase: 1}, now=clock)
    assert a_checkout(cart, key="k1", now=clock) == a_checkout(cart, key="k2", now=clock)
    assert (OrderGroup.objects.count(), Payment.objects.count(), len(stripe.intents())) == (1, 1, 1)


@pytest.mark.parametrize("keys", [["same"] * 6, [f"k{number}" for number in range(6)]], ids=["one key", "six keys"])
def test_a_double_click_makes_one_order(stripe: StripeControl, vase: Offer, clock: datetime, keys: list[str]) -> None:
    cart = a_cart({vase: 1}, now=clock)
    start = threading.Barrier(len(keys))

    def click(key: str) -> str:
        try:
            start.wait()
            return a_checkout(cart, key=key, now=clock).number
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(keys)) as pool:
        numbers = set(pool.map(click, keys))
    assert len(numbers) == 1
    assert (OrderGroup.objects.count(), Payment.objects.count(), len(stripe.intents())) == (1, 1, 1)
    assert free(vase) == 2


def test_who_comes_too_late_gets_nothing_and_may_use_the_key_again(
    stripe: StripeControl, vase: Offer, clock: datetime
) -> None:
    late = a_cart({vase: 2}, now=clock)
    a_checkout(a_cart({vase: 2}, now=clock), now=clock)
    with pytest.raises(CartChanged):
        a_checkout(late, key="k", now=clock)
    assert not IdempotencyKey.objects.filter(key="k").exists()
    carts.set_quantity(cart_id=late, offer_id=vase.pk, quantity=1, now=clock)
    a_checkout(late, key="k", now=clock)
    assert len(stripe.intents()) == 2


def test_shipping_is_chosen_with_the_order(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    express = factories.a_shipping_option(vase.seller, name="Express", price_minor=990)
    cart = a_cart({vase: 1}, now=clock)
    assert a_checkout(cart, shipping={vase.seller_id: express.pk}, now=clock).shipping_minor == 990


def test_a_changed_cart_replaces_its_unpaid_order(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    cart = a_cart({vase: 2}, now=clock)
    first = a_checkout(cart, now=clock)
    before = payment_of(first)
    carts.set_quantity(cart_id=cart, offer_id=vase.pk, quantity=3, now=clock)
    second = a_checkout(cart, now=clock)
    assert first != second
    first.refresh_from_db()
    before.refresh_from_db()
    assert (first.state, before.state) == (OrderGroup.State.CANCELLED, State.CANCELLED)
    assert [intent["status"] for intent in stripe.intents()] == ["requires_payment_method", "canceled"]
    assert free(vase) == 0


# --- a provider that fails ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "state"), [("error_429", State.INTENDED), ("drop_before", State.UNKNOWN), ("drop_after", State.UNKNOWN)]
)
def test_a_failing_provider_costs_time_but_no_order(
    stripe: StripeControl, vase: Offer, clock: datetime, fault: str, state: str
) -> None:
    stripe.fault(fault, CREATE)
    group = a_checkout(a_cart({vase: 1}, now=clock), now=clock)
    assert payment_of(group).state == state
    assert checkout.resume_payments(now=clock) == 0
    waited()
    assert checkout.resume_payments(now=clock + minutes(1)) == 1
    payment = payment_of(group)
    assert (payment.state, payment.provider_id) == (State.OPEN, stripe.intents()[0]["id"])
    assert len(stripe.intents()) == 1


@pytest.mark.parametrize("after", [False, True], ids=["before the work", "after the work"])
def test_a_remembered_error_is_not_asked_for_ever(
    stripe: StripeControl, vase: Offer, clock: datetime, after: bool
) -> None:
    """Stripe answers the key with the same error for a day: what counts is whether its list has the payment."""
    stripe.fault("error_500", CREATE, after=after)
    group = a_checkout(a_cart({vase: 1}, now=clock), now=clock)
    checkout.resume_payments(now=clock + minutes(1))
    payment = payment_of(group)
    assert (payment.state, len(stripe.intents())) == (State.OPEN, 1)
    assert Payment.objects.count() == (1 if after else 2)
    stripe.pay(payment.provider_id or "")
    checkout.check_payment(group_id=group.pk, now=clock)
    assert payment_of(group).state == State.SUCCEEDED


def test_past_23_hours_a_payment_is_looked_up_and_never_sent_again(
    stripe: StripeControl, vase: Offer, clock: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    stripe.fault("drop_after", CREATE)
    group = a_checkout(a_cart({vase: 1}, now=clock), now=clock)

    def never(**kwargs: object) -> None:
        raise AssertionError("sent again")

    monkeypatch.setattr(gateway, "open_payment", never)
    checkout.expire_groups(now=clock + timedelta(hours=23, minutes=1))
    group.refresh_from_db()
    assert group.state == OrderGroup.State.CANCELLED
    assert [intent["status"] for intent in stripe.intents()] == ["canceled"]


def test_two_sweeps_at_once_do_not_take_the_same_payment(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    payment = payment_of(a_checkout(a_cart({vase: 1}, now=clock), now=clock))
    later = clock + minutes(1)
    claim_payment(payment, now=later)
    with pytest.raises(PaymentBusy):
        claim_payment(payment, now=later)
    assert checkout.resume_payments(now=later) == 0
    assert checkout.resume_payments(now=later + timedelta(seconds=31)) == 1


# --- paying ---------------------------------------------------------------------------------------------------------


def test_a_paid_payment_settles_the_books_and_the_orders(
    stripe: StripeControl, vase: Offer, record: Offer, clock: datetime
) -> None:
    group = a_checkout(a_cart({vase: 1, record: 1}, now=clock), now=clock)
    stripe.pay(payment_of(group).provider_id or "")
    checkout.check_payment(group_id=group.pk, now=clock)
    group.refresh_from_db()
    payment = payment_of(group)
    assert (group.state, payment.state, payment.captured_minor) == ("paid", "succeeded", group.total_minor)
    assert set(group.orders.values_list("state", flat=True)) == {Order.State.PAID}
    entry = JournalEntry.objects.get(ref=f"payment:{payment.pk}:settled")
    lines = entry.postings.values_list("account__kind", "account__seller", "amount_minor")
    assert set(lines) == {
        ("provider_clearing", None, group.total_minor),
        ("seller_payable", vase.seller_id, -2990),
        ("seller_payable", record.seller_id, -2290),
    }


def test_a_lost_webhook_is_made_up_for_by_the_sweep(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    group = a_checkout(a_cart({vase: 1}, now=clock), now=clock)
    stripe.pay(payment_of(group).provider_id or "")
    checkout.resume_payments(now=clock + timedelta(seconds=31))
    assert payment_of(group).state == State.SUCCEEDED


@pytest.mark.parametrize("fault", ["timeout_after", "drop_after"])
def test_a_charge_whose_answer_was_lost_is_found(
    stripe: StripeControl, vase: Offer, clock: datetime, fault: str
) -> None:
    """The buyer's browser hears nothing, the card was charged, and no webhook comes."""
    group = a_checkout(a_cart({vase: 1}, now=clock), now=clock)
    stripe.fault(fault, "POST /v1/payment_intents/.*/confirm", seconds=0.2)
    with pytest.raises(requests.ConnectionError):
        stripe.pay(payment_of(group).provider_id or "")
    assert len(stripe.charges()) == 1
    checkout.resume_payments(now=clock + timedelta(seconds=31))
    assert payment_of(group).state == State.SUCCEEDED
    assert len(stripe.charges()) == 1


def test_a_decline_is_remembered_and_the_payment_stays_open(
    stripe: StripeControl, vase: Offer, clock: datetime
) -> None:
    group = a_checkout(a_cart({vase: 1}, now=clock), now=clock)
    stripe.pay(payment_of(group).provider_id or "", "pm_card_visa_chargeDeclined")
    payment = checkout.check_payment(group_id=group.pk, now=clock)
    assert payment is not None
    assert (payment.state, payment.decline_code) == (State.OPEN, "generic_decline")


# --- giving up ------------------------------------------------------------------------------------------------------


def test_cancelling_asks_the_provider_before_the_goods_are_given_back(
    stripe: StripeControl, vase: Offer, clock: datetime
) -> None:
    group = a_checkout(a_cart({vase: 3}, now=clock), now=clock)
    stripe.fault("error_429", "POST /v1/payment_intents/.*/cancel")
    with pytest.raises(ProviderUnavailable):
        checkout.cancel_checkout(group_id=group.pk, reason="buyer", now=clock)
    group.refresh_from_db()
    assert (group.state, free(vase)) == ("pending", 0)
    waited()
    assert checkout.cancel_checkout(group_id=group.pk, reason="buyer", now=clock)
    group.refresh_from_db()
    assert (group.state, free(vase), stripe.intents()[0]["status"]) == ("cancelled", 3, "canceled")


def test_cancelling_what_was_paid_meanwhile_keeps_the_order(
    stripe: StripeControl, vase: Offer, clock: datetime
) -> None:
    group = a_checkout(a_cart({vase: 1}, now=clock), now=clock)
    stripe.pay(payment_of(group).provider_id or "")
    assert not checkout.cancel_checkout(group_id=group.pk, reason="buyer", now=clock)
    group.refresh_from_db()
    assert group.state == "paid"


def test_a_hold_ends_after_fifteen_minutes(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    group = a_checkout(a_cart({vase: 3}, now=clock), now=clock)
    assert checkout.expire_groups(now=clock + minutes(14)) == 0
    assert checkout.expire_groups(now=clock + minutes(15.1)) == 1
    group.refresh_from_db()
    assert (group.state, free(vase), stripe.intents()[0]["status"]) == ("cancelled", 3, "canceled")


def test_a_hold_outlives_a_provider_that_does_not_answer(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    group = a_checkout(a_cart({vase: 3}, now=clock), now=clock)
    stripe.fault("error_429", times=None)
    assert checkout.expire_groups(now=clock + minutes(16)) == 0
    group.refresh_from_db()
    assert (group.state, free(vase)) == ("pending", 0)
    stripe.no_faults()
    waited()
    assert checkout.expire_groups(now=clock + minutes(30)) == 1
    assert free(vase) == 3


def test_what_was_paid_just_before_the_hold_ended_is_delivered(
    stripe: StripeControl, vase: Offer, clock: datetime
) -> None:
    group = a_checkout(a_cart({vase: 1}, now=clock), now=clock)
    stripe.pay(payment_of(group).provider_id or "")
    assert checkout.expire_groups(now=clock + minutes(16)) == 1
    group.refresh_from_db()
    assert group.state == "paid"


def test_an_order_the_provider_never_heard_of_expires_too(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    stripe.fault("error_429", CREATE)
    group = a_checkout(a_cart({vase: 3}, now=clock), now=clock)
    waited()
    assert checkout.expire_groups(now=clock + minutes(16)) == 1
    group.refresh_from_db()
    assert (group.state, free(vase)) == ("cancelled", 3)


# --- two ways to pay, never both ------------------------------------------------------------------------------------


def test_the_hosted_page_replaces_the_card_form(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    group = a_checkout(a_cart({vase: 1}, now=clock), now=clock)
    form = payment_of(group)
    hosted = checkout.ready_payment(group_id=group.pk, flow=Payment.Flow.HOSTED, now=clock)
    form.refresh_from_db()
    assert (form.state, hosted.state, hosted.flow) == (State.CANCELLED, State.OPEN, "hosted")
    assert stripe.intents()[0]["status"] == "canceled"
    assert stripe.pay(form.provider_id or "")["error"]["code"] == "payment_intent_unexpected_state"
    back = checkout.ready_payment(group_id=group.pk, flow=Payment.Flow.ELEMENT, now=clock)
    hosted.refresh_from_db()
    assert (hosted.state, back.state) == (State.CANCELLED, State.OPEN)
    assert gateway.fetch_hosted_payment(hosted.provider_session_id or "").status == "expired"


def test_no_new_payment_for_an_order_that_is_over(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    group = a_checkout(a_cart({vase: 1}, now=clock), now=clock)
    checkout.cancel_checkout(group_id=group.pk, reason="buyer", now=clock)
    with pytest.raises(NotPayable):
        checkout.ready_payment(group_id=group.pk, flow=Payment.Flow.ELEMENT, now=clock)
    assert len(stripe.intents()) == 1


# --- money that comes too late --------------------------------------------------------------------------------------


def paid_after_expiry(stripe: StripeControl, group: OrderGroup, now: datetime) -> Payment:
    """The orders are cancelled although the payment can still succeed: what our own rules prevent, done by hand."""
    orders.cancel_group(group_id=group.pk, reason="expired", now=now)
    payment = payment_of(group)
    stripe.pay(payment.provider_id or "")
    return payment


def test_paid_late_with_goods_left_is_delivered(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    group = a_checkout(a_cart({vase: 1}, now=clock), now=clock)
    paid_after_expiry(stripe, group, clock)
    checkout.check_payment(group_id=group.pk, now=clock)
    group.refresh_from_db()
    assert (group.state, free(vase), Refund.objects.count()) == ("paid", 2, 0)


def test_paid_late_with_the_goods_gone_is_refunded_once(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    group = a_checkout(a_cart({vase: 3}, now=clock), now=clock)
    payment = paid_after_expiry(stripe, group, clock)
    winner = a_checkout(a_cart({vase: 1}, now=clock), now=clock)
    stripe.pay(payment_of(winner).provider_id or "")
    checkout.check_payment(group_id=winner.pk, now=clock)
    for _ in range(3):
        checkout.check_payment(group_id=group.pk, now=clock)
    refund = Refund.objects.get(payment=payment)
    assert (refund.state, refund.amount_minor) == ("intended", group.total_minor)
    stripe.fault("drop_after", "POST /v1/refunds")
    refunds.perform_refunds(now=clock)
    refund.refresh_from_db()
    assert refund.state == "unknown"
    refunds.perform_refunds(now=clock + minutes(10))
    refunds.perform_refunds(now=clock + minutes(20))
    refund.refresh_from_db()
    payment.refresh_from_db()
    assert (refund.state, payment.refunded_minor) == ("succeeded", group.total_minor)
    taken = {charge["payment_intent"]: charge["amount_refunded"] for charge in stripe.charges()}
    assert taken[payment.provider_id] == group.total_minor
    group.refresh_from_db()
    assert group.state == "cancelled"
    entries = JournalEntry.objects.filter(ref__contains=str(payment.pk)) | JournalEntry.objects.filter(
        ref__contains=str(refund.pk)
    )
    assert entries.count() == 2


@pytest.mark.parametrize("after", [False, True], ids=["before the work", "after the work"])
def test_a_refund_whose_key_is_spent_is_neither_lost_nor_doubled(
    stripe: StripeControl, vase: Offer, clock: datetime, after: bool
) -> None:
    group = a_checkout(a_cart({vase: 3}, now=clock), now=clock)
    payment = paid_after_expiry(stripe, group, clock)
    a_checkout(a_cart({vase: 1}, now=clock), now=clock)
    checkout.check_payment(group_id=group.pk, now=clock)
    stripe.fault("error_500", "POST /v1/refunds", after=after)
    for step in range(4):
        refunds.perform_refunds(now=clock + minutes(10 * step))
    payment.refresh_from_db()
    assert payment.refunded_minor == payment.captured_minor
    assert [charge["amount_refunded"] for charge in stripe.charges()] == [payment.captured_minor]


def test_somebody_elses_cart_is_not_found(stripe: StripeControl, vase: Offer, mira: User, clock: datetime) -> None:
    cart = a_cart({vase: 1}, buyer=mira, now=clock)
    with pytest.raises(NotFound):
        a_checkout(cart, now=clock)
    assert not OrderGroup.objects.exists()
