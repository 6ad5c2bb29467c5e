import threading
from datetime import timedelta
from functools import partial

import pytest
from django.db import connections, transaction

from marketplace.carts import services as carts
from marketplace.carts.models import Cart
from marketplace.core import services as outbox
from marketplace.core.errors import NotFound
from marketplace.inventory import queries as inventory_queries
from marketplace.inventory import services as inventory
from marketplace.inventory.errors import OutOfStock
from marketplace.inventory.models import StockItem
from marketplace.orders import services
from marketplace.orders.errors import BadTracking, CannotCancel, CannotShip, OrderReplaced
from marketplace.orders.models import Order, OrderGroup
from marketplace.sellers.models import Seller
from tests.conftest import NOW
from tests.factories import a_seller, an_offer
from tests.marketplace.carts.baskets import a_ready_cart, choose_first, quantities
from tests.marketplace.inventory.listening import listening
from tests.marketplace.inventory.racing import together
from tests.marketplace.orders.test_placing import place

LATER = NOW + timedelta(minutes=5)
EXPIRED = NOW + timedelta(minutes=15)


def paid_order(seller: Seller) -> Order:
    group = place(a_ready_cart(an_offer(seller=seller)))
    services.mark_group_paid(group_id=group.pk, now=LATER)
    return group.orders.get()


def kinds(order: Order) -> list[str]:
    return list(order.events.order_by("pk").values_list("kind", flat=True))


def test_paying_sells_the_goods_and_closes_the_cart(kiln: Seller, groove: Seller) -> None:
    vase, record = an_offer(seller=kiln, stock=3), an_offer(seller=groove, stock=3)
    cart = a_ready_cart(vase, record, quantity=2)
    group = place(cart)
    assert services.mark_group_paid(group_id=group.pk, now=LATER) is True
    group.refresh_from_db()
    cart.refresh_from_db()
    assert (group.state, group.paid_at, cart.closed_at) == ("paid", LATER, LATER)
    for order in group.orders.all():
        assert (order.state, order.paid_at) == ("paid", LATER)
        assert kinds(order) == ["placed", "paid"]
        assert order.events.get(kind="paid").actor == "payment"
    assert list(StockItem.objects.values_list("on_hand", "reserved")) == [(1, 0), (1, 0)]
    assert inventory_queries.imbalances() == []


def test_paying_twice_pays_once(kiln: Seller) -> None:
    group = place(a_ready_cart(an_offer(seller=kiln)))
    with listening("order.paid") as heard:
        assert services.mark_group_paid(group_id=group.pk, now=LATER) is True
        assert services.mark_group_paid(group_id=group.pk, now=EXPIRED) is False
        assert heard() == [{"group": group.number}]
    assert kinds(group.orders.get()) == ["placed", "paid"]


def test_paying_at_once_from_all_sides_pays_once(transactional_db: None) -> None:
    group = place(a_ready_cart(an_offer(seller=a_seller(), stock=1)))
    answers: list[bool] = []
    assert together(*[lambda: answers.append(services.mark_group_paid(group_id=group.pk, now=LATER))] * 5) == []
    assert sorted(answers) == [False] * 4 + [True]
    assert inventory_queries.imbalances() == []


def test_cancelling_gives_the_goods_back(kiln: Seller) -> None:
    cart = a_ready_cart(an_offer(seller=kiln, stock=1))
    group = place(cart)
    assert services.cancel_group(group_id=group.pk, reason="expired", now=EXPIRED) is True
    assert services.cancel_group(group_id=group.pk, reason="expired", now=EXPIRED) is False
    order = group.orders.get()
    assert (order.state, order.cancelled_at, kinds(order)) == ("cancelled", EXPIRED, ["placed", "cancelled"])
    assert order.events.get(kind="cancelled").data == {"from": "pending", "reason": "expired"}
    assert StockItem.objects.get().free == 1
    cart.refresh_from_db()
    assert cart.closed_at is None, "the buyer keeps the cart"


def test_what_is_paid_is_not_cancelled(kiln: Seller) -> None:
    order = paid_order(kiln)
    with pytest.raises(CannotCancel):
        services.cancel_group(group_id=order.group_id, reason="expired", now=EXPIRED)
    order.refresh_from_db()
    assert order.state == "paid"


def test_money_that_comes_late_buys_what_is_still_there(kiln: Seller) -> None:
    group = place(a_ready_cart(an_offer(seller=kiln, stock=1)))
    services.cancel_group(group_id=group.pk, reason="expired", now=EXPIRED)
    assert services.mark_group_paid(group_id=group.pk, now=EXPIRED) is True
    group.refresh_from_db()
    order = group.orders.get()
    assert (group.state, group.cancelled_at, order.state, order.cancelled_at) == ("paid", None, "paid", None)
    assert order.events.get(kind="paid").data == {"from": "cancelled", "late": True}
    assert inventory_queries.imbalances() == []


def test_money_that_comes_too_late_changes_nothing(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=1)
    group = place(a_ready_cart(offer))
    services.cancel_group(group_id=group.pk, reason="expired", now=EXPIRED)
    inventory.reserve(reference="A-OTHER", quantities={offer.pk: 1}, now=EXPIRED, expires_at=EXPIRED)
    with pytest.raises(OutOfStock) as caught:
        services.mark_group_paid(group_id=group.pk, now=EXPIRED)
    assert caught.value.offers == (offer.pk,)
    group.refresh_from_db()
    assert (group.state, group.paid_at) == ("cancelled", None)
    assert kinds(group.orders.get()) == ["placed", "cancelled"]
    assert inventory_queries.imbalances() == []


def test_money_for_a_replaced_group_goes_back(kiln: Seller) -> None:
    cart = a_ready_cart(an_offer(seller=kiln))
    old = place(cart)
    services.cancel_group(group_id=old.pk, reason="replaced", now=LATER)
    new = place(cart, now=LATER)
    with pytest.raises(OrderReplaced):
        services.mark_group_paid(group_id=old.pk, now=LATER)
    assert services.mark_group_paid(group_id=new.pk, now=LATER) is True
    old.refresh_from_db()
    assert old.state == "cancelled"
    assert inventory_queries.imbalances() == []


def test_a_pruned_cart_is_no_obstacle_to_paying(kiln: Seller) -> None:
    groups = [place(a_ready_cart(an_offer(seller=kiln))) for _ in range(2)]
    Cart.objects.all().delete()
    for group in groups:
        assert services.mark_group_paid(group_id=group.pk, now=LATER) is True


def test_unknown_groups_are_not_found(db: None) -> None:
    with pytest.raises(NotFound):
        services.mark_group_paid(group_id=987_654_321, now=NOW)
    with pytest.raises(NotFound):
        services.cancel_group(group_id=987_654_321, reason="", now=NOW)


def test_paying_does_not_wait_for_a_buyer_who_holds_the_cart(transactional_db: None) -> None:
    """The holder may be about to wait for the group: waiting for each other would be a deadlock."""
    cart = a_ready_cart(an_offer(seller=a_seller()))
    group = place(cart)
    held, done = threading.Event(), threading.Event()

    def hold_the_cart() -> None:
        try:
            with transaction.atomic():
                carts.lock(cart_id=cart.pk)
                held.set()
                done.wait(timeout=10)
        finally:
            connections.close_all()

    holder = threading.Thread(target=hold_the_cart)
    holder.start()
    held.wait(timeout=10)
    try:
        assert services.mark_group_paid(group_id=group.pk, now=LATER) is True
    finally:
        done.set()
        holder.join(timeout=10)
    cart.refresh_from_db()
    assert cart.closed_at is None
    outbox.relay(now=LATER)
    cart.refresh_from_db()
    assert cart.closed_at == LATER


def test_paying_and_cancelling_at_once_have_one_winner(transactional_db: None) -> None:
    seller = a_seller()
    for _ in range(5):
        group = place(a_ready_cart(an_offer(seller=seller, stock=1)))
        raised = together(
            partial(services.mark_group_paid, group_id=group.pk, now=LATER),
            partial(services.cancel_group, group_id=group.pk, reason="expired", now=LATER),
        )
        assert [error for error in raised if not isinstance(error, CannotCancel)] == []
        group.refresh_from_db()
        assert group.state == "paid", "money wins: either first, or as a late payment"
    assert inventory_queries.imbalances() == []


def test_shipping_is_written_down(kiln: Seller) -> None:
    order = paid_order(kiln)
    services.mark_shipped(
        order_id=order.pk, seller_id=kiln.pk, carrier=" Post ", tracking=" RR123 ", actor="seller:7", now=EXPIRED
    )
    order.refresh_from_db()
    assert (order.state, order.shipped_at) == ("shipped", EXPIRED)
    assert (order.tracking_carrier, order.tracking_number) == ("Post", "RR123")
    event = order.events.get(kind="shipped")
    assert (event.actor, event.data) == ("seller:7", {"from": "paid", "carrier": "Post", "tracking": "RR123"})
    services.mark_delivered(order_id=order.pk, seller_id=kiln.pk, actor="system", now=EXPIRED)
    order.refresh_from_db()
    assert (order.state, order.delivered_at, kinds(order)) == (
        "delivered", EXPIRED, ["placed", "paid", "shipped", "delivered"],
    )  # fmt: skip


def test_shipping_twice_is_refused_and_keeps_the_tracking(kiln: Seller) -> None:
    order = paid_order(kiln)
    ship = partial(services.mark_shipped, order_id=order.pk, seller_id=kiln.pk, actor="seller:7", now=EXPIRED)
    ship(carrier="Post", tracking="RR123")
    with pytest.raises(CannotShip):
        ship(carrier="Other", tracking="XX999")
    order.refresh_from_db()
    assert order.tracking_number == "RR123"


def test_another_stalls_order_is_not_there(kiln: Seller, groove: Seller) -> None:
    order = paid_order(kiln)
    with pytest.raises(NotFound):
        services.mark_shipped(
            order_id=order.pk, seller_id=groove.pk, carrier="", tracking="", actor="seller:8", now=EXPIRED
        )
    with pytest.raises(NotFound):
        services.mark_delivered(order_id=order.pk, seller_id=groove.pk, actor="seller:8", now=EXPIRED)


def test_an_unpaid_order_is_not_the_stalls_yet(kiln: Seller) -> None:
    order = place(a_ready_cart(an_offer(seller=kiln))).orders.get()
    with pytest.raises(NotFound):
        services.mark_shipped(order_id=order.pk, seller_id=kiln.pk, carrier="", tracking="", actor="x", now=NOW)


@pytest.mark.parametrize(
    ("carrier", "tracking", "field"),
    [("", "RR123", "carrier"), ("x" * 61, "", "carrier"), ("Post", "x" * 81, "tracking")],
)
def test_tracking_is_checked(kiln: Seller, carrier: str, tracking: str, field: str) -> None:
    order = paid_order(kiln)
    with pytest.raises(BadTracking) as caught:
        services.mark_shipped(
            order_id=order.pk, seller_id=kiln.pk, carrier=carrier, tracking=tracking, actor="x", now=NOW
        )
    assert list(caught.value.fields) == [field]


def test_what_was_added_while_paying_stays_in_the_cart(kiln: Seller, groove: Seller) -> None:
    bought_thing, added, more = an_offer(seller=kiln), an_offer(seller=groove), an_offer(seller=kiln)
    cart = a_ready_cart(bought_thing, more)
    group = place(cart)
    carts.add_line(cart_id=cart.pk, offer_id=added.pk, quantity=2, now=NOW)
    carts.set_quantity(cart_id=cart.pk, offer_id=more.pk, quantity=3, now=NOW)
    services.mark_group_paid(group_id=group.pk, now=LATER)
    cart.refresh_from_db()
    assert cart.closed_at is None
    assert quantities(cart) == {added.pk: 2, more.pk: 2}
    services.empty_paid_cart(number=group.number, now=LATER)
    assert quantities(cart) == {added.pk: 2, more.pk: 2}, "once is enough"
    choose_first(cart)
    again = place(cart, now=LATER)
    assert again.pk != group.pk
    assert {line.offer_id for order in again.orders.all() for line in order.lines.all()} == {added.pk, more.pk}


def test_groups_of_paid_carts_only_close_them(kiln: Seller) -> None:
    cart = a_ready_cart(an_offer(seller=kiln))
    group = place(cart)
    services.empty_paid_cart(number=group.number, now=NOW)
    services.empty_paid_cart(number="A-NEVER", now=NOW)
    cart.refresh_from_db()
    assert cart.closed_at is None
    assert OrderGroup.objects.get().state == "pending"
