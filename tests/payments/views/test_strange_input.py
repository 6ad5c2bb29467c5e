"""What no browser sends: each gets a clear answer, never a crash."""

import base64
from datetime import datetime

import pytest
from django.test import Client

from marketplace.accounts.models import User
from marketplace.carts.models import Cart, CartLine
from marketplace.catalog.models import Offer
from tests.payments.views.conftest import a_guest, signed_in
from tests.shopping import BERLIN, a_cart
from tests.stripe_control import StripeControl

pytestmark = pytest.mark.django_db(transaction=True)

NUL = "%00"


@pytest.mark.parametrize(
    "path",
    [
        f"/orders/A-{NUL}/",
        f"/orders/A-{NUL}/?token=x",
        f"/checkout/payment/A-{NUL}/",
        f"/checkout/return/?order=A-{NUL}",
        f"/orders/?after={NUL}",
    ],
)
def test_a_number_with_a_nul_byte_is_no_order(mira: User, path: str) -> None:
    assert signed_in(mira).get(path).status_code == 404


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_page_of_orders_beyond_all_time_does_not_exist(mira: User, when: str) -> None:
    after = base64.urlsafe_b64encode(f"{when}|1".encode()).decode().rstrip("=")
    assert signed_in(mira).get("/orders/", {"after": after}).status_code == 404


@pytest.mark.parametrize("letter", ["\x00", "\x1b", "\n", "\u2028", "\u202e"])
@pytest.mark.parametrize("name", ["name", "line1", "line2", "postal_code", "city", "region"])
def test_an_address_with_invisible_commands_is_refused(vase: Offer, clock: datetime, name: str, letter: str) -> None:
    cart_id = a_cart({vase: 1}, now=clock)
    form = {"email": "mira@example.test", "phone": ""} | BERLIN.to_json() | {name: f"a{letter}b"}
    answer = a_guest(cart_id).post("/checkout/address/", form)
    assert answer.status_code == 422
    assert f'id="id_{name}-error"' in answer.content.decode()
    assert Cart.objects.get(pk=cart_id).shipping_address == BERLIN.to_json()


def test_an_address_in_any_script_is_kept(vase: Offer, clock: datetime) -> None:
    cart_id = a_cart({vase: 1}, now=clock)
    written = BERLIN.to_json() | {"name": "می‌خواهم O’Brien", "line1": "Rue de l’Église 3", "city": "東京 ß"}
    a_guest(cart_id).post("/checkout/address/", {"email": "mira@example.test", "phone": ""} | written)
    assert Cart.objects.get(pk=cart_id).shipping_address == written


@pytest.mark.parametrize("email", ['"\x01"@example.test', '"a\\ b"@example.test'])
def test_an_email_address_that_no_receipt_reaches_is_refused(vase: Offer, clock: datetime, email: str) -> None:
    cart_id = a_cart({vase: 1}, now=clock)
    answer = a_guest(cart_id).post("/checkout/address/", {"email": email, "phone": ""} | BERLIN.to_json())
    assert answer.status_code == 422
    assert Cart.objects.get(pk=cart_id).email == "guest@example.test"


@pytest.mark.parametrize("number", ["0" * 20 + "9" * 30, "9" * 19, "9" * 5000, "0" * 20 + "9" * 5000, "²", "-1"])
@pytest.mark.parametrize("name", ["offer", "quantity"])
def test_numbers_beyond_all_measure_are_refused(vase: Offer, clock: datetime, name: str, number: str) -> None:
    guest = a_guest(a_cart({vase: 1}, now=clock))
    answer = guest.post("/cart/add/", {"offer": str(vase.pk), "quantity": "1"} | {name: number})
    assert answer.status_code in (302, 404)
    assert CartLine.objects.get().quantity == 1


@pytest.mark.parametrize("number", [10**18, 2**63, 10**40])
@pytest.mark.parametrize("action", ["", "remove/", "restore/", "accept/"])
def test_a_line_beyond_all_measure_is_not_in_the_cart(vase: Offer, clock: datetime, number: int, action: str) -> None:
    guest = a_guest(a_cart({vase: 1}, now=clock))
    answer = guest.post(f"/cart/lines/{number}/{action}", {"quantity": "1", "price_minor": "1"})
    assert answer.status_code in (302, 404)


@pytest.mark.parametrize("signature", ["t=1,v1=\xe9", "t=1=2,v1=a", "t=" + "9" * 5000 + ",v1=00", "=", ""])
def test_a_strange_signature_is_a_bad_one(stripe: StripeControl, db: None, signature: str) -> None:
    answer = Client().post("/webhooks/stripe/", b"{}", content_type="application/json", HTTP_STRIPE_SIGNATURE=signature)
    assert answer.status_code == 400


@pytest.mark.parametrize("back", ["a\x00b", "nowhere", "http://[", "//evil.test/", "/\\evil.test", "javascript:x"])
def test_the_way_back_from_the_cart_stays_here(vase: Offer, clock: datetime, back: str) -> None:
    guest = a_guest(a_cart({vase: 1}, now=clock))
    answer = guest.post("/cart/add/", {"offer": str(vase.pk), "next": back})
    assert answer.status_code == 302
    assert "evil" not in answer["Location"]
    assert "script" not in answer["Location"]
