"""Fifty buyers want each of twenty things of which there are five, and pay for what they got."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import cycle

import pytest
from django.db import connections

from marketplace.carts.models import Cart, CartLine
from marketplace.catalog.models import Offer
from marketplace.core.errors import Conflict
from marketplace.inventory.models import StockItem
from marketplace.orders.models import OrderGroup
from marketplace.sellers.models import Seller
from payments import checkout
from payments.models import Payment
from tests import factories
from tests.flows.outcome import assert_sound, settle
from tests.shopping import BERLIN, a_checkout, payment_of, shipping_for
from tests.stripe_control import StripeControl

pytestmark = pytest.mark.django_db(transaction=True)

BUYERS, THINGS, UNITS = 50, 20, 5
# Fewer than buyers, because each holds a connection; every one of them is busy all the time.
THREADS = 12


def carts_for_all(offers: list[Offer], now: datetime) -> list[Cart]:
    """A cart per buyer and thing, in an order that makes all buyers want the same thing at once."""
    choices = {str(pk): option for pk, option in shipping_for(*offers).items()}
    carts = Cart.objects.bulk_create(
        Cart(
            email=f"buyer{buyer}@example.test",
            shipping_address=BERLIN.to_json(),
            shipping_choices=choices,
            created_at=now,
            updated_at=now,
        )
        for _ in offers
        for buyer in range(BUYERS)
    )
    wanted = (offer for offer in offers for _ in range(BUYERS))
    CartLine.objects.bulk_create(
        CartLine(cart=cart, offer=offer, quantity=1, seen_price_minor=offer.price_minor, added_at=now)
        for cart, offer in zip(carts, wanted, strict=True)
    )
    return carts


def test_everything_is_sold_once_and_no_loser_is_charged(
    stripe: StripeControl, kiln: Seller, groove: Seller, clock: datetime
) -> None:
    stalls = cycle([kiln, groove])
    offers = [factories.an_offer(seller=next(stalls), stock=UNITS) for _ in range(THINGS)]
    carts = carts_for_all(offers, clock)

    def buy(cart: Cart) -> str:
        try:
            group = a_checkout(cart.pk, now=clock)
            stripe.pay(payment_of(group).provider_id or "")
            checkout.check_payment(group_id=group.pk, now=clock)
        except Conflict as error:
            return error.code
        finally:
            connections.close_all()
        return "bought"

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = Counter(pool.map(buy, carts))

    assert outcomes["bought"] == THINGS * UNITS
    assert set(outcomes) <= {"bought", "out_of_stock", "cart_changed"}
    assert outcomes["out_of_stock"] > 0, "nobody raced anybody"
    assert set(StockItem.objects.values_list("on_hand", "reserved")) == {(0, 0)}
    assert OrderGroup.objects.count() == OrderGroup.objects.filter(state="paid").count() == THINGS * UNITS
    charged = Counter(charge["payment_intent"] for charge in stripe.charges())
    ours = Payment.objects.filter(state="succeeded", group__state="paid").values_list("provider_id", flat=True)
    assert charged == Counter(ours)
    assert sum(charged.values()) == THINGS * UNITS
    assert_sound(settle(clock, seconds=20))
