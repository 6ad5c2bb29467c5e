"""What somebody changes is shown to everybody at once: every way to change what pages are made of, with the cache on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from unittest.mock import patch

import pytest
from django.test import Client

from marketplace.accounts import queries as accounts
from marketplace.accounts import services as account_services
from marketplace.accounts.models import User
from marketplace.carts import queries as carts
from marketplace.carts import services as cart_services
from marketplace.catalog import queries as catalog
from marketplace.catalog import services as catalog_services
from marketplace.catalog.errors import Gone
from marketplace.catalog.models import Offer, Product
from marketplace.catalog.search.facets import counts
from marketplace.catalog.search.hits import hits
from marketplace.catalog.search.params import Filters, Sort
from marketplace.core import cache
from marketplace.core import services as outbox
from marketplace.core.errors import NotFound
from marketplace.inventory import queries as inventory
from marketplace.inventory import services as inventory_services
from marketplace.sellers import queries as sellers
from marketplace.sellers import services as seller_services
from marketplace.sellers.models import Seller
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("remembering")]


@dataclass
class Hall:
    seller: Seller
    product: Product
    offer: Offer
    buyer: User
    now: datetime

    def delivered(self) -> None:
        """The relay has been round."""
        while outbox.relay(now=self.now):
            pass


@pytest.fixture
def hall(kiln: Seller, mira: User, now: datetime, remembering: cache.Engine) -> Hall:
    shelf = factories.a_category(name="Vases")
    product = factories.a_product(title="Tall vase", owner=kiln, category=shelf)
    offer = factories.an_offer(seller=kiln, variant=factories.a_variant(product), price_minor=1_000, stock=9)
    catalog_services.reindex([product.pk])
    return Hall(kiln, product, offer, mira, now)


def price(hall: Hall) -> int:
    return catalog.offers(hall.product.pk)[0].price_minor


def price_on_card(hall: Hall) -> int:
    return catalog.newest(limit=5)[0].price_minor


def shown(hall: Hall) -> object:
    try:
        return catalog.product(hall.product.slug).title
    except Gone:
        return "gone"
    except NotFound:
        return "nowhere"


def left(hall: Hall) -> int:
    return inventory.shown_units(product_id=hall.product.pk, offer_ids=[hall.offer.pk])[hall.offer.pk]


def found_on_shelf(hall: Hall) -> object:
    filters = Filters(within=hall.product.category_id)
    total = counts(filters, shelves=[]).total
    return total, len(hits(filters, sort=Sort.NEWEST, page=1, matches=total))


def greeted(hall: Hall) -> str:
    found = accounts.chrome(user_id=hall.buyer.pk)
    return found.name if found else ""


def in_cart(hall: Hall) -> int:
    return carts.count(user_id=hall.buyer.pk)


def stall_names(hall: Hall) -> object:
    return [stall.name for stall in sellers.stalls(limit=5)]


def new_price(hall: Hall) -> None:
    catalog_services.change_prices({hall.offer.pk: 1_200}, now=hall.now)


def new_price_found(hall: Hall) -> None:
    new_price(hall)
    hall.delivered()


def new_title(hall: Hall) -> None:
    catalog_services.update_product(product_id=hall.product.pk, title="Taller vase", now=hall.now)


def taken_off(hall: Hall) -> None:
    catalog_services.unpublish_product(product_id=hall.product.pk, now=hall.now)


def archived(hall: Hall) -> None:
    catalog_services.archive_product(product_id=hall.product.pk, now=hall.now)


def five_are_held(hall: Hall) -> None:
    inventory_services.reserve(reference="a", quantities={hall.offer.pk: 5}, now=hall.now, expires_at=hall.now)


def counted_anew(hall: Hall) -> None:
    inventory_services.set_on_hand(offer_id=hall.offer.pk, on_hand=2, now=hall.now)


def another_product(hall: Hall) -> None:
    product = factories.a_product(title="Bowl", owner=hall.seller, category=hall.product.category)
    factories.an_offer(seller=hall.seller, variant=factories.a_variant(product), price_minor=500, stock=1)
    catalog_services.reindex([product.pk])


def renamed(hall: Hall) -> None:
    account_services.rename(user_id=hall.buyer.pk, name="Ada Holt")


def into_cart(hall: Hall) -> None:
    cart = cart_services.open_cart(user_id=hall.buyer.pk, cart_id=None, now=hall.now)
    cart_services.add_line(cart_id=cart.pk, offer_id=hall.offer.pk, quantity=2, now=hall.now)


def suspended(hall: Hall) -> None:
    seller_services.suspend(seller_id=hall.seller.pk, reason="Parcels never came.", now=hall.now)


def suspended_and_delivered(hall: Hall) -> None:
    suspended(hall)
    hall.delivered()


CHANGES: dict[str, tuple[Callable[[Hall], object], Callable[[Hall], None], object, object]] = {
    "a price on the product's page": (price, new_price, 1_000, 1_200),
    "a price on a card": (price_on_card, new_price_found, 1_000, 1_200),
    "a title": (shown, new_title, "Tall vase", "Taller vase"),
    "a product taken off": (shown, taken_off, "Tall vase", "nowhere"),
    "a product taken down for good": (shown, archived, "Tall vase", "gone"),
    "few left after a checkout": (left, five_are_held, 9, 4),
    "few left after a count": (left, counted_anew, 9, 2),
    "a new thing on a shelf": (found_on_shelf, another_product, (1, 1), (2, 2)),
    "a name": (greeted, renamed, "Mira", "Ada"),
    "a cart": (in_cart, into_cart, 0, 2),
    "a stall that may not trade": (stall_names, suspended, ["Kiln Street"], []),
    "the offers of such a stall": (lambda hall: len(catalog.offers(hall.product.pk)), suspended, 1, 0),
    "the product of such a stall": (shown, suspended_and_delivered, "Tall vase", "nowhere"),
}


@pytest.mark.parametrize(("look", "change", "before", "after"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_shown_at_once(
    hall: Hall,
    look: Callable[[Hall], object],
    change: Callable[[Hall], None],
    before: object,
    after: object,
) -> None:
    assert look(hall) == before
    assert look(hall) == before
    change(hall)
    assert look(hall) == after


def test_a_shelf_is_renamed_for_all(hall: Hall) -> None:
    assert catalog.shelves().by_id[hall.product.category_id].name == "Vases"
    catalog_services.save_category(category_id=hall.product.category_id, name="Tall things", now=hall.now)
    assert catalog.shelves().by_id[hall.product.category_id].name == "Tall things"


def test_a_thing_on_a_shelf_that_is_newer_than_this_processs_memory_is_shown(hall: Hall, client: Client) -> None:
    """Another process has made shelf and thing: for seconds this one knows the thing, and not its shelf."""
    catalog.shelves()
    remembered = cache.engine().local
    with patch.object(remembered, "touch"):
        shelf = catalog_services.save_category(category_id=None, name="Bowls", now=hall.now)
        product = factories.a_product(title="Small bowl", owner=hall.seller, category=shelf)
    assert shelf.pk not in catalog.shelves().by_id
    page = client.get(f"/p/{product.slug}/").content.decode()
    assert 'href="/c/bowls/"' in page
    remembered.clear()
    assert shelf.pk in catalog.shelves().by_id


def test_a_guests_cart_is_counted_for_that_guest_alone(hall: Hall) -> None:
    cart = cart_services.open_cart(user_id=None, cart_id=None, now=hall.now)
    assert carts.count(cart_id=cart.pk) == 0
    cart_services.add_line(cart_id=cart.pk, offer_id=hall.offer.pk, quantity=3, now=hall.now)
    assert (carts.count(cart_id=cart.pk), in_cart(hall)) == (3, 0)
    cart_services.merge(guest_cart_id=cart.pk, user_id=hall.buyer.pk, now=hall.now)
    assert (carts.count(cart_id=cart.pk), in_cart(hall)) == (0, 3)
    cart_services.close(cart_id=carts.find(user_id=hall.buyer.pk, cart_id=None) or cart.pk, now=hall.now)
    assert in_cart(hall) == 0
