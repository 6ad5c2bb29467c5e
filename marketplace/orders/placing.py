"""Turns a cart's snapshot into rows: one group, one order per stall, lines frozen as they are sold."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from marketplace.carts.models import Cart
from marketplace.carts.snapshot import CartSnapshot, ShippingChoice, SnapshotLine, SnapshotParcel
from marketplace.core.addresses import PostalAddress
from marketplace.core.ids import new_number
from marketplace.orders.errors import CartChanged, CheckoutIncomplete, EmptyCart, SellerUnavailable
from marketplace.orders.models import Order, OrderEvent, OrderGroup, OrderLine

# How long goods are held for a payment (SAFETY, rule 9).
HOLD = timedelta(minutes=15)


def fingerprint(cart: Cart, snapshot: CartSnapshot) -> str:
    """SHA-256 over what the buyer has decided; what others change, such as stock and prices, is not part of it."""
    sellers = {str(parcel.seller_id) for parcel in snapshot.parcels}
    decided = {
        "contact": [cart.email, cart.phone],
        "address": cart.shipping_address,
        "lines": sorted([line.offer_id, line.quantity, line.seen_price_minor] for line in snapshot.lines),
        "shipping": {pk: option for pk, option in cart.shipping_choices.items() if pk in sellers},
    }
    return hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()


def check(snapshot: CartSnapshot) -> PostalAddress:
    """The address to send to. Raises EmptyCart, SellerUnavailable, CartChanged or CheckoutIncomplete, in this order."""
    if not snapshot.lines:
        raise EmptyCart
    for parcel in snapshot.parcels:
        if not parcel.seller_open:
            raise SellerUnavailable(snapshot.problems, parcel.seller_name)
    if snapshot.problems:
        raise CartChanged(snapshot.problems)
    if not snapshot.email:
        raise CheckoutIncomplete(
            "email", "Enter your e-mail address.", fields={"email": "Enter the address for your receipt."}
        )
    if snapshot.address is None:
        raise CheckoutIncomplete(
            "address", "Enter where the parcels go.", fields={"line1": "Enter the street and number."}
        )
    return snapshot.address


def chosen_shipping(snapshot: CartSnapshot) -> Mapping[int, ShippingChoice]:
    """The chosen way per seller. Raises CheckoutIncomplete naming every stall without one."""
    chosen = {parcel.seller_id: parcel.chosen for parcel in snapshot.parcels if parcel.chosen is not None}
    missing = {
        f"shipping_{parcel.seller_id}": f"Choose how {parcel.seller_name} sends it."
        for parcel in snapshot.parcels
        if parcel.seller_id not in chosen
    }
    if missing:
        raise CheckoutIncomplete("shipping", "Choose how each parcel is sent.", fields=missing)
    return chosen


def write(cart: Cart, snapshot: CartSnapshot, *, now: datetime) -> OrderGroup:
    """The group with its orders, lines and first events. Raises what ``check`` and ``chosen_shipping`` raise."""
    address = check(snapshot)
    chosen = chosen_shipping(snapshot)
    group = OrderGroup.objects.create(
        number=new_number("A"),
        cart=cart,
        buyer_id=cart.user_id,
        email=snapshot.email,
        phone=snapshot.phone,
        shipping_address=address.to_json(),
        currency=snapshot.currency,
        items_minor=snapshot.items_minor,
        shipping_minor=snapshot.shipping_minor,
        total_minor=snapshot.total_minor,
        access_token=secrets.token_urlsafe(32),
        cart_fingerprint=fingerprint(cart, snapshot),
        placed_at=now,
        expires_at=now + HOLD,
    )
    orders = Order.objects.bulk_create(
        _order(group, parcel, chosen[parcel.seller_id], now=now) for parcel in snapshot.parcels
    )
    OrderLine.objects.bulk_create(
        _line(order, line) for order, parcel in zip(orders, snapshot.parcels, strict=True) for line in parcel.lines
    )
    OrderEvent.objects.bulk_create(
        OrderEvent(order=order, kind="placed", actor="buyer", data={"group": group.number}, created_at=now)
        for order in orders
    )
    return group


def _order(group: OrderGroup, parcel: SnapshotParcel, shipping: ShippingChoice, *, now: datetime) -> Order:
    arrival = shipping.arrival(now)
    return Order(
        number=new_number("P"),
        group=group,
        seller_id=parcel.seller_id,
        items_minor=parcel.items_minor,
        shipping_minor=parcel.shipping_minor,
        total_minor=parcel.total_minor,
        shipping_name=shipping.name,
        ship_by=arrival.ship_by,
        arrives_from=arrival.earliest,
        arrives_until=arrival.latest,
        placed_at=now,
    )


def _line(order: Order, line: SnapshotLine) -> OrderLine:
    return OrderLine(
        order=order,
        offer_id=line.offer_id,
        title=line.title,
        variant_title=line.variant_title,
        sku=line.sku,
        condition=line.condition,
        product_slug=line.product_slug,
        image_key=line.image.key if line.image else "",
        unit_price_minor=line.price_minor,
        quantity=line.quantity,
        total_minor=line.total_minor,
    )
