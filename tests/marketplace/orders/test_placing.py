from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from marketplace.accounts.models import User
from marketplace.carts import services as carts
from marketplace.carts.errors import CartClosed
from marketplace.carts.models import Cart
from marketplace.carts.snapshot import CartSnapshot, Problem
from marketplace.catalog.models import Offer, ProductImage
from marketplace.core.db import NoOpenTransaction
from marketplace.core.errors import NotFound
from marketplace.inventory import queries as inventory_queries
from marketplace.inventory import services as inventory
from marketplace.inventory.errors import OutOfStock
from marketplace.orders import placing, services
from marketplace.orders.errors import CartChanged, CheckoutIncomplete, EmptyCart, OrderPending, SellerUnavailable
from marketplace.orders.models import Order, OrderGroup, OrderLine
from marketplace.sellers.models import Seller
from tests.conftest import NOW
from tests.factories import a_product, a_seller, a_shipping_option, a_variant, an_offer
from tests.marketplace.carts.baskets import VIENNA, a_cart, a_ready_cart, choose_first
from tests.marketplace.inventory.listening import listening
from tests.marketplace.inventory.racing import together

LATER = NOW + timedelta(minutes=5)
EXPIRED = NOW + timedelta(minutes=15)


def place(cart: Cart, *, now: datetime = NOW) -> OrderGroup:
    with transaction.atomic():
        return services.place_order(cart_id=cart.pk, buyer_id=cart.user_id, now=now)


def test_one_order_per_stall_whose_sums_add_up(kiln: Seller, groove: Seller, mira: User) -> None:
    vase, bowl = an_offer(seller=kiln, price_minor=2400), an_offer(seller=kiln, price_minor=1000)
    record = an_offer(seller=groove, price_minor=10_000)
    group = place(a_ready_cart(vase, record, bowl, user=mira, quantity=2))
    ceramics, records = group.orders.order_by("pk")
    assert (ceramics.seller, ceramics.items_minor, ceramics.shipping_minor) == (kiln, 6800, 490)
    assert (records.seller, records.items_minor, records.shipping_minor) == (groove, 20_000, 0)
    assert (group.items_minor, group.shipping_minor, group.total_minor) == (26_800, 490, 27_290)
    assert ceramics.total_minor + records.total_minor == group.total_minor
    assert (group.buyer, group.email, group.currency) == (mira, "mira@example.test", "EUR")
    assert group.shipping_address == VIENNA.to_json()
    assert group.expires_at == EXPIRED
    assert len({group.number, ceramics.number, records.number}) == 3
    assert inventory_queries.held_units(reference=group.number) == {vase.pk: 2, bowl.pk: 2, record.pk: 2}


def test_a_line_is_frozen_as_it_was_sold(kiln: Seller) -> None:
    product = a_product(title="Tall vase", owner=kiln)
    ProductImage.objects.create(product=product, key="vase", state="ready", width=1, height=1)
    offer = an_offer(seller=kiln, variant=a_variant(product, size="Large"), condition="good", sku="V-1")
    group = place(a_ready_cart(offer, quantity=2))
    product.title = "Renamed"
    product.save()
    Offer.objects.filter(pk=offer.pk).update(price_minor=9900, sku="V-2", condition="new")
    line = OrderLine.objects.get(order__group=group)
    assert (line.title, line.variant_title, line.sku, line.condition) == ("Tall vase", "Large", "V-1", "good")
    assert (line.product_slug, line.image_key) == ("tall-vase", "vase")
    assert (line.unit_price_minor, line.quantity, line.total_minor) == (2500, 2, 5000)


def test_shipping_is_promised_as_it_was_chosen(kiln: Seller) -> None:
    courier = a_shipping_option(kiln, name="Courier", price_minor=1200, days_min=1, days_max=1, free_from_minor=None)
    cart = a_ready_cart(an_offer(seller=kiln))
    carts.choose_shipping(cart_id=cart.pk, choices={kiln.pk: courier.pk}, now=NOW)
    order = place(cart).orders.get()
    assert (order.shipping_name, order.shipping_minor) == ("Courier", 1200)
    assert (order.ship_by, order.arrives_from, order.arrives_until) == (
        date(2026, 11, 26), date(2026, 11, 25), date(2026, 11, 27),
    )  # fmt: skip


def test_placing_is_written_down_and_told(kiln: Seller) -> None:
    with listening("order.placed") as heard:
        group = place(a_ready_cart(an_offer(seller=kiln)))
        assert heard() == [{"group": group.number}]
    (event,) = group.orders.get().events.all()
    assert (event.kind, event.actor, event.created_at) == ("placed", "buyer", NOW)


def test_the_same_cart_again_is_the_same_group(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=1)
    cart = a_ready_cart(offer)
    group = place(cart)
    assert place(cart, now=LATER) == group
    Offer.objects.filter(pk=offer.pk).update(price_minor=9900, status=Offer.Status.PAUSED)
    kiln.shipping_options.update(is_active=False)
    assert place(cart, now=LATER) == group, "what others change does not touch a placed order"
    assert OrderGroup.objects.count() == 1


def test_a_double_click_places_once(transactional_db: None) -> None:
    cart = a_ready_cart(an_offer(seller=a_seller(), stock=1))
    placed: list[int] = []
    assert together(*[lambda: placed.append(place(cart).pk)] * 5) == []
    assert len(placed) == 5
    assert OrderGroup.objects.count() == 1


CHANGES: dict[str, Callable[[Cart, Offer], object]] = {
    "quantity": lambda cart, offer: carts.set_quantity(cart_id=cart.pk, offer_id=offer.pk, quantity=2, now=LATER),
    "line": lambda cart, offer: carts.add_line(
        cart_id=cart.pk, offer_id=an_offer(seller=offer.seller).pk, quantity=1, now=LATER
    ),
    "e-mail": lambda cart, offer: carts.set_contact(cart_id=cart.pk, email="new@example.test", phone="", now=LATER),
    "phone": lambda cart, offer: carts.set_contact(
        cart_id=cart.pk, email="mira@example.test", phone="+43 1 23456", now=LATER
    ),
    "address": lambda cart, offer: carts.set_shipping_address(
        cart_id=cart.pk, address=VIENNA.from_json(VIENNA.to_json() | {"line1": "Elsewhere 1"}), now=LATER
    ),
    "shipping": lambda cart, offer: carts.choose_shipping(
        cart_id=cart.pk, choices={offer.seller_id: a_shipping_option(offer.seller).pk}, now=LATER
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_cart_is_renewed(kiln: Seller, change: Callable[[Cart, Offer], object]) -> None:
    offer = an_offer(seller=kiln, stock=5)
    cart = a_ready_cart(offer)
    group = place(cart)
    change(cart, offer)
    with pytest.raises(OrderPending) as caught:
        place(cart, now=LATER)
    assert (caught.value.group_id, caught.value.number) == (group.pk, group.number)
    services.cancel_group(group_id=group.pk, reason="replaced", now=LATER)
    assert place(cart, now=LATER) != group
    assert inventory_queries.imbalances() == []


def test_an_accepted_price_is_a_change(kiln: Seller) -> None:
    offer = an_offer(seller=kiln)
    cart = a_ready_cart(offer)
    place(cart)
    Offer.objects.filter(pk=offer.pk).update(price_minor=2600)
    carts.accept_changes(cart_id=cart.pk, now=LATER)
    with pytest.raises(OrderPending):
        place(cart, now=LATER)


def test_a_group_whose_time_is_over_is_renewed(kiln: Seller) -> None:
    cart = a_ready_cart(an_offer(seller=kiln, stock=1))
    group = place(cart)
    with pytest.raises(OrderPending):
        place(cart, now=EXPIRED)
    services.cancel_group(group_id=group.pk, reason="expired", now=EXPIRED)
    assert place(cart, now=EXPIRED).expires_at == EXPIRED + timedelta(minutes=15)


def test_a_paid_cart_answers_with_its_order(kiln: Seller) -> None:
    cart = a_ready_cart(an_offer(seller=kiln))
    group = place(cart)
    services.mark_group_paid(group_id=group.pk, now=LATER)
    assert place(cart, now=EXPIRED) == group


def test_placing_needs_the_callers_transaction(kiln: Seller) -> None:
    cart = a_ready_cart(an_offer(seller=kiln))
    with pytest.raises(NoOpenTransaction):
        services.place_order(cart_id=cart.pk, buyer_id=None, now=NOW)


def test_somebody_elses_cart_is_not_there(kiln: Seller, mira: User, olga: User) -> None:
    own, guest = a_ready_cart(an_offer(seller=kiln), user=mira), a_ready_cart(an_offer(seller=kiln))
    for cart, buyer in ((own, olga.pk), (own, None), (guest, mira.pk)):
        with pytest.raises(NotFound), transaction.atomic():
            services.place_order(cart_id=cart.pk, buyer_id=buyer, now=NOW)


def test_an_empty_or_closed_cart_places_nothing(kiln: Seller) -> None:
    with pytest.raises(EmptyCart):
        place(a_cart())
    cart = a_ready_cart(an_offer(seller=kiln))
    carts.close(cart_id=cart.pk, now=NOW)
    with pytest.raises(CartClosed):
        place(cart)


def test_every_missing_answer_is_named(kiln: Seller, groove: Seller) -> None:
    cart = a_cart(an_offer(seller=kiln), an_offer(seller=groove))
    answers: list[Callable[[], None]] = [
        partial(carts.set_contact, cart_id=cart.pk, email="mira@example.test", phone="", now=NOW),
        partial(carts.set_shipping_address, cart_id=cart.pk, address=VIENNA, now=NOW),
        partial(choose_first, cart),
    ]
    missing = []
    for answer in answers:
        with pytest.raises(CheckoutIncomplete) as caught:
            place(cart)
        missing.append((caught.value.missing, sorted(caught.value.fields)))
        answer()
    assert missing == [
        ("email", ["email"]),
        ("address", ["line1"]),
        ("shipping", sorted([f"shipping_{kiln.pk}", f"shipping_{groove.pk}"])),
    ]
    assert place(cart)


def test_changes_must_be_accepted_first(kiln: Seller) -> None:
    dearer, short = an_offer(seller=kiln), an_offer(seller=kiln, stock=3)
    cart = a_ready_cart(dearer, short, quantity=3)
    Offer.objects.filter(pk=dearer.pk).update(price_minor=2600)
    inventory.set_on_hand(offer_id=short.pk, on_hand=2, now=NOW)
    with pytest.raises(CartChanged) as caught:
        place(cart)
    assert caught.value.problems == {dearer.pk: Problem.PRICE_CHANGED, short.pk: Problem.SHORT}
    carts.accept_changes(cart_id=cart.pk, now=NOW)
    assert place(cart).items_minor == 3 * 2600 + 2 * 2500


def test_a_suspended_stall_sells_nothing(kiln: Seller, groove: Seller) -> None:
    cart = a_ready_cart(an_offer(seller=groove), an_offer(seller=kiln))
    Seller.objects.filter(pk=kiln.pk).update(status=Seller.Status.SUSPENDED)
    with pytest.raises(SellerUnavailable, match="Kiln Street is closed"):
        place(cart)


def test_the_last_unit_goes_to_one_of_many_carts(transactional_db: None) -> None:
    offer = an_offer(seller=a_seller(), stock=1)
    buyers = [a_ready_cart(offer) for _ in range(6)]
    raised = together(*(partial(place, cart) for cart in buyers))
    assert len(raised) == 5
    assert all(isinstance(error, OutOfStock | CartChanged) for error in raised)
    assert OrderGroup.objects.count() == Order.objects.count() == 1
    assert inventory_queries.imbalances() == []


def test_being_beaten_between_look_and_hold_leaves_nothing(kiln: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    offer = an_offer(seller=kiln, stock=1)
    cart = a_ready_cart(offer)
    write = placing.write

    def write_slowly(cart: Cart, snapshot: CartSnapshot, *, now: datetime) -> OrderGroup:
        inventory.reserve(reference="A-FASTER", quantities={offer.pk: 1}, now=NOW, expires_at=EXPIRED)
        return write(cart, snapshot, now=now)

    monkeypatch.setattr(placing, "write", write_slowly)
    with pytest.raises(OutOfStock) as caught:
        place(cart)
    assert caught.value.offers == (offer.pk,)
    assert not OrderGroup.objects.exists()


def test_a_cart_has_one_live_group_even_without_our_code(kiln: Seller) -> None:
    cart = a_ready_cart(an_offer(seller=kiln))
    group = place(cart)
    values = {
        field.attname: getattr(group, field.attname) for field in OrderGroup._meta.concrete_fields if field.name != "id"
    }
    with pytest.raises(IntegrityError, match="order_group_one_live_per_cart"), transaction.atomic():
        OrderGroup.objects.create(**(values | {"number": "A-OTHER"}))


@pytest.mark.parametrize(("stalls", "each"), [(1, 1), (4, 3)])
def test_placing_costs_one_statement_more_per_offer(mira: User, stalls: int, each: int) -> None:
    offers = []
    for _ in range(stalls):
        seller = a_seller()
        offers += [an_offer(seller=seller, product=a_product(owner=seller)) for _ in range(each)]
    cart = a_ready_cart(*offers, user=mira)
    with listening("order.placed"), CaptureQueriesContext(connection) as captured:
        place(cart)
    # Lock, snapshot (6), live group, group, orders, lines, events, reservations, hold noted, outbox, and what begins and
    # ends the nested transactions.
    assert len(captured) - len(offers) == 22
