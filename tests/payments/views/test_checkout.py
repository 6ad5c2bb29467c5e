import re
import uuid
from datetime import datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from marketplace.accounts.models import Address, User
from marketplace.carts import services as carts
from marketplace.carts.models import Cart
from marketplace.catalog.models import Offer
from marketplace.orders.models import OrderGroup
from payments import idempotency
from payments.models import IdempotencyKey, Payment
from tests.payments.views.conftest import a_guest, signed_in
from tests.shopping import BERLIN, a_cart, shipping_for
from tests.stripe_control import StripeControl

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = {"email": "mira@example.test", "phone": "", **BERLIN.to_json()}


def bare_cart(offer: Offer, now: datetime) -> uuid.UUID:
    """A cart of which the checkout knows nothing yet."""
    cart_id = carts.open_cart(user_id=None, cart_id=None, now=now).pk
    carts.add_line(cart_id=cart_id, offer_id=offer.pk, quantity=1, now=now)
    return cart_id


def form_of(html: str) -> dict[str, str]:
    """The hidden fields of the shipping form."""
    names = ("key", "cart")
    return {name: re.findall(rf'name="{name}" value="([^"]+)"', html)[0] for name in names}


def choices(*offers: Offer) -> dict[str, str]:
    return {f"shipping_{seller}": str(option) for seller, option in shipping_for(*offers).items()}


# --- address --------------------------------------------------------------------------------------------------------


def test_without_a_cart_there_is_nothing_to_check_out(db: None) -> None:
    for path in ("/checkout/", "/checkout/shipping/"):
        answer = Client().get(path)
        assert (answer.status_code, answer["Location"]) == (302, "/cart/")


def test_the_address_form_tells_browsers_what_to_fill_in(vase: Offer, clock: datetime) -> None:
    html = a_guest(bare_cart(vase, clock)).get("/checkout/").content.decode()
    for token in (
        "email",
        "tel",
        "shipping name",
        "shipping address-line1",
        "shipping postal-code",
        "shipping country",
    ):
        assert f'autocomplete="{token}"' in html
    assert "/account/login/?next=/checkout/" in html
    assert 'action="/checkout/address/"' in html


def test_every_mistake_is_shown_at_once_and_nothing_is_kept(vase: Offer, clock: datetime) -> None:
    cart_id = bare_cart(vase, clock)
    wrong = GOOD | {"email": "not an address", "line1": "", "postal_code": "", "city": "Bärlin"}
    answer = a_guest(cart_id).post("/checkout/address/", wrong)
    html = answer.content.decode()
    assert answer.status_code == 422
    for name in ("email", "line1", "postal_code"):
        assert f'href="#id_{name}"' in html
        assert f'id="id_{name}-error"' in html
    assert 'value="Bärlin"' in html
    assert "data-focus" in html
    cart = Cart.objects.get(pk=cart_id)
    assert (cart.email, cart.shipping_address) == ("", {})


def test_a_good_address_leads_to_shipping_and_stays(vase: Offer, clock: datetime) -> None:
    guest = a_guest(bare_cart(vase, clock))
    answer = guest.post("/checkout/address/", GOOD)
    assert (answer.status_code, answer["Location"]) == (302, "/checkout/shipping/")
    html = guest.get("/checkout/").content.decode()
    assert 'value="Oranienstr. 12"' in html
    assert 'value="mira@example.test"' in html


def test_saved_addresses_are_offered_and_used(vase: Offer, mira: User, clock: datetime) -> None:
    cart_id = carts.open_cart(user_id=mira.pk, cart_id=None, now=clock).pk
    carts.add_line(cart_id=cart_id, offer_id=vase.pk, quantity=1, now=clock)
    saved = Address.objects.create(user=mira, is_default=True, **BERLIN.to_json())
    foreign = Address.objects.create(
        user=User.objects.create_user("x@example.test"), **BERLIN.to_json() | {"city": "Rom"}
    )
    buyer = signed_in(mira)
    html = buyer.get("/checkout/").content.decode()
    assert f'<option value="{saved.pk}">' in html
    assert f'<option value="{foreign.pk}">' not in html
    assert 'value="mira@example.test"' in html
    blank = dict.fromkeys(GOOD, "") | {"email": mira.email}
    assert buyer.post("/checkout/address/", blank | {"saved": str(foreign.pk)}).status_code == 422
    assert buyer.post("/checkout/address/", blank | {"saved": str(saved.pk)}).status_code == 302
    assert Cart.objects.get(pk=cart_id).shipping_address == BERLIN.to_json()


def test_shipping_comes_after_the_address(vase: Offer, clock: datetime) -> None:
    answer = a_guest(bare_cart(vase, clock)).get("/checkout/shipping/")
    assert (answer.status_code, answer["Location"]) == (302, "/checkout/")


def test_a_changed_price_must_be_accepted_first(vase: Offer, clock: datetime) -> None:
    guest = a_guest(a_cart({vase: 1}, now=clock))
    Offer.objects.filter(pk=vase.pk).update(price_minor=2600)
    answer = guest.get("/checkout/shipping/")
    assert (answer.status_code, answer["Location"]) == (302, "/cart/")


# --- placing --------------------------------------------------------------------------------------------------------


def test_leaving_the_shipping_step_places_the_orders(
    stripe: StripeControl, vase: Offer, record: Offer, clock: datetime
) -> None:
    guest = a_guest(a_cart({vase: 1, record: 2}, now=clock))
    html = guest.get("/checkout/shipping/").content.decode()
    answer = guest.post("/checkout/", form_of(html) | choices(vase, record))
    group = OrderGroup.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/checkout/payment/{group.number}/")
    page = guest.get(answer["Location"]).content.decode()
    payment = Payment.objects.get(group=group)
    assert f'data-secret="{payment.client_secret}"' in page
    assert "Pay €" in page


def test_the_same_form_twice_is_one_order_and_one_answer(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    guest = a_guest(a_cart({vase: 1}, now=clock))
    form = form_of(guest.get("/checkout/shipping/").content.decode()) | choices(vase)
    first, second = guest.post("/checkout/", form), guest.post("/checkout/", form)
    assert (first.status_code, first["Location"], first.content) == (
        second.status_code,
        second["Location"],
        second.content,
    )
    assert OrderGroup.objects.count() == 1


def test_the_answer_is_repeated_after_the_cart_was_closed(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    guest = a_guest(a_cart({vase: 1}, now=clock))
    form = form_of(guest.get("/checkout/shipping/").content.decode()) | choices(vase)
    first = guest.post("/checkout/", form)
    carts.close(cart_id=uuid.UUID(form["cart"]), now=clock)
    again = guest.post("/checkout/", form)
    assert (again.status_code, again["Location"]) == (303, first["Location"])


def test_the_key_may_come_as_a_header(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    guest = a_guest(a_cart({vase: 1}, now=clock))
    for _ in range(2):
        assert guest.post("/checkout/", choices(vase), headers={"Idempotency-Key": "from-a-header"}).status_code == 303
    assert IdempotencyKey.objects.get().key == "from-a-header"


def test_the_same_key_with_another_choice_is_refused(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    guest = a_guest(a_cart({vase: 1}, now=clock))
    form = form_of(guest.get("/checkout/shipping/").content.decode()) | choices(vase)
    guest.post("/checkout/", form)
    answer = guest.post("/checkout/", form | {f"shipping_{vase.seller_id}": "999"})
    assert answer.status_code == 422
    assert OrderGroup.objects.count() == 1


def test_a_request_that_is_still_running_is_not_repeated(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    cart_id = a_cart({vase: 1}, now=clock)
    guest = a_guest(cart_id)
    form = form_of(guest.get("/checkout/shipping/").content.decode()) | choices(vase)
    body = {"cart": str(cart_id), **choices(vase)}
    running = idempotency.request_of(principal=f"cart:{cart_id}", route="POST /checkout/", key=form["key"], body=body)
    idempotency.claim(running, now=clock)
    answer = guest.post("/checkout/", form)
    assert (answer.status_code, answer["Retry-After"]) == (409, "1")


def test_a_missing_key_is_refused(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    answer = a_guest(a_cart({vase: 1}, now=clock)).post("/checkout/", choices(vase))
    assert answer.status_code == 400
    assert not OrderGroup.objects.exists()


@pytest.mark.parametrize("value", ["999999", "x", ""])
def test_a_way_of_shipping_that_does_not_exist_is_refused(
    stripe: StripeControl, vase: Offer, clock: datetime, value: str
) -> None:
    guest = a_guest(a_cart({vase: 1}, now=clock))
    form = form_of(guest.get("/checkout/shipping/").content.decode())
    answer = guest.post("/checkout/", form | {f"shipping_{vase.seller_id}": value})
    assert answer.status_code == 422
    assert not OrderGroup.objects.exists()


def test_somebody_elses_cart_cannot_be_ordered(
    stripe: StripeControl, vase: Offer, record: Offer, mira: User, clock: datetime
) -> None:
    theirs = a_cart({vase: 1}, buyer=mira, now=clock)
    form = {"cart": str(theirs), "key": "k"} | choices(vase)
    assert a_guest(theirs).post("/checkout/", form)["Location"] == "/cart/"
    other = signed_in(User.objects.create_user("other@example.test"))
    assert other.post("/checkout/", form)["Location"] == "/cart/"
    guests = a_cart({record: 1}, now=clock)
    rival = a_guest(a_cart({vase: 1}, now=clock))
    assert rival.post("/checkout/", {"cart": str(guests), "key": "k"} | choices(record))["Location"] == "/cart/"
    assert other.post("/checkout/", {"cart": str(guests), "key": "k"} | choices(record))["Location"] == "/cart/"
    assert not OrderGroup.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"key": ""}, {"shipping_1": "x"}, {"shipping_0": "1"}], ids=["no key", "no number", "no such stall"]
)
def test_a_form_that_is_wrong_shows_nothing_of_somebody_elses_cart(
    stripe: StripeControl, vase: Offer, record: Offer, mira: User, clock: datetime, wrong: dict[str, str]
) -> None:
    other = signed_in(User.objects.create_user("other@example.test"))
    for theirs in (a_cart({vase: 1}, buyer=mira, now=clock), a_cart({record: 1}, now=clock)):
        answer = other.post("/checkout/", {"cart": str(theirs), "key": "k"} | wrong)
        assert (answer.status_code, answer.get("Location")) == (302, "/cart/")


def test_who_comes_too_late_is_sent_to_the_cart(stripe: StripeControl, vase: Offer, clock: datetime) -> None:
    guest = a_guest(a_cart({vase: 3}, now=clock))
    form = form_of(guest.get("/checkout/shipping/").content.decode()) | choices(vase)
    rival = a_guest(a_cart({vase: 1}, now=clock))
    rival_form = form_of(rival.get("/checkout/shipping/").content.decode()) | choices(vase)
    assert rival.post("/checkout/", rival_form).status_code == 303
    answer = guest.post("/checkout/", form)
    assert (answer.status_code, answer["Location"]) == (302, "/cart/")
    assert OrderGroup.objects.count() == 1


def test_the_checkout_needs_a_csrf_token(vase: Offer, clock: datetime) -> None:
    guest = a_guest(a_cart({vase: 1}, now=clock))
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = guest.cookies
    assert strict.post("/checkout/", {"key": "k"} | choices(vase)).status_code == 403


@pytest.mark.parametrize(("path", "most"), [("/checkout/", 9), ("/checkout/shipping/", 9)])
def test_the_number_of_queries_does_not_grow_with_the_cart(
    vase: Offer,
    record: Offer,
    clock: datetime,
    path: str,
    most: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    guest = a_guest(a_cart({vase: 1, record: 2}, now=clock))
    guest.get(path)
    with django_assert_max_num_queries(most):
        assert guest.get(path).status_code == 200
