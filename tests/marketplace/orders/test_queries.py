from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.accounts.models import User
from marketplace.carts import services as carts
from marketplace.core.errors import NotFound
from marketplace.orders import queries, services
from marketplace.orders.errors import BadCursor
from marketplace.orders.models import Order, OrderGroup
from marketplace.orders.queries import Cursor
from marketplace.sellers.models import Seller
from tests.conftest import NOW
from tests.factories import a_product, an_offer
from tests.marketplace.carts.baskets import VIENNA, a_ready_cart
from tests.marketplace.orders.test_placing import place


def bought(
    *sellers: Seller, user: User | None = None, now: datetime = NOW, title: str = "", name: str = ""
) -> OrderGroup:
    """A paid purchase of one thing from each stall."""
    offers = [
        an_offer(seller=seller, product=a_product(title=f"{title} {index}" if title else "", owner=seller))
        for index, seller in enumerate(sellers)
    ]
    cart = a_ready_cart(*offers, user=user)
    if name:
        address = VIENNA.from_json(VIENNA.to_json() | {"name": name})
        carts.set_shipping_address(cart_id=cart.pk, address=address, now=NOW)
    group = place(cart, now=now)
    services.mark_group_paid(group_id=group.pk, now=now)
    return group


def test_a_buyer_finds_their_own_by_the_number_as_typed(kiln: Seller, mira: User, olga: User) -> None:
    group = bought(kiln, user=mira)
    typed = f" {group.number.lower().replace('0', 'o')} "
    assert queries.group_for_buyer(number=typed, buyer_id=mira.pk) == group
    with pytest.raises(NotFound):
        queries.group_for_buyer(number=group.number, buyer_id=olga.pk)


def test_a_guest_needs_the_token(kiln: Seller, mira: User) -> None:
    guest, own = bought(kiln), bought(kiln, user=mira)
    assert queries.group_by_token(number=guest.number, token=guest.access_token) == guest
    for number, token in (
        (guest.number, ""),
        (guest.number, own.access_token),
        (guest.number, "ü"),
        ("A-NEVER", guest.access_token),
        (own.number, own.access_token),
    ):
        with pytest.raises(NotFound):
            queries.group_by_token(number=number, token=token)


def test_an_unknown_number_is_compared_as_well(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []

    def compare(expected: bytes, given: bytes) -> bool:
        compared.append((len(expected), len(given)))
        return True

    monkeypatch.setattr("marketplace.orders.queries.secrets.compare_digest", compare)
    with pytest.raises(NotFound):
        queries.group_by_token(number="A-NEVER", token="x" * 43)
    assert compared == [(43, 43)]


def test_a_stall_sees_its_own_paid_orders_only(kiln: Seller, groove: Seller) -> None:
    shared, theirs = bought(kiln, groove), bought(groove)
    place(a_ready_cart(an_offer(seller=kiln)))
    mine = shared.orders.get(seller=kiln)
    assert queries.seller_orders(seller_id=kiln.pk).rows == (mine,)
    assert queries.seller_order(seller_id=kiln.pk, number=mine.number.lower()) == mine
    for number in (theirs.orders.get().number, shared.orders.get(seller=groove).number, "P-NEVER"):
        with pytest.raises(NotFound):
            queries.seller_order(seller_id=kiln.pk, number=number)


def test_a_stall_filters_and_searches(kiln: Seller) -> None:
    vase = bought(kiln, title="Tall vase", name="Berta Blum").orders.get()
    bowl = bought(kiln, title="Blue bowl", name="Carl Cron", now=NOW + timedelta(hours=1)).orders.get()
    services.mark_shipped(order_id=bowl.pk, seller_id=kiln.pk, carrier="", tracking="", actor="x", now=NOW)

    def found(*, state: str = "", search: str = "") -> list[Order]:
        return list(queries.seller_orders(seller_id=kiln.pk, state=state, search=search).rows)

    assert found() == [bowl, vase]
    assert found(state="paid") == [vase]
    assert found(search="tall VASE") == [vase]
    assert found(search="berta") == [vase]
    assert found(search=bowl.lines.get().sku.lower()) == [bowl]
    assert found(search=vase.number.lower()[:6]) == [vase]
    assert found(search=bowl.group.number) == [bowl]
    assert found(search="100%") == []
    assert found(search="vase", state="shipped") == []


def test_a_stall_counts_by_state(kiln: Seller, groove: Seller) -> None:
    first, _ = bought(kiln), bought(kiln)
    bought(groove)
    order = first.orders.get()
    services.mark_shipped(order_id=order.pk, seller_id=kiln.pk, carrier="", tracking="", actor="x", now=NOW)
    assert queries.seller_counts(seller_id=kiln.pk) == {"paid": 1, "shipped": 1, "delivered": 0, "cancelled": 0}


def test_lists_go_on_from_the_last_row(kiln: Seller, mira: User) -> None:
    """Some were placed at the same moment: no row is lost or shown twice."""
    groups = [bought(kiln, user=mira, now=NOW + timedelta(minutes=index // 3)) for index in range(7)]
    expected = [group.pk for group in sorted(groups, key=lambda group: (group.placed_at, group.pk), reverse=True)]
    seen: list[int] = []
    after: Cursor | None = None
    while True:
        page = queries.buyer_groups(buyer_id=mira.pk, after=after, limit=2)
        seen += [group.pk for group in page.rows]
        if page.after is None:
            break
        after = Cursor.parse(page.after.text())
    assert seen == expected


def test_a_buyer_can_ask_for_some_states(kiln: Seller, mira: User, olga: User) -> None:
    paid = bought(kiln, user=mira)
    pending = place(a_ready_cart(an_offer(seller=kiln), user=mira))
    bought(kiln, user=olga)
    assert set(queries.buyer_groups(buyer_id=mira.pk).rows) == {paid, pending}
    assert queries.buyer_groups(buyer_id=mira.pk, states=["paid"]).rows == (paid,)


@pytest.mark.parametrize("text", ["", "x", "!!!", "MjAyNg", "bm9wZXwx", "MjAyNi0xMS0yMlQwOTozMDowMHwx", "ü"])
def test_a_made_up_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        Cursor.parse(text)


@pytest.mark.parametrize("size", [1, 4])
def test_lists_and_details_cost_the_same_for_any_size(kiln: Seller, groove: Seller, mira: User, size: int) -> None:
    for _ in range(size):
        group = bought(kiln, groove, user=mira)

    def cost(read: Callable[[], None]) -> int:
        with CaptureQueriesContext(connection) as captured:
            read()
        return len(captured)

    def buyers_list() -> None:
        for row in queries.buyer_groups(buyer_id=mira.pk).rows:
            for order in row.orders.all():
                assert order.seller.name
                assert [line.title for line in order.lines.all()]

    def stalls_list() -> None:
        for order in queries.seller_orders(seller_id=kiln.pk).rows:
            assert order.group.email
            assert [line.title for line in order.lines.all()]

    def detail() -> None:
        for order in queries.orders_of_group(group_id=group.pk):
            assert order.seller.name
            assert [event.kind for event in order.events.all()] == ["placed", "paid"]
            assert len(order.lines.all()) == 1

    assert (cost(buyers_list), cost(stalls_list), cost(detail)) == (3, 2, 3)
