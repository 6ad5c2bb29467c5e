import uuid
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.accounts.models import Address, User
from marketplace.carts import queries, services
from marketplace.carts.snapshot import Problem
from marketplace.catalog.models import Offer, Product, ProductImage
from marketplace.core.errors import NotFound
from marketplace.inventory import services as inventory
from marketplace.sellers.models import Seller, SellerMember
from tests.conftest import NOW
from tests.factories import a_member, a_product, a_seller, a_shipping_option, a_variant, an_offer
from tests.marketplace.carts.baskets import a_cart, a_ready_cart

MOST_QUERIES = 7


def test_lines_stand_by_stall_with_sums(kiln: Seller, groove: Seller) -> None:
    vase, bowl = an_offer(seller=kiln, price_minor=2400), an_offer(seller=kiln, price_minor=3000)
    record = an_offer(seller=groove, price_minor=10_000)
    snapshot = queries.snapshot(cart_id=a_ready_cart(vase, record, bowl, quantity=1).pk)
    first, second = snapshot.parcels
    assert (first.seller_name, second.seller_name) == ("Kiln Street", "Second Groove")
    assert [line.offer_id for line in first.lines] == [vase.pk, bowl.pk]
    assert (first.items_minor, first.shipping_minor, first.total_minor) == (5400, 490, 5890)
    assert (second.items_minor, second.shipping_minor) == (10_000, 0), "free from 100.00"
    assert (snapshot.items_minor, snapshot.shipping_minor, snapshot.total_minor) == (15_400, 490, 15_890)
    assert (snapshot.units, snapshot.currency, snapshot.country) == (3, "EUR", "AT")


def test_a_line_says_what_it_is(kiln: Seller) -> None:
    product = a_product(title="Tall vase", owner=kiln)
    ProductImage.objects.create(product=product, position=0, state="pending", source_url="https://example.test/a")
    for position, key in ((2, "second"), (1, "first")):
        ProductImage.objects.create(product=product, position=position, key=key, state="ready", width=9, height=8)
    offer = an_offer(
        seller=kiln, variant=a_variant(product, size="Large"), condition="very_good", sku="V-1", price_minor=2400
    )
    (line,) = queries.snapshot(cart_id=a_cart(offer, quantity=2).pk).lines
    assert (line.title, line.variant_title, line.condition, line.sku) == ("Tall vase", "Large", "very_good", "V-1")
    assert (line.product_slug, line.quantity, line.total_minor, line.free) == ("tall-vase", 2, 4800, 10)
    assert line.image is not None
    assert (line.image.key, line.image.width, line.image.height) == ("first", 9, 8)
    assert line.problem is None


def test_every_problem_appears_on_its_line(kiln: Seller, groove: Seller, mira: User) -> None:
    fine, dearer, short, gone, paused, archived = (an_offer(seller=kiln, stock=5) for _ in range(6))
    closed, own = an_offer(seller=groove), an_offer(seller=(stall := a_seller()))
    cart = a_cart(fine, dearer, short, gone, paused, archived, closed, own, user=mira, quantity=3)
    Offer.objects.filter(pk=dearer.pk).update(price_minor=2600)
    inventory.set_on_hand_many(on_hand={short.pk: 2, gone.pk: 0}, now=NOW)
    Offer.objects.filter(pk=paused.pk).update(status=Offer.Status.PAUSED)
    Product.objects.filter(pk=archived.variant.product_id).update(status=Product.Status.ARCHIVED)
    Seller.objects.filter(pk=groove.pk).update(status=Seller.Status.SUSPENDED)
    a_member(stall, mira, SellerMember.Role.STAFF)
    snapshot = queries.snapshot(cart_id=cart.pk)
    assert snapshot.problems == {
        dearer.pk: Problem.PRICE_CHANGED,
        short.pk: Problem.SHORT,
        gone.pk: Problem.SOLD_OUT,
        paused.pk: Problem.UNAVAILABLE,
        archived.pk: Problem.UNAVAILABLE,
        closed.pk: Problem.UNAVAILABLE,
        own.pk: Problem.OWN,
    }
    assert snapshot.items_minor == 3 * (2500 + 2600 + 2500), "what cannot be bought costs nothing"
    assert [parcel.seller_open for parcel in snapshot.parcels] == [True, False, True]


def test_units_held_for_this_cart_are_free_to_it_alone(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=2)
    mine, theirs = a_cart(offer, quantity=2), a_cart(offer, quantity=1)
    inventory.reserve(reference="A-1", quantities={offer.pk: 2}, now=NOW, expires_at=NOW)
    services.note_hold(cart_id=mine.pk, reference="A-1")
    assert queries.snapshot(cart_id=mine.pk).problems == {}
    assert queries.snapshot(cart_id=theirs.pk).problems == {offer.pk: Problem.SOLD_OUT}
    inventory.release(reference="A-1", now=NOW)
    assert [line.free for line in queries.snapshot(cart_id=mine.pk).lines] == [2]


def test_shipping_is_what_reaches_the_address_cheapest_first(kiln: Seller) -> None:
    a_shipping_option(kiln, name="Courier", countries=["AT", "DE"], price_minor=1200, free_from_minor=None)
    a_shipping_option(kiln, name="Letter", countries=["AT"], price_minor=150, free_from_minor=2000)
    a_shipping_option(kiln, name="Pigeon", countries=["JP"], price_minor=10)
    a_shipping_option(kiln, name="Old", is_active=False, price_minor=10)
    cart = a_cart(an_offer(seller=kiln, price_minor=2500))
    (parcel,) = queries.snapshot(cart_id=cart.pk, country="AT").parcels
    assert [(way.name, way.price_minor) for way in parcel.options] == [
        ("Letter", 0), ("Standard", 490), ("Courier", 1200),
    ]  # fmt: skip
    assert parcel.chosen is None
    assert parcel.shipping is parcel.options[0]
    (elsewhere,) = queries.snapshot(cart_id=cart.pk, country="FR").parcels
    assert [way.name for way in elsewhere.options] == ["Standard"]
    (at_home,) = queries.snapshot(cart_id=cart.pk).parcels
    assert [way.name for way in at_home.options] == ["Standard", "Courier"], "the stall's own country"


def test_a_stall_that_does_not_ship_there(kiln: Seller) -> None:
    kiln.shipping_options.update(countries=["DE"])
    (parcel,) = queries.snapshot(cart_id=a_cart(an_offer(seller=kiln)).pk, country="JP").parcels
    assert (parcel.options, parcel.shipping, parcel.shipping_minor) == ((), None, 0)


def test_an_account_ships_to_its_usual_country(kiln: Seller, mira: User) -> None:
    fields = {"name": "Mira", "line1": "1", "city": "X", "user": mira}
    Address.objects.create(country="FR", **fields)
    Address.objects.create(country="AT", is_default=True, **fields)
    cart = a_cart(an_offer(seller=kiln), user=mira)
    assert queries.snapshot(cart_id=cart.pk, country="JP").country == "AT"


def test_the_date_counts_dispatch_and_way_in_working_days(kiln: Seller) -> None:
    cart = a_ready_cart(an_offer(seller=kiln))
    (parcel,) = queries.snapshot(cart_id=cart.pk).parcels
    assert parcel.chosen is not None
    arrival = parcel.chosen.arrival(NOW)
    # Sunday; dispatch 1 to 3, way 2 to 4 working days from Monday the 23rd.
    assert (arrival.ship_by, arrival.earliest, arrival.latest) == (
        date(2026, 11, 26), date(2026, 11, 26), date(2026, 12, 2),
    )  # fmt: skip


def test_a_cart_is_found_by_its_owner_only(mira: User, olga: User) -> None:
    own, guest = a_cart(user=mira), a_cart()
    assert queries.find(user_id=mira.pk, cart_id=guest.pk) == own.pk
    assert queries.find(user_id=olga.pk, cart_id=own.pk) is None
    assert queries.find(user_id=None, cart_id=own.pk) is None
    assert queries.find(user_id=None, cart_id=guest.pk) == guest.pk
    assert queries.find(user_id=None, cart_id=None) is None
    services.close(cart_id=guest.pk, now=NOW)
    assert queries.find(user_id=None, cart_id=guest.pk) is None


def test_a_cart_that_never_was(db: None) -> None:
    with pytest.raises(NotFound):
        queries.snapshot(cart_id=uuid.uuid4())


def test_units_are_counted_in_one_query(kiln: Seller, mira: User) -> None:
    cart = a_cart(an_offer(seller=kiln), an_offer(seller=kiln), user=mira, quantity=3)
    guest = a_cart(an_offer(seller=kiln))
    with CaptureQueriesContext(connection) as captured:
        assert queries.count(user_id=mira.pk) == 6
    assert len(captured) == 1
    assert queries.count(cart_id=guest.pk) == 1
    assert queries.count(cart_id=cart.pk) == 0, "an account's cart is not counted for who merely knows its id"
    assert queries.count() == 0


@pytest.mark.parametrize(("stalls", "each"), [(1, 1), (5, 6)])
def test_a_snapshot_costs_the_same_for_any_cart(mira: User, stalls: int, each: int) -> None:
    offers = []
    for _ in range(stalls):
        seller = a_seller()
        offers += [an_offer(seller=seller, product=a_product(owner=seller)) for _ in range(each)]
    cart = a_cart(*offers, user=mira)
    services.note_hold(cart_id=cart.pk, reference="A-1")
    with CaptureQueriesContext(connection) as captured:
        assert len(queries.snapshot(cart_id=cart.pk).lines) == stalls * each
    # cart, usual country, lines, holds, memberships, pictures, ways of shipping
    assert len(captured) == MOST_QUERIES
