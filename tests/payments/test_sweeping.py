"""One row that cannot be brought forward is nobody else's trouble."""

from datetime import datetime

import pytest
from django.db.models import F
from django.utils import timezone

from marketplace.catalog.models import Offer
from marketplace.orders import services as orders
from marketplace.orders.models import OrderGroup
from marketplace.sellers.models import Seller
from payments import admission, checkout, gateway, refunds, sweeping
from payments.models import Payment, Refund
from payments.provider import ProviderPayment
from payments.settlement import apply_payment
from tests import factories
from tests.shopping import a_cart, a_checkout, payment_of
from tests.stripe_control import StripeControl

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock() -> datetime:
    return timezone.now()


@pytest.fixture
def vase(kiln: Seller) -> Offer:
    return factories.an_offer(seller=kiln, price_minor=2500, stock=4)


def owed(stripe: StripeControl, group: OrderGroup, now: datetime) -> Refund:
    """Money that came for a payment which we hold for cancelled, and goes back."""
    payment = payment_of(group)
    stripe.pay(payment.provider_id or "")
    Payment.objects.filter(pk=payment.pk).update(state=Payment.State.CANCELLED)
    orders.cancel_group(group_id=group.pk, reason="expired", now=now)
    state = gateway.fetch_payment(payment.provider_id or "")
    apply_payment(provider_state=state, now=now)
    return Refund.objects.get(payment=payment)


def test_a_refund_that_contradicts_the_provider_holds_up_no_other(
    stripe: StripeControl, vase: Offer, clock: datetime
) -> None:
    first, second = (owed(stripe, a_checkout(a_cart({vase: 1}, now=clock), now=clock), clock) for _ in range(2))
    Refund.objects.filter(pk=first.pk).update(amount_minor=F("amount_minor") - 1)
    assert refunds.perform_refunds(now=clock) == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert second.state == Refund.State.SUCCEEDED
    assert first.due_at > clock
    assert "the provider says" in first.last_error


def test_a_payment_that_nobody_understands_holds_up_no_other(
    stripe: StripeControl, vase: Offer, clock: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (payment_of(a_checkout(a_cart({vase: 1}, now=clock), now=clock)) for _ in range(2))
    Payment.objects.update(due_at=clock)
    Payment.objects.filter(pk=first.pk).update(due_at=clock.replace(year=clock.year - 1))
    fetch = gateway.fetch_payment

    def strange(provider_id: str) -> ProviderPayment:
        if provider_id == first.provider_id:
            raise KeyError("a status of next year")
        return fetch(provider_id)

    monkeypatch.setattr(gateway, "fetch_payment", strange)
    stripe.pay(second.provider_id or "")
    assert checkout.resume_payments(now=clock) == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert second.state == Payment.State.SUCCEEDED
    assert first.due_at > clock
    assert "next year" in first.last_error


def test_goods_of_a_confirmed_cancellation_do_not_wait_for_a_provider_that_is_away(
    stripe: StripeControl, vase: Offer, clock: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    over, live = (a_checkout(a_cart({vase: 1}, now=clock), now=clock) for _ in range(2))
    Payment.objects.filter(group=over).update(state=Payment.State.CANCELLED, cancelled_at=clock)
    later = over.expires_at
    before = payment_of(live).attempts
    monkeypatch.setattr(admission, "resting", lambda: True)
    assert sweeping.expire_groups(later) == 1
    over.refresh_from_db()
    live.refresh_from_db()
    assert (over.state, live.state) == (OrderGroup.State.CANCELLED, OrderGroup.State.PENDING)
    assert payment_of(live).attempts == before
