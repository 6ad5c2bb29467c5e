from datetime import datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from marketplace.accounts.models import User
from marketplace.carts.models import Cart
from marketplace.catalog.models import Offer
from marketplace.orders.models import OrderGroup
from payments import checkout
from tests import factories
from tests.payments.views.conftest import signed_in
from tests.shopping import a_cart, a_checkout, payment_of
from tests.stripe_control import StripeControl

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def guests_group(stripe: StripeControl, vase: Offer, record: Offer, clock: datetime) -> OrderGroup:
    group = a_checkout(a_cart({vase: 1, record: 2}, now=clock), now=clock)
    stripe.pay(payment_of(group).provider_id or "")
    checkout.check_payment(group_id=group.pk, now=clock)
    return group


def test_orders_need_an_account(db: None) -> None:
    answer = Client().get("/orders/")
    assert (answer.status_code, answer["Location"]) == (302, "/account/login/?next=/orders/")
    assert Client().head("/orders/").status_code == 302


def test_an_empty_list_says_so(mira: User) -> None:
    assert "No orders yet" in signed_in(mira).get("/orders/").content.decode()


def test_the_list_shows_own_orders_only(
    stripe: StripeControl, vase: Offer, record: Offer, mira: User, guests_group: OrderGroup, clock: datetime
) -> None:
    mine = a_checkout(a_cart({vase: 1, record: 1}, buyer=mira, now=clock), buyer=mira, now=clock)
    html = signed_in(mira).get("/orders/").content.decode()
    assert f"/orders/{mine.number}/" in html
    assert "Kiln Street and Second Groove" in html
    assert "Awaiting payment" in html
    assert guests_group.number not in html


def test_a_guest_opens_the_order_from_the_mail(guests_group: OrderGroup) -> None:
    browser = Client()
    address = f"/orders/{guests_group.number}/"
    answer = browser.get(f"{address}?token={guests_group.access_token}")
    assert (answer.status_code, answer["Location"]) == (302, address)
    html = browser.get(address).content.decode()
    assert "Kiln Street" in html
    assert "Second Groove" in html
    assert "Being packed" in html
    assert "Create an account" in html
    assert guests_group.access_token not in html


@pytest.mark.parametrize("token", ["", "wrong", "x" * 500, "ä"])
def test_a_wrong_token_finds_nothing(guests_group: OrderGroup, token: str) -> None:
    assert Client().get(f"/orders/{guests_group.number}/", {"token": token}).status_code == 404


def test_an_accounts_order_cannot_be_opened_by_its_token(
    stripe: StripeControl, vase: Offer, mira: User, clock: datetime
) -> None:
    group = a_checkout(a_cart({vase: 1}, buyer=mira, now=clock), buyer=mira, now=clock)
    assert Client().get(f"/orders/{group.number}/", {"token": group.access_token}).status_code == 404


@pytest.mark.parametrize("cursor", ["nonsense", "AAAA", "x" * 300])
def test_a_page_that_does_not_exist_is_not_found(mira: User, cursor: str) -> None:
    assert signed_in(mira).get("/orders/", {"after": cursor}).status_code == 404


def test_the_number_of_queries_does_not_grow(
    stripe: StripeControl,
    vase: Offer,
    mira: User,
    clock: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    buyer = signed_in(mira)
    a_checkout(a_cart({vase: 1}, buyer=mira, now=clock), buyer=mira, now=clock)
    Cart.objects.update(closed_at=clock)
    buyer.get("/orders/")
    for _ in range(3):
        stall = factories.a_seller()
        offers = {factories.an_offer(seller=stall): 1, factories.an_offer(seller=stall): 1}
        group = a_checkout(a_cart(offers, buyer=mira, now=clock), buyer=mira, now=clock)
        Cart.objects.update(closed_at=clock)
    with django_assert_max_num_queries(8):
        assert buyer.get("/orders/").status_code == 200
    with django_assert_max_num_queries(11):
        assert buyer.get(f"/orders/{group.number}/").status_code == 200
