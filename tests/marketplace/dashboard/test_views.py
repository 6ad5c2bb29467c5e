from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.orders import services
from marketplace.orders.models import Order
from marketplace.sellers.models import Seller, SellerMember
from tests import factories
from tests.marketplace.orders.test_queries import bought

Sign = Callable[[str], Client]


@pytest.fixture
def sign_in(db: None) -> Sign:
    """A browser in which the person of this address is signed in."""

    def sign(email: str) -> Client:
        client = Client()
        client.force_login(User.objects.get(email=email))
        return client

    return sign


def order_of(seller: Seller) -> Order:
    return Order.objects.get(seller=seller)


def test_a_seller_sees_the_paid_order_and_only_their_own(kiln: Seller, groove: Seller, sign_in: Sign) -> None:
    bought(kiln, groove, title="Moon jar")
    mine, theirs = order_of(kiln), order_of(groove)
    page = sign_in("jonas@example.test").get("/sell/kiln-street/orders/").content.decode()
    assert mine.number in page
    assert theirs.number not in page
    assert "1 parcel waits to be shipped" in page


def test_an_unpaid_order_is_not_shown(kiln: Seller, sign_in: Sign) -> None:
    from tests.marketplace.carts.baskets import a_ready_cart
    from tests.marketplace.orders.test_placing import place

    place(a_ready_cart(factories.an_offer(seller=kiln)))
    assert "No orders yet" in sign_in("jonas@example.test").get("/sell/kiln-street/orders/").content.decode()


@pytest.mark.parametrize("path", ["orders/", "products/", "orders/{number}/"])
def test_a_foreign_stall_does_not_exist(kiln: Seller, groove: Seller, sign_in: Sign, path: str) -> None:
    bought(kiln)
    path = f"/sell/kiln-street/{path.format(number=order_of(kiln).number)}"
    assert sign_in("ana@example.test").get(path).status_code == 404
    assert sign_in("jonas@example.test").get(path).status_code == 200
    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")


def test_a_foreign_order_number_does_not_exist_in_ones_own_stall(kiln: Seller, groove: Seller, sign_in: Sign) -> None:
    bought(kiln, groove)
    path = f"/sell/second-groove/orders/{order_of(kiln).number}/"
    ana = sign_in("ana@example.test")
    assert ana.get(path).status_code == 404
    assert ana.post(path, {"action": "ship"}).status_code == 404
    assert order_of(kiln).state == Order.State.PAID


def test_sending_a_parcel_moves_the_order_on(kiln: Seller, sign_in: Sign) -> None:
    bought(kiln)
    jonas, path = sign_in("jonas@example.test"), f"/sell/kiln-street/orders/{order_of(kiln).number}/"
    answer = jonas.post(path, {"action": "ship", "carrier": "Post", "tracking": "RR123"}, follow=True)
    page = answer.content.decode()
    assert order_of(kiln).state == Order.State.SHIPPED
    assert "Post RR123" in page
    assert "is on its way" in page
    jonas.post(path, {"action": "deliver"})
    assert order_of(kiln).state == Order.State.DELIVERED


def test_a_tracking_number_without_carrier_is_said_at_the_field_and_nothing_is_lost(
    kiln: Seller, sign_in: Sign
) -> None:
    bought(kiln)
    path = f"/sell/kiln-street/orders/{order_of(kiln).number}/"
    answer = sign_in("jonas@example.test").post(path, {"action": "ship", "carrier": "", "tracking": "RR123"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in page
    assert 'value="RR123"' in page
    assert order_of(kiln).state == Order.State.PAID


def test_an_impossible_step_is_said_and_changes_nothing(kiln: Seller, sign_in: Sign) -> None:
    bought(kiln)
    path = f"/sell/kiln-street/orders/{order_of(kiln).number}/"
    page = sign_in("jonas@example.test").post(path, {"action": "deliver"}, follow=True).content.decode()
    assert "Only an order that is on its way" in page
    assert order_of(kiln).state == Order.State.PAID


def test_search_and_tabs_narrow_the_list(kiln: Seller, sign_in: Sign) -> None:
    bought(kiln, title="Moon jar")
    bought(kiln, title="Tea bowl")
    jonas = sign_in("jonas@example.test")
    page = jonas.get("/sell/kiln-street/orders/?q=moon").content.decode()
    assert "Moon jar" in page
    assert "Tea bowl" not in page
    assert "No order matches" in jonas.get("/sell/kiln-street/orders/?state=shipped").content.decode()
    for odd in ("?state=nonsense", "?after=%00", "?q=%00", "?after=AAAA"):
        assert jonas.get(f"/sell/kiln-street/orders/{odd}").status_code == 200


def test_listings_show_stock_and_what_is_held(kiln: Seller, sign_in: Sign) -> None:
    from tests.marketplace.carts.baskets import a_ready_cart
    from tests.marketplace.orders.test_placing import place

    offer = factories.an_offer(seller=kiln, product=factories.a_product(title="Moon jar", owner=kiln), stock=3)
    factories.an_offer(seller=kiln, product=factories.a_product(title="Tea bowl", owner=kiln), stock=0)
    place(a_ready_cart(offer))
    jonas = sign_in("jonas@example.test")
    page = jonas.get("/sell/kiln-street/products/").content.decode()
    assert "2 free" in page
    assert "1 held in checkouts" in page
    sold_out = jonas.get("/sell/kiln-street/products/?status=sold_out").content.decode()
    assert "Tea bowl" in sold_out
    assert "Moon jar" not in sold_out
    for odd in ("?page=0", "?page=999999999999", "?page=x", "?status=nonsense"):
        assert jonas.get(f"/sell/kiln-street/products/{odd}").status_code == 200


@pytest.mark.parametrize(("path", "budget"), [("orders/", 9), ("products/", 10)])
def test_a_longer_list_costs_no_more_queries(kiln: Seller, sign_in: Sign, path: str, budget: int) -> None:
    jonas = sign_in("jonas@example.test")
    counted = []
    for extra in (1, 8):
        for _ in range(extra):
            bought(kiln)
        jonas.get(f"/sell/kiln-street/{path}")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            jonas.get(f"/sell/kiln-street/{path}")
        counted.append(len(queries))
    assert counted[0] == counted[1] <= budget


def test_an_order_with_more_lines_costs_no_more_queries(kiln: Seller, sign_in: Sign) -> None:
    jonas, counted = sign_in("jonas@example.test"), []
    for things in (1, 6):
        group = bought(*[kiln] * things)
        path = f"/sell/kiln-street/orders/{group.orders.get().number}/"
        jonas.get(path)
        with CaptureQueriesContext(connection) as queries:
            jonas.get(path)
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 10


def test_whoever_has_no_stall_is_led_to_opening_one(mira: User, sign_in: Sign) -> None:
    answer = sign_in("mira@example.test").get("/sell/", follow=True)
    assert "Open a stall" in answer.content.decode()


def test_an_application_waits_for_approval(mira: User, sign_in: Sign) -> None:
    typed = {"name": "Mira's Prints", "country": "AT", "place": "Vienna", "email": "prints@example.test", "blurb": ""}
    answer = sign_in("mira@example.test").post("/sell/open/", typed, follow=True)
    seller = Seller.objects.get()
    assert seller.status == Seller.Status.APPLIED
    assert seller.members.get().role == SellerMember.Role.OWNER
    assert "waits for approval" in answer.content.decode()


def test_a_bad_application_keeps_what_was_typed(mira: User, sign_in: Sign) -> None:
    typed = {"name": "", "country": "XX", "place": "Vienna", "email": "prints@example.test", "blurb": "Prints"}
    answer = sign_in("mira@example.test").post("/sell/open/", typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "prints@example.test" in page
    assert page.count('aria-invalid="true"') == 2
    assert not Seller.objects.exists()


def test_an_order_that_was_shipped_shows_when(kiln: Seller, sign_in: Sign) -> None:
    bought(kiln)
    order = order_of(kiln)
    services.mark_shipped(
        order_id=order.pk, seller_id=kiln.pk, carrier="", tracking="", actor="seller:1", now=timezone.now()
    )
    page = sign_in("jonas@example.test").get(f"/sell/kiln-street/orders/{order.number}/").content.decode()
    assert "It has arrived" in page
    assert "Mark as sent" not in page
