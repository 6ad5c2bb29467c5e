from datetime import datetime

import pytest
from django.contrib import admin
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.catalog.models import Offer
from marketplace.orders.models import OrderGroup
from marketplace.sellers.models import Seller
from payments import checkout
from payments.models import JournalEntry, Payment
from tests import factories
from tests.shopping import a_cart, a_checkout, payment_of
from tests.stripe_control import StripeControl

pytestmark = pytest.mark.django_db(transaction=True)

MODELS = ["payment", "refund", "journalentry", "ledgeraccount", "inboxevent", "idempotencykey"]


@pytest.fixture
def operator(olga: User) -> Client:
    client = Client()
    client.force_login(olga)
    return client


@pytest.fixture
def group(stripe: StripeControl, kiln: Seller) -> OrderGroup:
    now: datetime = timezone.now()
    vase: Offer = factories.an_offer(seller=kiln)
    other = a_checkout(a_cart({vase: 1}, now=now), now=now)
    OrderGroup.objects.filter(pk=other.pk).update(email="somebody@example.test")
    group = a_checkout(a_cart({vase: 1}, now=now), now=now)
    stripe.pay(payment_of(group).provider_id or "")
    checkout.check_payment(group_id=group.pk, now=now)
    return group


@pytest.mark.parametrize("model", MODELS)
def test_money_can_be_looked_at_and_nothing_else(operator: Client, group: OrderGroup, model: str) -> None:
    listing = f"/admin/payments/{model}/"
    assert operator.get(listing).status_code == 200
    assert operator.get(f"{listing}add/").status_code == 403
    assert operator.post(f"{listing}add/", {}).status_code == 403
    row = next(registered for registered in admin.site._registry if registered._meta.model_name == model)
    first = row._default_manager.first()
    if first is not None:
        page = f"{listing}{first.pk}/"
        assert operator.get(f"{page}change/").status_code == 200
        assert operator.post(f"{page}change/", {"amount_minor": "1", "ref": "x"}).status_code == 403
        assert operator.post(f"{page}delete/", {"post": "yes"}).status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": str(first.pk), "post": "yes"}
        operator.post(listing, chosen)
        assert row._default_manager.filter(pk=first.pk).exists()


def test_a_payment_is_found_by_everything_people_have_in_hand(operator: Client, group: OrderGroup) -> None:
    payment = payment_of(group)
    order = group.orders.get()
    for words in (group.number, group.email, str(payment.pk), payment.provider_id, order.number):
        html = operator.get("/admin/payments/payment/", {"q": words}).content.decode()
        assert str(payment.pk) in html
        assert html.count('class="field-state"') == 1
    assert "0 payments" in operator.get("/admin/payments/payment/", {"q": "nothing"}).content.decode()


def test_the_secret_that_lets_people_pay_is_not_shown(operator: Client, group: OrderGroup) -> None:
    payment = payment_of(group)
    assert payment.client_secret
    html = operator.get(f"/admin/payments/payment/{payment.pk}/change/").content.decode()
    assert payment.client_secret not in html


def test_an_entry_is_found_by_its_payment(operator: Client, group: OrderGroup) -> None:
    payment = payment_of(group)
    html = operator.get("/admin/payments/journalentry/", {"q": str(payment.pk)}).content.decode()
    assert JournalEntry.objects.get().ref in html
    assert Payment.objects.count() == 2


def test_an_order_is_found_by_its_payment(operator: Client, group: OrderGroup) -> None:
    payment = payment_of(group)
    for words in (group.number, group.email, str(payment.pk), payment.provider_id, group.orders.get().number):
        html = operator.get("/admin/orders/ordergroup/", {"q": words}).content.decode()
        assert group.number in html
        assert html.count('class="field-number"') == 1


@pytest.mark.parametrize("model", ["order", "ordergroup"])
def test_orders_can_be_looked_at_and_nothing_else(operator: Client, group: OrderGroup, model: str) -> None:
    pk = group.pk if model == "ordergroup" else group.orders.get().pk
    page = f"/admin/orders/{model}/{pk}/"
    html = operator.get(f"{page}change/").content.decode()
    assert group.access_token not in html
    assert operator.post(f"{page}change/", {"state": "paid"}).status_code == 403
    assert operator.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    assert operator.get(f"/admin/orders/{model}/add/").status_code == 403
