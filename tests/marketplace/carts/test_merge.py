import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.accounts.models import User
from marketplace.carts import merging, queries, services
from marketplace.carts.limits import MOST_LINES
from marketplace.carts.models import Cart, CartLine
from marketplace.carts.snapshot import Problem
from marketplace.catalog.models import Offer
from marketplace.inventory import services as inventory
from marketplace.sellers.models import Seller
from tests.conftest import NOW
from tests.factories import a_product, a_seller, a_user, an_offer
from tests.marketplace.carts.baskets import VIENNA, a_cart, quantities
from tests.marketplace.inventory.racing import together

LATER = NOW + timedelta(minutes=5)


def merged(guest: Cart, user: User) -> Cart:
    return services.merge(guest_cart_id=guest.pk, user_id=user.pk, now=LATER)


def test_the_guests_things_come_along(kiln: Seller, groove: Seller, mira: User) -> None:
    vase, record = an_offer(seller=kiln), an_offer(seller=groove)
    own, guest = a_cart(vase, user=mira), a_cart(record, quantity=2)
    assert merged(guest, mira) == own
    assert quantities(own) == {vase.pk: 1, record.pk: 2}
    guest.refresh_from_db()
    assert guest.closed_at == LATER


def test_somebody_without_a_cart_gets_one(kiln: Seller, mira: User) -> None:
    offer = an_offer(seller=kiln)
    cart = merged(a_cart(offer), mira)
    assert cart.user == mira
    assert quantities(cart) == {offer.pk: 1}


def test_merging_again_changes_nothing(kiln: Seller, mira: User) -> None:
    offer = an_offer(seller=kiln)
    own, guest = a_cart(offer, user=mira), a_cart(offer)
    merged(guest, mira)
    merged(guest, mira)
    assert quantities(own) == {offer.pk: 2}


@pytest.mark.parametrize(
    ("own_units", "guest_units", "stock", "expected"),
    [(2, 3, 10, 5), (2, 3, 4, 4), (0, 3, 2, 2), (3, 1, 2, 3), (60, 60, 500, 99), (0, 2, 0, 1)],
    ids=[
        "added",
        "capped by stock",
        "guest alone is capped",
        "never fewer than were there",
        "capped at 99",
        "sold out",
    ],
)
def test_quantities(kiln: Seller, mira: User, own_units: int, guest_units: int, stock: int, expected: int) -> None:
    offer = an_offer(seller=kiln, stock=500)
    own = a_cart(user=mira)
    if own_units:
        services.add_line(cart_id=own.pk, offer_id=offer.pk, quantity=own_units, now=NOW)
    guest = a_cart(offer, quantity=guest_units)
    inventory.set_on_hand(offer_id=offer.pk, on_hand=stock, now=NOW)
    merged(guest, mira)
    assert quantities(own) == {offer.pk: expected}


def test_prices_stay_as_they_were_seen(kiln: Seller, mira: User) -> None:
    both, guests = an_offer(seller=kiln, price_minor=1000), an_offer(seller=kiln, price_minor=1000)
    own = a_cart(both, user=mira)
    Offer.objects.update(price_minor=1100)
    guest = a_cart(both, guests)
    Offer.objects.update(price_minor=1200)
    merged(guest, mira)
    assert dict(own.lines.values_list("offer_id", "seen_price_minor")) == {both.pk: 1000, guests.pk: 1100}
    assert set(queries.snapshot(cart_id=own.pk).problems.values()) == {Problem.PRICE_CHANGED}


def test_a_line_removed_from_the_account_comes_back_as_the_guest_had_it(kiln: Seller, mira: User) -> None:
    offer = an_offer(seller=kiln)
    own = a_cart(offer, user=mira, quantity=4)
    services.remove_line(cart_id=own.pk, offer_id=offer.pk, now=NOW)
    merged(a_cart(offer), mira)
    assert quantities(own) == {offer.pk: 1}


def test_what_the_guest_removed_stays_away(kiln: Seller, mira: User) -> None:
    offer = an_offer(seller=kiln)
    own, guest = a_cart(user=mira), a_cart(offer)
    services.remove_line(cart_id=guest.pk, offer_id=offer.pk, now=NOW)
    merged(guest, mira)
    assert quantities(own) == {}


def test_what_the_guest_told_the_checkout_fills_the_gaps(mira: User) -> None:
    own, guest = a_cart(user=mira), a_cart()
    services.set_contact(cart_id=own.pk, email="mira@example.test", phone="", now=NOW)
    services.set_contact(cart_id=guest.pk, email="other@example.test", phone="+43 1 23456", now=NOW)
    services.set_shipping_address(cart_id=guest.pk, address=VIENNA, now=NOW)
    merged(guest, mira)
    own.refresh_from_db()
    assert (own.email, own.phone) == ("mira@example.test", "+43 1 23456")
    assert own.shipping_address["city"] == "Vienna"


def test_somebody_elses_cart_is_not_taken(kiln: Seller, mira: User, olga: User) -> None:
    offer = an_offer(seller=kiln)
    theirs = a_cart(offer, user=olga)
    assert quantities(merged(theirs, mira)) == {}
    assert quantities(theirs) == {offer.pk: 1}


def test_a_cart_that_never_was_is_no_error(mira: User) -> None:
    cart = services.merge(guest_cart_id=uuid.uuid4(), user_id=mira.pk, now=NOW)
    assert cart.user == mira


def test_a_full_cart_takes_what_fits(kiln: Seller, mira: User) -> None:
    product = a_product(owner=kiln)
    offers = [an_offer(seller=kiln, product=product) for _ in range(MOST_LINES + 1)]
    own, guest = a_cart(user=mira), a_cart(offers[0], *offers[-2:])
    CartLine.objects.bulk_create(
        CartLine(cart=own, offer=offer, quantity=1, seen_price_minor=2500, added_at=NOW)
        for offer in offers[: MOST_LINES - 1]
    )
    merged(guest, mira)
    assert len(quantities(own)) == MOST_LINES
    assert quantities(own)[offers[0].pk] == 2


@pytest.mark.parametrize("size", [1, 12])
def test_merging_costs_the_same_for_any_cart(kiln: Seller, mira: User, size: int) -> None:
    product = a_product(owner=kiln)
    guest = a_cart(*(an_offer(seller=kiln, product=product) for _ in range(size)))
    own = a_cart(user=mira)
    with CaptureQueriesContext(connection) as captured:
        assert merged(guest, mira) == own
    # begin, find, lock both, lines of both, stock, write lines, close one, save the other, commit
    assert len(captured) == 10


def test_signing_in_twice_at_once_merges_once(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first to pour gives the second every chance to pour as well: only the carts' locks keep it out."""
    offer = an_offer(seller=a_seller())
    user = a_user()
    own, guest = a_cart(offer, user=user), a_cart(offer, quantity=2)
    pour, entered, first_is_done, second_came = merging.pour, threading.Lock(), threading.Event(), threading.Event()

    def pour_slowly(guest: Cart, *, into: Cart) -> None:
        if entered.acquire(blocking=False):
            second_came.wait(timeout=0.5)
        else:
            second_came.set()
            first_is_done.wait(timeout=10)
        pour(guest, into=into)

    def sign_in() -> None:
        services.merge(guest_cart_id=guest.pk, user_id=user.pk, now=NOW)
        first_is_done.set()

    monkeypatch.setattr(merging, "pour", pour_slowly)
    assert together(sign_in, sign_in) == []
    assert not second_came.is_set()
    assert quantities(own) == {offer.pk: 3}
