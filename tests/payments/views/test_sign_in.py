"""A guest who signs in while paying."""

from datetime import datetime

import pytest

from marketplace.accounts.models import User
from marketplace.carts import queries as carts
from marketplace.carts.models import Cart
from marketplace.catalog.models import Offer
from tests.payments.views.conftest import a_guest
from tests.shopping import a_cart, a_checkout, payment_of
from tests.stripe_control import StripeControl

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_signs_in_while_paying_keeps_the_goods_and_pays_once(
    stripe: StripeControl, vase: Offer, mira: User, clock: datetime
) -> None:
    guests = a_cart({vase: 3}, now=clock)
    before = a_checkout(guests, now=clock)
    browser = a_guest(guests)
    browser.post("/account/login/", {"login": mira.email, "password": "a-quiet-harbour"})
    own = Cart.objects.get(user=mira, closed_at=None)
    assert carts.snapshot(cart_id=own.pk).problems == {}
    left = payment_of(before)
    own.phone = "+43 1 234 5678"
    own.save()
    after = a_checkout(own.pk, buyer=mira, now=clock)
    stripe.pay(left.provider_id or "")
    stripe.pay(payment_of(after).provider_id or "")
    assert [charge["payment_intent"] for charge in stripe.charges()] == [payment_of(after).provider_id]
    before.refresh_from_db()
    assert before.state == "cancelled"


def test_signing_in_with_orders_of_ones_own_leaves_the_guests_orders_alone(
    stripe: StripeControl, vase: Offer, record: Offer, mira: User, clock: datetime
) -> None:
    mine = a_checkout(a_cart({record: 1}, buyer=mira, now=clock), buyer=mira, now=clock)
    guests = a_cart({vase: 1}, now=clock)
    theirs = a_checkout(guests, now=clock)
    a_guest(guests).post("/account/login/", {"login": mira.email, "password": "a-quiet-harbour"})
    mine.refresh_from_db()
    theirs.refresh_from_db()
    own = Cart.objects.get(user=mira)
    assert mine.cart == own
    assert {line.offer_id for line in carts.snapshot(cart_id=own.pk).lines} == {vase.pk, record.pk}
    assert theirs.cart_id == guests
