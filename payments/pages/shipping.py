"""The shipping step: one choice per parcel, by arrival. Leaving it places the orders."""

from collections.abc import Mapping
from datetime import datetime

from django.urls import reverse

from marketplace.carts.snapshot import CartSnapshot, ShippingChoice, SnapshotParcel
from marketplace.core import money
from marketplace.core.page_parts import FormError, Hidden, Meta, Note
from marketplace.storefront.formats import days
from payments import viewmodels as vm
from payments.pages.parts import cart_lines, cart_summary, steps


def field_name(seller_id: int) -> str:
    """The name of a parcel's radio group, as the cart's errors call it."""
    return f"shipping_{seller_id}"


def shipping_page(
    snapshot: CartSnapshot,
    *,
    key: str,
    errors: Mapping[str, str],
    notes: tuple[Note, ...] = (),
    now: datetime,
) -> vm.ShippingPage:
    """The page; ``key`` is the idempotency key of the order that the form will place."""
    return vm.ShippingPage(
        meta=Meta(title="Checkout: shipping", robots="noindex"),
        steps=steps(current=2, reached=2),
        action=reverse("checkout"),
        parcels=tuple(_parcel(parcel, snapshot.currency, errors, now=now) for parcel in snapshot.parcels),
        address=tuple(snapshot.address.lines()) if snapshot.address else (),
        change_address_href=reverse("checkout"),
        summary=cart_summary(snapshot, now=now),
        errors=tuple(FormError(message) for message in errors.values()),
        back_href=reverse("checkout"),
        notes=notes,
        hidden=(Hidden("key", key), Hidden("cart", str(snapshot.cart_id))),
    )


def _parcel(parcel: SnapshotParcel, currency: str, errors: Mapping[str, str], *, now: datetime) -> vm.ShippingParcel:
    name = field_name(parcel.seller_id)
    error = errors.get(name, "")
    if not parcel.options:
        error = f"{parcel.seller_name} does not send to this address: remove its things or change the address."
    return vm.ShippingParcel(
        name=name,
        stall_name=parcel.seller_name,
        hue=parcel.seller_hue,
        lines=cart_lines(parcel.lines, currency),
        choices=tuple(_choice(option, parcel, currency, now=now) for option in parcel.options),
        error=error,
    )


def _choice(option: ShippingChoice, parcel: SnapshotParcel, currency: str, *, now: datetime) -> vm.ShippingChoice:
    arrival = option.arrival(now)
    return vm.ShippingChoice(
        value=str(option.option_id),
        title=days(arrival.earliest, arrival.latest),
        price=money.text(option.price_minor, currency) if option.price_minor else "free",
        note=option.name,
        checked=option == parcel.shipping,
    )
