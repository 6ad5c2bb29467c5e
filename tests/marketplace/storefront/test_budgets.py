"""Queries per page, for a buyer who is signed in and has a cart: three of them say who that is.

home 8, list and search 10, product 8, stall 8. And no page asks more for 24 cards than for one.
"""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from marketplace.accounts.models import User
from marketplace.carts import services as carts
from marketplace.catalog.queries import forget
from marketplace.catalog.services import reindex
from marketplace.sellers.models import Seller
from tests.conftest import NOW
from tests.factories import a_category, a_product, a_seller, a_variant, an_attribute, an_image, an_offer

PAGES = {
    "/": 8,
    "/search/": 10,
    "/search/?q=vase": 10,
    "/search/?q=vsae": 10,
    "/search/?q=vase&colour=Red&condition=new&category=vases&stall=kiln-street&price_min=1&in_stock=1&sort=price": 10,
    "/c/ceramics/": 10,
    "/c/vases/?colour=Red&stall=kiln-street": 10,
    # Two of them are the chart: its days, and what was sold.
    "/p/vase-0/": 10,
    "/stall/kiln-street/": 8,
    "/stall/kiln-street/?category=ceramics": 8,
    "/stalls/": 8,
    "/buyer-protection/": 3,
    "/deliver-to/": 3,
}


@pytest.fixture
def fill(kiln: Seller) -> Callable[[range], None]:
    """Puts vases on the shelf, each with two variants, two pictures and two stalls' offers."""
    an_attribute(label="Colour", choices=["Red", "Blue"])
    vases = a_category(name="Vases", parent=a_category(name="Ceramics"))

    def put(numbers: range) -> None:
        for number in numbers:
            product = a_product(
                title=f"Vase {number}", slug=f"vase-{number}", owner=kiln, category=vases, attributes={"colour": "Red"}
            )
            other = a_seller()
            for size in ("S", "L"):
                variant = a_variant(product, size=size)
                an_image(product, variant=variant)
                an_offer(seller=kiln, variant=variant)
                an_offer(seller=other, variant=variant)
            reindex([product.pk])

    return put


@pytest.fixture
def buyer(client: Client, mira: User) -> Client:
    """Mira, signed in, with something in her cart."""
    client.force_login(mira)
    cart = carts.open_cart(user_id=mira.pk, cart_id=None, now=NOW)
    carts.add_line(cart_id=cart.pk, offer_id=an_offer(seller=a_seller()).pk, quantity=2, now=NOW)
    return client


def asked(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize(("address", "budget"), PAGES.items())
def test_a_page_stays_within_its_budget(
    buyer: Client, fill: Callable[[range], None], address: str, budget: int
) -> None:
    fill(range(2))
    asked(buyer, address)
    assert asked(buyer, address) <= budget


@pytest.mark.parametrize("address", PAGES)
def test_twenty_four_cards_cost_what_one_costs(buyer: Client, fill: Callable[[range], None], address: str) -> None:
    fill(range(1))
    forget()
    asked(buyer, address)
    one = asked(buyer, address)
    fill(range(1, 25))
    forget()
    asked(buyer, address)
    assert asked(buyer, address) == one


@pytest.mark.parametrize(("address", "budget"), [("/", 8), ("/search/?q=vase", 6), ("/p/vase-0/", 10)])
def test_a_stranger_with_cold_caches_costs_little_more(
    client: Client, fill: Callable[[range], None], address: str, budget: int
) -> None:
    fill(range(2))
    forget()
    assert asked(client, address) <= budget


def test_a_page_of_text_asks_a_stranger_nothing(client: Client, db: None) -> None:
    asked(client, "/help/")
    assert asked(client, "/help/") == 0
