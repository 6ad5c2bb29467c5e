"""What a buyer does before and after paying, in a few words."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from marketplace.accounts.models import User
from marketplace.carts import services as carts
from marketplace.catalog.models import Offer
from marketplace.core.addresses import PostalAddress
from marketplace.orders.models import OrderGroup
from marketplace.sellers.models import ShippingOption
from payments import checkout, idempotency
from payments.idempotency import Answer
from payments.models import Payment

BERLIN = PostalAddress("Mira Holt", "Oranienstr. 12", "", "10999", "Berlin", "", "DE")


def a_cart(wishes: Mapping[Offer, int], *, buyer: User | None = None, now: datetime) -> uuid.UUID:
    """A cart with these goods, an e-mail address, a postal address and each stall's cheapest shipping."""
    cart_id = carts.open_cart(user_id=buyer.pk if buyer else None, cart_id=None, now=now).pk
    for offer, quantity in wishes.items():
        carts.add_line(cart_id=cart_id, offer_id=offer.pk, quantity=quantity, now=now)
    carts.set_contact(cart_id=cart_id, email=buyer.email if buyer else "guest@example.test", phone="", now=now)
    carts.set_shipping_address(cart_id=cart_id, address=BERLIN, now=now)
    carts.choose_shipping(cart_id=cart_id, choices=shipping_for(*wishes), now=now)
    return cart_id


def shipping_for(*offers: Offer) -> dict[int, int]:
    """Each stall's first way of shipping."""
    sellers = {offer.seller_id for offer in offers}
    return {pk: ShippingOption.objects.filter(seller_id=pk).order_by("pk")[0].pk for pk in sellers}


def answer_for(group: OrderGroup) -> Answer:
    """The answer of a checkout in tests: where to pay."""
    return Answer(303, location=f"/checkout/payment/{group.number}/")


def a_checkout(
    cart_id: uuid.UUID,
    *,
    buyer: User | None = None,
    key: str = "",
    now: datetime,
    shipping: dict[int, int] | None = None,
) -> OrderGroup:
    """Checks the cart out and returns the group that was placed."""
    request = idempotency.request_of(
        principal=f"cart:{cart_id}", route="POST /checkout/", key=key or str(uuid.uuid4()), body={"cart": str(cart_id)}
    )
    done = checkout.check_out(
        cart_id=cart_id,
        buyer_id=buyer.pk if buyer else None,
        request=request,
        shipping=shipping or {},
        answer_for=answer_for,
        now=now,
    )
    return OrderGroup.objects.get(number=done.answer.location.split("/")[3])


def payment_of(group: OrderGroup) -> Payment:
    """The group's live payment, fresh from the database."""
    return Payment.objects.exclude(state=Payment.State.CANCELLED).get(group=group)
