"""Carts that are ready for whatever a test wants to do with them."""

from marketplace.accounts.models import User
from marketplace.carts import services
from marketplace.carts.models import Cart
from marketplace.catalog.models import Offer
from marketplace.core.addresses import PostalAddress
from tests.conftest import NOW

VIENNA = PostalAddress(
    name="Mira Holt", line1="Kettenbrückengasse 5", line2="", postal_code="1050", city="Vienna", region="", country="AT"
)


def a_cart(*offers: Offer, user: User | None = None, quantity: int = 1) -> Cart:
    """An open cart with ``quantity`` of each offer."""
    cart = services.open_cart(user_id=user.pk if user else None, cart_id=None, now=NOW)
    for offer in offers:
        services.add_line(cart_id=cart.pk, offer_id=offer.pk, quantity=quantity, now=NOW)
    return cart


def a_ready_cart(*offers: Offer, user: User | None = None, quantity: int = 1) -> Cart:
    """A cart whose checkout has every answer: contact, address, and each stall's first way of shipping."""
    cart = a_cart(*offers, user=user, quantity=quantity)
    services.set_contact(cart_id=cart.pk, email="mira@example.test", phone="", now=NOW)
    services.set_shipping_address(cart_id=cart.pk, address=VIENNA, now=NOW)
    choose_first(cart)
    cart.refresh_from_db()
    return cart


def choose_first(cart: Cart) -> None:
    """Chooses the cheapest way of shipping for each stall."""
    options = {offer.seller_id: offer.seller.shipping_options.order_by("price_minor") for offer in offers_in(cart)}
    choices = {seller_id: found[0].pk for seller_id, found in options.items()}
    services.choose_shipping(cart_id=cart.pk, choices=choices, now=NOW)


def offers_in(cart: Cart) -> list[Offer]:
    return [line.offer for line in cart.lines.filter(removed_at__isnull=True).select_related("offer__seller")]


def quantities(cart: Cart) -> dict[int, int]:
    """Offer → units of what is in the cart."""
    return dict(cart.lines.filter(removed_at__isnull=True).values_list("offer_id", "quantity"))
