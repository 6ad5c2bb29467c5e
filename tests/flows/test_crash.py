"""A process dies at each named moment of checkout, webhook, expiry and refund; the sweeps make it good.

The list of moments is read from the source, so that a new one cannot be forgotten here.
"""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import payments
from marketplace.catalog.models import Offer
from marketplace.inventory.models import StockItem
from marketplace.orders import services as orders
from marketplace.orders.models import OrderGroup
from payments import checkout, refunds, webhooks
from payments.models import IdempotencyKey, Payment, Refund
from tests.flows.outcome import assert_one_charge, assert_sound, crash_at, deliver, settle
from tests.shopping import a_cart, a_checkout, payment_of
from tests.stripe_control import StripeControl

pytestmark = pytest.mark.django_db(transaction=True)

LOCAL = ["checkout.claimed", "checkout.placed", "checkout.intended", "checkout.stored"]
AFTER_COMMIT = ["checkout.committed", "opening.sent", "opening.saved", "checkout.answered"]
SETTLING = ["settle.locked", "settle.recorded", "settle.booked", "settle.done"]
WEBHOOK = ["webhook.verified", "webhook.stored", "webhook.fetched", *SETTLING, "webhook.applied", "webhook.committed"]
EXPIRY = ["closing.sent", "settle.locked", "settle.done", "closing.applied", "expiry.confirmed"]
REFUND = ["refund.sent", "refund.saved"]


def free(offer: Offer) -> int:
    return StockItem.objects.get(pk=offer.pk).free


def test_every_named_moment_is_tried() -> None:
    source = "".join(path.read_text() for path in Path(payments.__file__).parent.glob("*.py"))
    named = set(re.findall(r'marks\.reached\("([a-z.]+)"\)', source))
    assert named == {*LOCAL, *AFTER_COMMIT, *WEBHOOK, *EXPIRY, *REFUND}


@pytest.mark.parametrize("point", LOCAL)
def test_before_the_commit_a_crash_leaves_nothing(
    stripe: StripeControl, vase: Offer, record: Offer, clock: datetime, point: str
) -> None:
    cart = a_cart({vase: 1, record: 1}, now=clock)
    assert crash_at(point, lambda: a_checkout(cart, key="k", now=clock))
    assert not OrderGroup.objects.exists()
    assert not IdempotencyKey.objects.exists()
    assert (free(vase), stripe.intents()) == (3, [])
    group = a_checkout(cart, key="k", now=clock)
    stripe.pay(payment_of(group).provider_id or "")
    assert_one_charge(stripe, settle(clock + timedelta(seconds=31)))


@pytest.mark.parametrize("point", AFTER_COMMIT)
@pytest.mark.parametrize("retried", [False, True], ids=["sweep alone", "buyer tries again"])
def test_after_the_commit_a_crash_costs_nothing(
    stripe: StripeControl, vase: Offer, record: Offer, clock: datetime, point: str, retried: bool
) -> None:
    cart = a_cart({vase: 1, record: 1}, now=clock)
    assert crash_at(point, lambda: a_checkout(cart, key="k", now=clock))
    if retried:
        assert a_checkout(cart, key="k", now=clock) == OrderGroup.objects.get()
    later = settle(clock + timedelta(seconds=31))
    assert len(stripe.intents()) == 1
    payment = payment_of(OrderGroup.objects.get())
    assert payment.state == Payment.State.OPEN
    stripe.pay(payment.provider_id or "")
    assert_one_charge(stripe, settle(later))


@pytest.mark.parametrize("point", WEBHOOK)
@pytest.mark.parametrize("redelivered", [False, True], ids=["once", "redelivered"])
def test_a_crash_while_a_webhook_is_handled(
    stripe: StripeControl, vase: Offer, record: Offer, clock: datetime, point: str, redelivered: bool
) -> None:
    group = a_checkout(a_cart({vase: 1, record: 1}, now=clock), now=clock)
    stripe.pay(payment_of(group).provider_id or "")
    (event,) = stripe.events("payment_intent.succeeded")

    def handle() -> None:
        deliver(event)
        webhooks.process_inbox(now=clock)

    assert crash_at(point, handle)
    if redelivered:
        assert deliver(event) == 200
    assert assert_one_charge(stripe, settle(clock + timedelta(seconds=31))) == group


@pytest.mark.parametrize("point", EXPIRY)
@pytest.mark.parametrize("paid", [False, True], ids=["unpaid", "paid in the last moment"])
def test_a_crash_while_a_hold_ends(stripe: StripeControl, vase: Offer, clock: datetime, point: str, paid: bool) -> None:
    group = a_checkout(a_cart({vase: 3}, now=clock), now=clock)
    over = clock + timedelta(minutes=15, seconds=1)
    if paid:
        stripe.pay(payment_of(group).provider_id or "")
    reached = crash_at(point, lambda: checkout.expire_groups(now=over))
    assert reached or (paid and point == "expiry.confirmed")
    now = settle(over)
    group.refresh_from_db()
    if paid:
        assert_one_charge(stripe, now)
    else:
        assert (group.state, free(vase), stripe.charges()) == ("cancelled", 3, [])
        assert stripe.intents()[0]["status"] == "canceled"
        assert_sound(now)


def paid_for_gone_goods(stripe: StripeControl, vase: Offer, clock: datetime) -> OrderGroup:
    """A payment that succeeds after its goods were given back and sold to somebody else."""
    group = a_checkout(a_cart({vase: 3}, now=clock), now=clock)
    orders.cancel_group(group_id=group.pk, reason="expired", now=clock)
    winner = a_checkout(a_cart({vase: 1}, now=clock), now=clock)
    stripe.pay(payment_of(winner).provider_id or "")
    checkout.check_payment(group_id=winner.pk, now=clock)
    stripe.pay(payment_of(group).provider_id or "")
    return group


@pytest.mark.parametrize("point", [*SETTLING, *REFUND])
def test_a_crash_while_money_goes_back(stripe: StripeControl, vase: Offer, clock: datetime, point: str) -> None:
    group = paid_for_gone_goods(stripe, vase, clock)

    def refund() -> None:
        checkout.check_payment(group_id=group.pk, now=clock)
        refunds.perform_refunds(now=clock)

    assert crash_at(point, refund)
    now = settle(clock + timedelta(seconds=31))
    refunded = Refund.objects.get(payment__group=group)
    assert (refunded.state, refunded.amount_minor) == (Refund.State.SUCCEEDED, group.total_minor)
    kept = [charge["amount"] - charge["amount_refunded"] for charge in stripe.charges()]
    assert sorted(kept) == [0, 2990]
    assert_sound(now)
