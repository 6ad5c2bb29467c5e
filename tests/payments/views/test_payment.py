from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from marketplace.accounts.models import User
from marketplace.carts.models import Cart
from marketplace.catalog.models import Offer
from marketplace.inventory.models import StockItem
from marketplace.orders import services as orders
from marketplace.orders.models import OrderGroup
from payments.admission import STRIPE
from payments.models import Payment
from tests import factories
from tests.payments.views.conftest import a_guest, signed_in
from tests.shopping import a_cart, a_checkout, payment_of
from tests.stripe_control import StripeControl

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def group(stripe: StripeControl, vase: Offer, mira: User, clock: datetime) -> OrderGroup:
    return a_checkout(a_cart({vase: 1}, buyer=mira, now=clock), buyer=mira, now=clock)


@pytest.fixture
def buyer(mira: User) -> Client:
    return signed_in(mira)


def page(group: OrderGroup, action: str = "") -> str:
    return f"/checkout/payment/{group.number}/{action}"


def back(group: OrderGroup) -> str:
    return f"/checkout/return/?order={group.number}"


def test_the_card_form_gets_what_it_needs(group: OrderGroup, buyer: Client) -> None:
    answer = buyer.get(page(group))
    html = answer.content.decode()
    assert 'data-key="pk_test_awning"' in html
    assert f'data-secret="{payment_of(group).client_secret}"' in html
    assert f"/checkout/return/?order={group.number}" in html
    assert "Held for you until" in html
    assert f'action="{page(group, "hosted/")}"' in html
    assert f'action="{page(group, "cancel/")}"' in html
    assert "no-store" in answer["Cache-Control"]


def test_a_decline_stands_beside_the_form(stripe: StripeControl, group: OrderGroup, buyer: Client) -> None:
    stripe.pay(payment_of(group).provider_id or "", "pm_card_visa_chargeDeclinedInsufficientFunds")
    answer = buyer.get(back(group))
    assert (answer.status_code, answer["Location"]) == (303, page(group))
    html = buyer.get(page(group)).content.decode()
    assert "not enough money on this card" in html
    assert "data-secret=" in html


def test_a_provider_that_is_away_leaves_a_way_to_try_again(
    stripe: StripeControl, vase: Offer, mira: User, buyer: Client, clock: datetime
) -> None:
    stripe.fault("error_429", times=None)
    group = a_checkout(a_cart({vase: 1}, buyer=mira, now=clock), buyer=mira, now=clock)
    html = buyer.get(page(group)).content.decode()
    assert "data-secret=" not in html
    assert "Your order is kept and nothing was charged" in html
    stripe.no_faults()
    # The time for which the provider has asked us to stay away is over.
    STRIPE.reset(by="tests")
    assert "data-secret=" in buyer.get(page(group)).content.decode()


def test_a_paid_order_needs_no_payment(stripe: StripeControl, group: OrderGroup, buyer: Client) -> None:
    stripe.pay(payment_of(group).provider_id or "")
    answer = buyer.get(back(group))
    assert (answer.status_code, answer["Location"]) == (303, f"/orders/{group.number}/?paid=1")
    assert buyer.get(page(group))["Location"] == f"/orders/{group.number}/"
    html = buyer.get(answer["Location"]).content.decode()
    assert "Thank you for your order" in html


def test_the_return_page_asks_again_while_nothing_is_settled(group: OrderGroup, buyer: Client) -> None:
    html = buyer.get(back(group)).content.decode()
    assert "Checking your payment" in html
    assert f'hx-get="{back(group)}"' in html


def test_the_return_page_survives_a_provider_that_is_away(
    stripe: StripeControl, group: OrderGroup, buyer: Client
) -> None:
    stripe.fault("error_500", times=None)
    assert "Checking your payment" in buyer.get(back(group)).content.decode()


def test_money_for_goods_that_are_gone_is_promised_back(
    stripe: StripeControl, vase: Offer, group: OrderGroup, buyer: Client, clock: datetime
) -> None:
    orders.cancel_group(group_id=group.pk, reason="expired", now=clock)
    a_checkout(a_cart({vase: 3}, now=clock), now=clock)
    stripe.pay(payment_of(group).provider_id or "")
    html = buyer.get(back(group)).content.decode()
    assert "Sold out while you paid" in html
    assert "€29.90" in html
    assert "on its way back to your card" in buyer.get(f"/orders/{group.number}/").content.decode()


def test_the_hosted_page_and_back(stripe: StripeControl, group: OrderGroup, buyer: Client) -> None:
    answer = buyer.post(page(group, "hosted/"))
    assert answer.status_code == 303
    assert answer["Location"].startswith(stripe.url)
    html = buyer.get(page(group)).content.decode()
    assert "data-secret=" not in html
    assert f'action="{page(group, "card/")}"' in html
    assert buyer.post(page(group, "card/"))["Location"] == page(group)
    assert "data-secret=" in buyer.get(page(group)).content.decode()


def test_changing_the_cart_gives_the_goods_back(
    stripe: StripeControl, group: OrderGroup, vase: Offer, buyer: Client
) -> None:
    answer = buyer.post(page(group, "cancel/"))
    assert (answer.status_code, answer["Location"]) == (303, "/cart/")
    assert stripe.intents()[0]["status"] == "canceled"
    assert StockItem.objects.get(pk=vase.pk).free == 3
    assert "was cancelled" in buyer.get(back(group)).content.decode()


def test_changing_the_cart_too_late_shows_the_paid_order(
    stripe: StripeControl, group: OrderGroup, buyer: Client
) -> None:
    stripe.pay(payment_of(group).provider_id or "")
    assert buyer.post(page(group, "cancel/"))["Location"] == f"/orders/{group.number}/"


def test_changing_the_cart_waits_for_the_provider(stripe: StripeControl, group: OrderGroup, buyer: Client) -> None:
    stripe.fault("error_500", "POST /v1/payment_intents/.*/cancel")
    assert buyer.post(page(group, "cancel/"))["Location"] == page(group)
    assert "does not answer" in buyer.get(page(group)).content.decode()
    assert payment_of(group).state == Payment.State.OPEN


def test_an_ended_hold_leads_back_to_the_cart(group: OrderGroup, buyer: Client, clock: datetime) -> None:
    OrderGroup.objects.filter(pk=group.pk).update(expires_at=clock - timedelta(seconds=1))
    assert buyer.get(page(group))["Location"] == "/cart/"


@pytest.mark.parametrize("who", ["nobody", "another guest", "another buyer"])
def test_other_peoples_payments_do_not_exist(
    stripe: StripeControl, group: OrderGroup, record: Offer, clock: datetime, who: str
) -> None:
    client = Client()
    if who == "another guest":
        client = a_guest(a_cart({record: 1}, now=clock))
    elif who == "another buyer":
        client = signed_in(User.objects.create_user("other@example.test"))
    for path in (page(group), back(group), f"/orders/{group.number}/", page(group).replace(group.number, "A-NONE")):
        assert client.get(path).status_code == 404
    for action in ("hosted/", "card/", "cancel/"):
        assert client.post(page(group, action)).status_code == 404
    assert payment_of(group).state == Payment.State.OPEN


def test_nothing_is_changed_by_looking(group: OrderGroup, buyer: Client) -> None:
    for action in ("hosted/", "card/", "cancel/"):
        assert buyer.get(page(group, action)).status_code == 405


def test_the_number_of_queries_does_not_grow_with_the_order(
    stripe: StripeControl, mira: User, buyer: Client, clock: datetime
) -> None:
    counted = []
    for stalls in (1, 3):
        offers = {factories.an_offer(seller=factories.a_seller()): 1 for _ in range(stalls)}
        placed = a_checkout(a_cart(offers, buyer=mira, now=clock), buyer=mira, now=clock)
        Cart.objects.update(closed_at=clock)
        buyer.get(page(placed))
        with CaptureQueriesContext(connection) as queries:
            assert buyer.get(page(placed)).status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 12
