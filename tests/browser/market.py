"""A small market in which every page has something to show, and every state of it."""

import io
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.core import signing
from django.core.files.storage import FileSystemStorage, storages
from django.test import Client
from django.utils import timezone
from PIL import Image, ImageDraw
from playwright._impl._api_structures import SetCookieParam

from marketplace.accounts.models import Address, User
from marketplace.carts import services as carts
from marketplace.catalog.models import Category, Offer, Product
from marketplace.catalog.services import refresh_words, reindex
from marketplace.catalog.services.offers import change_prices
from marketplace.core import sweeps
from marketplace.core.pictures import LARGE, SMALL, file_name
from marketplace.inventory import services as inventory
from marketplace.orders import services as orders
from marketplace.orders.models import OrderGroup
from marketplace.sellers.models import Seller
from marketplace.storefront.guest_cart import COOKIE, SALT
from payments import checkout
from tests import factories
from tests.shopping import BERLIN, a_cart, a_checkout, payment_of
from tests.stripe_control import StripeControl

GLAZES = {"Celadon": (126, 164, 142), "Ash": (150, 150, 146), "Rust": (172, 92, 60)}
VASES = 30
"""More than a page of a list holds."""


@dataclass
class Market:
    """`site` is its address, `paid` an order of the buyer, `pending` one of somebody who stands before the card form."""

    site: str
    paid: OrderGroup
    pending: OrderGroup
    browsers: dict[str, list[SetCookieParam]]
    """The cookies of everybody's browser: buyer, waiting, seller, operator, and guests with a cart that is full,
    addressed or changed."""


def cart_cookie(cart_id: uuid.UUID, site: str) -> SetCookieParam:
    """A guest's cart, as the hall hands it out."""
    return {"name": COOKIE, "value": signing.get_cookie_signer(salt=COOKIE + SALT).sign(str(cart_id)), "url": site}


def signed_in(user: User, site: str) -> list[SetCookieParam]:
    """The cookies of a browser in which this person has signed in."""
    client = Client()
    client.force_login(user)
    return [{"name": name, "value": morsel.value, "url": site} for name, morsel in client.cookies.items()]


def a_market(stripe: StripeControl, site: str) -> Market:
    """Two stalls with their goods, orders and carts; the provider takes the money."""
    now = timezone.now()
    kiln, groove, seller = _stalls()
    vases = _shelves(kiln, groove)
    refresh_words()
    record = Offer.objects.get(sku="NIGHT-1")
    buyer = factories.a_user(email="mira@example.test", name="Mira Holt")
    waiting = factories.a_user(email="lena@example.test", name="Lena Brandt")
    operator = factories.a_user(email="olga@example.test", name="Olga Reyes", is_staff=True, is_superuser=True)
    for person in (buyer, waiting):
        Address.objects.create(user=person, is_default=True, used_at=now, **BERLIN.to_json())
    _paid(stripe, {record: 1}, buyer, now)
    carts_of_guests = {
        "full": _basket({vases[2]: 1, record: 2}, now),
        "addressed": a_cart({vases[3]: 1, record: 1}, now=now),
        "changed": _changed_basket(vases[4:7], now),
    }
    people = {"buyer": buyer, "waiting": waiting, "seller": seller, "operator": operator}
    return Market(
        site=site,
        paid=_paid(stripe, {vases[0]: 2, record: 1}, buyer, now),
        pending=a_checkout(a_cart({vases[1]: 1, record: 1}, buyer=waiting, now=now), buyer=waiting, now=now),
        browsers={name: signed_in(user, site) for name, user in people.items()}
        | {state: [cart_cookie(cart_id, site)] for state, cart_id in carts_of_guests.items()},
    )


def _stalls() -> tuple[Seller, Seller, User]:
    """Kiln Street and Second Groove, Jonas who owns the first and works at the other, and a stall that has nothing yet."""
    kiln = factories.a_seller(slug="kiln-street", name="Kiln Street", hue=2, blurb="Stoneware from a courtyard.")
    groove = factories.a_seller(slug="second-groove", name="Second Groove", hue=5, country="AT", place="Vienna")
    factories.a_shipping_option(kiln, name="Express", price_minor=990, free_from_minor=None, days_min=1, days_max=1)
    factories.a_seller(slug="empty-shelf", name="Empty Shelf", hue=7)
    jonas = factories.a_user(email="jonas@example.test", name="Jonas Weber")
    factories.a_member(kiln, jonas)
    factories.a_member(groove, jonas)
    return kiln, groove, jonas


def _shelves(kiln: Seller, groove: Seller) -> list[Offer]:
    """The goods; returns the offers of the plain vases."""
    ceramics = factories.a_category(name="Ceramics")
    vase_shelf = factories.a_category(name="Vases", parent=ceramics)
    factories.an_attribute(label="Glaze", choices=list(GLAZES))
    factories.an_attribute(label="Height", kind="number", unit="cm")
    keys = {glaze: _stored_picture(glaze, colour) for glaze, colour in GLAZES.items()}
    vases = []
    for number in range(1, VASES + 1):
        glaze = list(GLAZES)[number % len(GLAZES)]
        product = factories.a_product(
            title=f"Bottle vase {number}, {glaze.lower()} glaze",
            slug=f"vase-{number}",
            owner=kiln,
            category=vase_shelf,
            attributes={"glaze": glaze, "height": str(10 + number % 4 * 5)},
            created_at=factories.LONG_AGO + timedelta(days=number),
        )
        factories.an_image(product, key=keys[glaze])
        vases.append(
            factories.an_offer(seller=kiln, product=product, price_minor=1500 + 250 * number, sku=f"V-{number}")
        )
    _sized(kiln, groove, ceramics, keys)
    _others(kiln, groove, keys)
    reindex(Product.objects.values_list("pk", flat=True))
    return vases


def _sized(kiln: Seller, groove: Seller, shelf: Category, keys: dict[str, str]) -> None:
    """A bowl in three sizes, one of them sold out, in three pictures, also at another stall and second-hand."""
    bowl = factories.a_product(
        title="Serving bowl with a foot",
        slug="bowl",
        owner=kiln,
        category=shelf,
        brand="Kiln Street",
        extras={"Care": "Warm water"},
    )
    for position, key in enumerate(keys.values()):
        factories.an_image(bowl, key=key, position=position)
    for size, price, stock in (("Small", 2400, 8), ("Medium", 3600, 0), ("Large", 4800, 2)):
        variant = factories.a_variant(bowl, size=size)
        factories.an_offer(seller=kiln, variant=variant, price_minor=price, stock=stock, sku=f"BOWL-{size[0]}")
    small = bowl.variants.order_by("pk")[0]
    factories.an_offer(
        seller=groove, variant=small, price_minor=1900, stock=1, condition="very_good", note="A hairline crack."
    )


def _others(kiln: Seller, groove: Seller, keys: dict[str, str]) -> None:
    """A record without a picture, and a jug that has been sold."""
    records = factories.a_category(name="Records")
    night = factories.a_product(
        title="Night Ferry, live at the harbour", slug="night-ferry", owner=groove, category=records
    )
    factories.an_offer(seller=groove, product=night, price_minor=1800, stock=20, sku="NIGHT-1", condition="good")
    jug = factories.a_product(
        title="Water jug, one of one", slug="jug", owner=kiln, category=Category.objects.get(slug="ceramics")
    )
    factories.an_image(jug, key=keys["Rust"])
    factories.an_offer(seller=kiln, product=jug, price_minor=6400, stock=0, sku="JUG")
    factories.a_product(
        title="Lamp that is gone", slug="lamp", owner=kiln, category=records, status=Product.Status.ARCHIVED
    )


def _paid(stripe: StripeControl, wishes: dict[Offer, int], buyer: User, now: datetime) -> OrderGroup:
    """An order that was paid; its first parcel is on its way."""
    group = a_checkout(a_cart(wishes, buyer=buyer, now=now), buyer=buyer, now=now)
    stripe.pay(payment_of(group).provider_id or "")
    checkout.check_payment(group_id=group.pk, now=now)
    sweeps.run_all(now)
    order = group.orders.order_by("pk")[0]
    orders.mark_shipped(
        order_id=order.pk, seller_id=order.seller_id, carrier="DHL", tracking="JD0146000", actor="test", now=now
    )
    group.refresh_from_db()
    assert group.state == OrderGroup.State.PAID
    return group


def _basket(wishes: dict[Offer, int], now: datetime) -> uuid.UUID:
    cart_id = carts.open_cart(user_id=None, cart_id=None, now=now).pk
    for offer, quantity in wishes.items():
        carts.add_line(cart_id=cart_id, offer_id=offer.pk, quantity=quantity, now=now)
    return cart_id


def _changed_basket(offers: list[Offer], now: datetime) -> uuid.UUID:
    """One thing costs more by now, of one there are too few, one is sold."""
    dearer, fewer, sold = offers
    cart_id = _basket({dearer: 1, fewer: 3, sold: 1}, now)
    change_prices({dearer.pk: dearer.price_minor + 300}, now=now)
    inventory.set_on_hand(offer_id=fewer.pk, on_hand=1, now=now)
    inventory.set_on_hand(offer_id=sold.pk, on_hand=0, now=now)
    return cart_id


def _stored_picture(name: str, colour: tuple[int, int, int]) -> str:
    """Draws a vase in this colour, in both stored sizes; returns its key."""
    key = f"tests/vase-{name.lower()}"
    storage = storages["default"]
    assert isinstance(storage, FileSystemStorage)
    for size in (SMALL, LARGE):
        picture = Image.new("RGB", (size, size * 3 // 4), (226, 222, 214))
        middle, foot = size // 2, size * 5 // 8
        pencil = ImageDraw.Draw(picture)
        pencil.ellipse((middle - size // 7, foot - size // 3, middle + size // 7, foot), fill=colour)
        pencil.rectangle((middle - size // 24, size // 8, middle + size // 24, foot - size // 5), fill=colour)
        drawn = io.BytesIO()
        picture.save(drawn, "WEBP", quality=60)
        path = Path(storage.path(file_name(key, size)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(drawn.getvalue())
    return key
