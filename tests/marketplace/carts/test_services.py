import uuid
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model

from marketplace.accounts.models import User
from marketplace.carts import queries, services
from marketplace.carts.errors import (
    BadContact,
    BadQuantity,
    BadShipping,
    CartClosed,
    CartFull,
    NotEnoughStock,
    OfferUnavailable,
    OwnOffer,
)
from marketplace.carts.limits import MOST_LINES
from marketplace.carts.models import Cart, CartLine
from marketplace.carts.services import Terms
from marketplace.carts.snapshot import Problem
from marketplace.catalog.models import Offer, Product
from marketplace.core.addresses import BadAddress
from marketplace.core.errors import NotFound
from marketplace.inventory import services as inventory
from marketplace.sellers.models import Seller
from tests.conftest import NOW
from tests.factories import a_product, a_shipping_option, an_offer
from tests.marketplace.carts.baskets import VIENNA, a_cart, a_ready_cart, quantities
from tests.marketplace.inventory.racing import together

LATER = NOW + timedelta(minutes=15)


def reprice(offer: Offer, price_minor: int) -> None:
    Offer.objects.filter(pk=offer.pk).update(price_minor=price_minor)


def problem(cart: Cart, offer: Offer) -> Problem | None:
    return queries.snapshot(cart_id=cart.pk).problems.get(offer.pk)


def test_an_account_has_one_open_cart(mira: User) -> None:
    first = services.open_cart(user_id=mira.pk, cart_id=None, now=NOW)
    assert services.open_cart(user_id=mira.pk, cart_id=uuid.uuid4(), now=NOW) == first
    services.close(cart_id=first.pk, now=NOW)
    assert services.open_cart(user_id=mira.pk, cart_id=None, now=NOW) != first


def test_two_first_requests_of_one_person_open_one_cart(transactional_db: None) -> None:
    user = get_user_model().objects.create_user("fast@example.test", "x")
    opened: list[uuid.UUID] = []

    def first_request() -> None:
        opened.append(services.open_cart(user_id=user.pk, cart_id=None, now=NOW).pk)

    assert together(*[first_request] * 6) == []
    assert len(opened) == 6
    assert len(set(opened)) == 1


def test_a_guest_keeps_the_cart_whose_id_they_hold(db: None) -> None:
    guest = services.open_cart(user_id=None, cart_id=None, now=NOW)
    assert services.open_cart(user_id=None, cart_id=guest.pk, now=NOW) == guest
    assert services.open_cart(user_id=None, cart_id=uuid.uuid4(), now=NOW) != guest


def test_a_guest_cannot_open_an_accounts_cart(mira: User) -> None:
    own = services.open_cart(user_id=mira.pk, cart_id=None, now=NOW)
    assert services.open_cart(user_id=None, cart_id=own.pk, now=NOW) != own


def test_adding_again_adds_up_and_keeps_the_price_first_seen(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, price_minor=2400, stock=10)
    cart = a_cart(offer, quantity=2)
    reprice(offer, 2600)
    state = services.add_line(cart_id=cart.pk, offer_id=offer.pk, quantity=3, now=NOW)
    assert (state.quantity, state.title) == (5, offer.variant.product.title)
    (line,) = cart.lines.all()
    assert (line.quantity, line.seen_price_minor) == (5, 2400)
    assert problem(cart, offer) == Problem.PRICE_CHANGED


def test_no_more_than_there_are(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=3)
    cart = a_cart(offer, quantity=2)
    with pytest.raises(NotEnoughStock, match="Only 3 left, and you have 2 in your cart"):
        services.add_line(cart_id=cart.pk, offer_id=offer.pk, quantity=2, now=NOW)
    with pytest.raises(NotEnoughStock, match="Only 3 left") as caught:
        services.set_quantity(cart_id=cart.pk, offer_id=offer.pk, quantity=4, now=NOW)
    assert caught.value.free == 3
    assert quantities(cart) == {offer.pk: 2}


def test_sold_out_cannot_be_added(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=0)
    with pytest.raises(NotEnoughStock, match="sold out"):
        a_cart(offer)


def test_fewer_is_always_possible(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=5)
    cart = a_cart(offer, quantity=5)
    inventory.set_on_hand(offer_id=offer.pk, on_hand=1, now=NOW)
    services.set_quantity(cart_id=cart.pk, offer_id=offer.pk, quantity=3, now=NOW)
    assert quantities(cart) == {offer.pk: 3}
    assert problem(cart, offer) == Problem.SHORT


@pytest.mark.parametrize("quantity", [0, -1, 100])
def test_senseless_quantities_are_not_added(kiln: Seller, quantity: int) -> None:
    offer = an_offer(seller=kiln, stock=500)
    cart = a_cart()
    with pytest.raises(BadQuantity):
        services.add_line(cart_id=cart.pk, offer_id=offer.pk, quantity=quantity, now=NOW)


def test_99_of_one_thing_fit(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=500)
    cart = a_cart(offer, quantity=99)
    for change in (services.add_line, services.set_quantity):
        with pytest.raises(BadQuantity, match="99"):
            change(cart_id=cart.pk, offer_id=offer.pk, quantity=100, now=NOW)
    assert quantities(cart) == {offer.pk: 99}


def test_100_different_things_fit(kiln: Seller) -> None:
    product = a_product(owner=kiln)
    offers = [an_offer(seller=kiln, product=product) for _ in range(MOST_LINES + 1)]
    cart = a_cart()
    CartLine.objects.bulk_create(
        CartLine(cart=cart, offer=offer, quantity=1, seen_price_minor=2500, added_at=NOW) for offer in offers[:-1]
    )
    with pytest.raises(CartFull):
        services.add_line(cart_id=cart.pk, offer_id=offers[-1].pk, quantity=1, now=NOW)
    services.add_line(cart_id=cart.pk, offer_id=offers[0].pk, quantity=1, now=NOW)
    services.remove_line(cart_id=cart.pk, offer_id=offers[0].pk, now=NOW)
    services.add_line(cart_id=cart.pk, offer_id=offers[-1].pk, quantity=1, now=NOW)
    with pytest.raises(CartFull):
        services.restore_line(cart_id=cart.pk, offer_id=offers[0].pk, now=NOW)


def test_what_is_not_for_sale_cannot_be_added(kiln: Seller) -> None:
    paused = an_offer(seller=kiln, status=Offer.Status.PAUSED)
    draft = an_offer(seller=kiln, product=a_product(owner=kiln, status=Product.Status.DRAFT))
    for offer in (paused, draft):
        with pytest.raises(OfferUnavailable):
            a_cart(offer)
    Seller.objects.filter(pk=kiln.pk).update(status=Seller.Status.SUSPENDED)
    with pytest.raises(OfferUnavailable):
        a_cart(an_offer(seller=kiln))
    with pytest.raises(NotFound):
        services.add_line(cart_id=a_cart().pk, offer_id=987_654_321, quantity=1, now=NOW)


def test_nobody_buys_from_their_own_stall(kiln: Seller) -> None:
    jonas = User.objects.get(email="jonas@example.test")
    with pytest.raises(OwnOffer):
        a_cart(an_offer(seller=kiln), user=jonas)


def test_removing_can_be_undone(kiln: Seller) -> None:
    offer, other = an_offer(seller=kiln, price_minor=2400, stock=5), an_offer(seller=kiln)
    cart = a_cart(offer, other, quantity=3)
    assert services.remove_line(cart_id=cart.pk, offer_id=offer.pk, now=NOW).quantity == 0
    assert quantities(cart) == {other.pk: 3}
    assert queries.count(cart_id=cart.pk) == 3
    assert queries.removed_title(cart_id=cart.pk, offer_id=offer.pk) == offer.variant.product.title
    reprice(offer, 2600)
    services.restore_line(cart_id=cart.pk, offer_id=offer.pk, now=NOW)
    services.restore_line(cart_id=cart.pk, offer_id=offer.pk, now=NOW)
    assert quantities(cart) == {offer.pk: 3, other.pk: 3}
    assert problem(cart, offer) == Problem.PRICE_CHANGED
    assert queries.removed_title(cart_id=cart.pk, offer_id=offer.pk) == ""


def test_a_removed_thing_that_is_added_again_starts_afresh(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, price_minor=2400, stock=5)
    cart = a_cart(offer, quantity=3)
    services.set_quantity(cart_id=cart.pk, offer_id=offer.pk, quantity=0, now=NOW)
    reprice(offer, 2600)
    services.add_line(cart_id=cart.pk, offer_id=offer.pk, quantity=1, now=NOW)
    assert quantities(cart) == {offer.pk: 1}
    assert problem(cart, offer) is None


def test_another_carts_line_is_not_there(kiln: Seller) -> None:
    offer = an_offer(seller=kiln)
    mine, theirs = a_cart(), a_cart(offer)
    for change in (services.remove_line, services.restore_line):
        with pytest.raises(NotFound):
            change(cart_id=mine.pk, offer_id=offer.pk, now=NOW)
    assert quantities(theirs) == {offer.pk: 1}


def test_a_closed_cart_stays_as_it_is(kiln: Seller) -> None:
    offer = an_offer(seller=kiln)
    cart = a_cart(offer)
    services.close(cart_id=cart.pk, now=NOW)
    services.close(cart_id=cart.pk, now=LATER)
    cart.refresh_from_db()
    assert cart.closed_at == NOW
    with pytest.raises(CartClosed):
        services.add_line(cart_id=cart.pk, offer_id=offer.pk, quantity=1, now=NOW)
    with pytest.raises(CartClosed):
        services.accept_changes(cart_id=cart.pk, now=NOW)


def test_changes_are_accepted_as_they_were_shown(kiln: Seller) -> None:
    dearer, fewer = an_offer(seller=kiln, price_minor=2400), an_offer(seller=kiln, stock=5)
    cart = a_cart(dearer, fewer, quantity=4)
    reprice(dearer, 2600)
    inventory.set_on_hand(offer_id=fewer.pk, on_hand=2, now=NOW)
    shown = {dearer.pk: Terms(2600, 4)}
    assert services.accept_changes(cart_id=cart.pk, shown=shown, now=NOW) == 1
    assert queries.snapshot(cart_id=cart.pk).problems == {fewer.pk: Problem.SHORT}
    assert services.accept_changes(cart_id=cart.pk, shown={fewer.pk: Terms(2500, 2)}, now=NOW) == 1
    assert queries.snapshot(cart_id=cart.pk).problems == {}
    assert quantities(cart) == {dearer.pk: 4, fewer.pk: 2}


def test_a_change_on_top_of_the_accepted_one_is_not_accepted(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, price_minor=2400)
    cart = a_cart(offer)
    reprice(offer, 9900)
    assert services.accept_changes(cart_id=cart.pk, shown={offer.pk: Terms(2600, 1)}, now=NOW) == 0
    assert problem(cart, offer) == Problem.PRICE_CHANGED


def test_all_changes_at_once_leave_what_cannot_be_bought(kiln: Seller, groove: Seller) -> None:
    dearer, gone, closed = an_offer(seller=kiln, price_minor=2400), an_offer(seller=kiln), an_offer(seller=groove)
    cart = a_cart(dearer, gone, closed)
    reprice(dearer, 2600)
    inventory.set_on_hand(offer_id=gone.pk, on_hand=0, now=NOW)
    Seller.objects.filter(pk=groove.pk).update(status=Seller.Status.SUSPENDED)
    assert services.accept_changes(cart_id=cart.pk, now=NOW) == 1
    problems = queries.snapshot(cart_id=cart.pk).problems
    assert problems == {gone.pk: Problem.SOLD_OUT, closed.pk: Problem.UNAVAILABLE}


@pytest.mark.parametrize(
    ("email", "phone", "field"),
    [
        ("", "", "email"),
        ("mira", "", "email"),
        (f"{'x' * 250}@example.test", "", "email"),
        ("mira@example.test\nBcc: all@example.test", "", "email"),
        ("mira@example.test", "call me", "phone"),
        ("mira@example.test", "1" * 41, "phone"),
    ],
)
def test_contacts_are_checked(db: None, email: str, phone: str, field: str) -> None:
    with pytest.raises(BadContact) as caught:
        services.set_contact(cart_id=a_cart().pk, email=email, phone=phone, now=NOW)
    assert list(caught.value.fields) == [field]


def test_contacts_are_kept(db: None) -> None:
    cart = a_cart()
    services.set_contact(cart_id=cart.pk, email=" mira@example.test ", phone="+43 1 234 56-78", now=NOW)
    cart.refresh_from_db()
    assert (cart.email, cart.phone) == ("mira@example.test", "+43 1 234 56-78")


def test_an_address_is_checked_and_kept(db: None) -> None:
    cart = a_cart()
    with pytest.raises(BadAddress):
        services.set_shipping_address(cart_id=cart.pk, address=VIENNA.from_json({}), now=NOW)
    services.set_shipping_address(cart_id=cart.pk, address=VIENNA, now=NOW)
    assert queries.snapshot(cart_id=cart.pk).address == VIENNA


def test_a_new_country_forgets_what_does_not_reach_it(kiln: Seller, groove: Seller) -> None:
    near = a_shipping_option(kiln, countries=["AT"], price_minor=100)
    cart = a_ready_cart(an_offer(seller=kiln), an_offer(seller=groove))
    assert cart.shipping_choices[str(kiln.pk)] == near.pk
    abroad = VIENNA.from_json(VIENNA.to_json() | {"country": "JP"})
    services.set_shipping_address(cart_id=cart.pk, address=abroad, now=NOW)
    cart.refresh_from_db()
    assert list(cart.shipping_choices) == [str(groove.pk)]


def test_shipping_is_chosen_from_what_the_stall_offers_there(kiln: Seller, groove: Seller) -> None:
    abroad = a_shipping_option(kiln, countries=["JP"])
    ended = a_shipping_option(kiln, is_active=False)
    theirs = groove.shipping_options.get()
    cart = a_ready_cart(an_offer(seller=kiln))
    for option in (abroad, ended, theirs):
        with pytest.raises(BadShipping) as caught:
            services.choose_shipping(cart_id=cart.pk, choices={kiln.pk: option.pk}, now=NOW)
        assert list(caught.value.fields) == [f"shipping_{kiln.pk}"]
    with pytest.raises(BadShipping):
        services.choose_shipping(cart_id=cart.pk, choices={groove.pk: theirs.pk}, now=NOW)


def test_shipping_needs_an_address(kiln: Seller) -> None:
    cart = a_cart(an_offer(seller=kiln))
    with pytest.raises(BadShipping, match="address first"):
        services.choose_shipping(cart_id=cart.pk, choices={kiln.pk: kiln.shipping_options.get().pk}, now=NOW)


def test_forgotten_guest_carts_are_pruned(kiln: Seller, mira: User) -> None:
    old, fresh, own = a_cart(an_offer(seller=kiln)), a_cart(), a_cart(user=mira)
    Cart.objects.filter(pk__in=[old.pk, own.pk]).update(updated_at=NOW - timedelta(days=91))
    assert services.prune(now=NOW) == 1
    assert set(Cart.objects.all()) == {fresh, own}
