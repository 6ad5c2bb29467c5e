"""Changes carts. Every change locks the cart first, so that an order is placed of what the buyer last saw."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from marketplace.carts import merging, queries
from marketplace.carts.contact import checked_contact
from marketplace.carts.errors import (
    BadQuantity,
    BadShipping,
    CartClosed,
    CartFull,
    NotEnoughStock,
    OfferUnavailable,
    OwnOffer,
)
from marketplace.carts.limits import MOST_LINES, MOST_UNITS
from marketplace.carts.models import Cart, CartLine
from marketplace.catalog.models import Offer, Product
from marketplace.core import cache
from marketplace.core.addresses import PostalAddress, checked
from marketplace.core.errors import NotFound
from marketplace.sellers.models import Seller

# How long a guest's cart is kept after its last change; the cookie lives as long.
GUEST_CART_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class LineState:
    """A line after a change; ``quantity`` 0 means that it was taken out."""

    offer_id: int
    title: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What the buyer was shown of a line, and accepts: the price in minor units, and how many."""

    price_minor: int
    quantity: int


def open_cart(*, user_id: int | None, cart_id: uuid.UUID | None, now: datetime) -> Cart:
    """The open cart of an account, or of a guest who holds its id; a new one when there is none."""
    found = queries.open_carts(user_id=user_id, cart_id=cart_id).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return Cart.objects.create(user_id=user_id, created_at=now, updated_at=now)
    except IntegrityError:
        # Another request of the same person was faster; the constraint allows one open cart.
        return queries.open_carts(user_id=user_id, cart_id=None).get()


def lock(*, cart_id: uuid.UUID) -> Cart:
    """The cart, open or closed, locked until the end of the caller's transaction. Raises NotFound."""
    cart = Cart.objects.filter(pk=cart_id).select_for_update(no_key=True).first()
    if cart is None:
        raise NotFound("There is no such cart.")
    # Whoever locks a cart is about to change it; all that changes one does.
    cache.touch(*queries.tags(cart_id=cart.pk, user_id=cart.user_id))
    return cart


def add_line(*, cart_id: uuid.UUID, offer_id: int, quantity: int, now: datetime) -> LineState:
    """Adds units of an offer, to those already in the cart.

    The price seen first stays, so that a change still has to be accepted. Raises NotFound, OfferUnavailable, OwnOffer,
    NotEnoughStock, CartFull, BadQuantity, CartClosed.
    """
    with transaction.atomic():
        cart = _open(cart_id, now=now)
        offer = _offer_for(cart, offer_id)
        lines = {line.offer_id: line for line in cart.lines.all()}
        line = lines.get(offer_id)
        present = line.quantity if line and line.removed_at is None else 0
        if not present and sum(other.removed_at is None for other in lines.values()) >= MOST_LINES:
            raise CartFull(f"A cart holds {MOST_LINES} different things: order or remove some first.")
        _check_units(cart, offer_id, wanted=present + quantity, present=present, added=quantity)
        if line is None or not present:
            line = line or CartLine(cart=cart, offer=offer)
            line.seen_price_minor, line.added_at, line.removed_at = offer.price_minor, now, None
        line.quantity = present + quantity
        line.save()
        return LineState(offer_id, offer.variant.product.title, present + quantity)


def set_quantity(*, cart_id: uuid.UUID, offer_id: int, quantity: int, now: datetime) -> LineState:
    """Sets how many units a line has; 0 takes it out. Fewer is always possible, more only while they are free.

    Raises NotFound, NotEnoughStock, BadQuantity, CartClosed.
    """
    if quantity == 0:
        return remove_line(cart_id=cart_id, offer_id=offer_id, now=now)
    with transaction.atomic():
        cart = _open(cart_id, now=now)
        line = _line(cart, offer_id)
        if quantity != line.quantity:
            _check_units(cart, offer_id, wanted=quantity, present=line.quantity, added=quantity)
            line.quantity = quantity
            line.save(update_fields=["quantity"])
        return LineState(offer_id, line.offer.variant.product.title, quantity)


def remove_line(*, cart_id: uuid.UUID, offer_id: int, now: datetime) -> LineState:
    """Takes a line out; ``restore_line`` puts it back. Raises NotFound, CartClosed."""
    with transaction.atomic():
        line = _line(_open(cart_id, now=now), offer_id)
        line.removed_at = now
        line.save(update_fields=["removed_at"])
        return LineState(offer_id, line.offer.variant.product.title, 0)


def restore_line(*, cart_id: uuid.UUID, offer_id: int, now: datetime) -> LineState:
    """Puts a removed line back with its quantity and the price seen; back already is fine. Raises NotFound, CartFull.

    What has changed meanwhile appears on the line, as for any other.
    """
    with transaction.atomic():
        cart = _open(cart_id, now=now)
        line = _line(cart, offer_id, removed=True)
        if line.removed_at is not None:
            if cart.lines.filter(removed_at__isnull=True).count() >= MOST_LINES:
                raise CartFull(f"A cart holds {MOST_LINES} different things: order or remove some first.")
            line.removed_at = None
            line.save(update_fields=["removed_at"])
        return LineState(offer_id, line.offer.variant.product.title, line.quantity)


def accept_changes(*, cart_id: uuid.UUID, now: datetime, shown: Mapping[int, Terms] | None = None) -> int:
    """Accepts new prices and smaller quantities; returns how many lines were brought up to date.

    ``shown`` maps offers to what the buyer saw: a line that has changed again since stays as it is and shows the newer
    change. Without it, every change that can be accepted is. Lines that cannot be bought at all can only be removed.
    """
    with transaction.atomic():
        cart = _open(cart_id, now=now)
        updated: list[CartLine] = []
        lines = {line.offer_id: line for line in cart.lines.filter(removed_at__isnull=True)}
        for current in queries.snapshot(cart_id=cart_id).lines:
            terms = Terms(current.price_minor, min(current.quantity, current.free))
            if current.buyable and current.problem and (shown is None or shown.get(current.offer_id) == terms):
                line = lines[current.offer_id]
                line.seen_price_minor, line.quantity = terms.price_minor, terms.quantity
                updated.append(line)
        CartLine.objects.bulk_update(updated, ["seen_price_minor", "quantity"])
        return len(updated)


def set_contact(*, cart_id: uuid.UUID, email: str, phone: str, now: datetime) -> None:
    """Where the receipt goes, and a number for the carrier, which may be "". Raises BadContact, CartClosed."""
    address, number = checked_contact(email=email, phone=phone)
    with transaction.atomic():
        cart = _open(cart_id, now=now)
        cart.email, cart.phone = address, number
        cart.save(update_fields=["email", "phone"])


def set_shipping_address(*, cart_id: uuid.UUID, address: PostalAddress, now: datetime) -> None:
    """Where the parcels go; ways of shipping that do not reach it are forgotten. Raises BadAddress, CartClosed."""
    clean = checked(address)
    with transaction.atomic():
        cart = _open(cart_id, now=now)
        options = queries.shipping_options(seller_ids=[int(pk) for pk in cart.shipping_choices])
        reached = {option.pk for option in options if queries.serves(option, clean.country)}
        cart.shipping_address = clean.to_json()
        cart.shipping_choices = {pk: option for pk, option in cart.shipping_choices.items() if option in reached}
        cart.save(update_fields=["shipping_address", "shipping_choices"])


def choose_shipping(*, cart_id: uuid.UUID, choices: Mapping[int, int], now: datetime) -> None:
    """Chooses a way of shipping per stall: {seller id: shipping option id}; other stalls keep theirs.

    Raises BadShipping with ``shipping_<seller id>`` in its fields, CartClosed.
    """
    with transaction.atomic():
        cart = _open(cart_id, now=now)
        parcels = {parcel.seller_id: parcel for parcel in queries.snapshot(cart_id=cart_id).parcels}
        if not cart.shipping_address:
            raise BadShipping("Enter the address first: it decides how parcels can be sent.")
        wrong = {
            f"shipping_{seller_id}": "Choose one of the ways shown."
            for seller_id, option_id in choices.items()
            if seller_id not in parcels or option_id not in {option.option_id for option in parcels[seller_id].options}
        }
        if wrong:
            raise BadShipping("Choose how each parcel is sent.", fields=wrong)
        kept = {pk: option for pk, option in cart.shipping_choices.items() if int(pk) in parcels}
        cart.shipping_choices = kept | {str(pk): option for pk, option in choices.items()}
        cart.save(update_fields=["shipping_choices"])


def merge(*, guest_cart_id: uuid.UUID, user_id: int, now: datetime) -> Cart:
    """Moves a guest's cart into the account's at sign-in and closes it; merging again changes nothing.

    Quantities are added, as far as stock and the caps allow; prices stay as they were seen. What the guest told the
    checkout fills what the account's cart does not know.
    """
    with transaction.atomic():
        own = open_cart(user_id=user_id, cart_id=None, now=now)
        # In key order, so that two sign-ins of the same person do not wait for each other in a ring.
        carts = Cart.objects.filter(pk__in=[guest_cart_id, own.pk]).order_by("pk").select_for_update(no_key=True)
        found = {cart.pk: cart for cart in carts}
        guest, own = found.get(guest_cart_id), found[own.pk]
        if own.closed_at is not None:  # paid for in this very moment: the guest's things go into the next one
            return merge(guest_cart_id=guest_cart_id, user_id=user_id, now=now)
        if guest is not None and guest.user_id is None and guest.closed_at is None:
            merging.pour(guest, into=own)
            for cart in (guest, own):
                cache.touch(*queries.tags(cart_id=cart.pk, user_id=cart.user_id))
            guest.closed_at = own.updated_at = now
            guest.save(update_fields=["closed_at"])
            own.save()
        return own


def note_hold(*, cart_id: uuid.UUID, reference: str) -> None:
    """Remembers under which reference units are held for this cart, so that its buyer sees them as free."""
    Cart.objects.filter(pk=cart_id).update(hold_reference=reference)


def close(*, cart_id: uuid.UUID, now: datetime) -> None:
    """Ends a cart; the next thing starts a new one. Closing again changes nothing. Raises NotFound."""
    with transaction.atomic():
        lock(cart_id=cart_id)
        _end(cart_id, now=now)


def _end(cart_id: uuid.UUID, *, now: datetime) -> None:
    Cart.objects.filter(pk=cart_id, closed_at__isnull=True).update(closed_at=now, updated_at=now)


def take_out_bought(*, cart_id: uuid.UUID, bought: Mapping[int, int], now: datetime) -> uuid.UUID | None:
    """Ends a paid cart, unless it holds more than was bought: then that stays in it, open under the same id.

    ``bought`` maps offer ids to units. In the second case the id of a closed cart that stands for the purchase is
    returned; None otherwise, and when the cart was closed before. Raises NotFound.
    """
    with transaction.atomic():
        cart = lock(cart_id=cart_id)
        if cart.closed_at is not None:
            return None
        lines = list(cart.lines.filter(removed_at__isnull=True))
        if all(line.quantity <= bought.get(line.offer_id, 0) for line in lines):
            _end(cart_id, now=now)
            return None
        for line in lines:
            line.quantity -= bought.get(line.offer_id, 0)
        cart.lines.filter(pk__in=[line.pk for line in lines if line.quantity <= 0]).delete()
        CartLine.objects.bulk_update([line for line in lines if line.quantity > 0], ["quantity"])
        Cart.objects.filter(pk=cart_id).update(hold_reference="", updated_at=now)
        return Cart.objects.create(user_id=cart.user_id, created_at=cart.created_at, updated_at=now, closed_at=now).pk


def prune(*, now: datetime, limit: int = 1000) -> int:
    """Deletes guests' carts that nobody has touched while their cookie lived, at most ``limit`` in one go."""
    old = Cart.objects.filter(user__isnull=True, updated_at__lt=now - GUEST_CART_KEPT).order_by("updated_at")
    return Cart.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:limit])).delete()[1].get("carts.Cart", 0)


def _open(cart_id: uuid.UUID, *, now: datetime) -> Cart:
    """The cart, locked and marked as touched. Raises NotFound, CartClosed."""
    cart = lock(cart_id=cart_id)
    if cart.closed_at is not None:
        raise CartClosed
    cart.updated_at = now
    cart.save(update_fields=["updated_at"])
    return cart


def _line(cart: Cart, offer_id: int, *, removed: bool = False) -> CartLine:
    """A line of this cart with its product, also a removed one when asked. Raises NotFound."""
    lines = cart.lines.filter(offer_id=offer_id).select_related("offer__variant__product")
    line = (lines if removed else lines.filter(removed_at__isnull=True)).first()
    if line is None:
        raise NotFound("This is not in your cart any more.")
    return line


def _offer_for(cart: Cart, offer_id: int) -> Offer:
    """The offer with its product, if this cart's owner may buy it. Raises NotFound, OfferUnavailable, OwnOffer."""
    offer = Offer.objects.filter(pk=offer_id).select_related("variant__product", "seller").first()
    if offer is None:
        raise NotFound("There is no such offer.")
    open_stall = offer.seller.status == Seller.Status.APPROVED
    if not open_stall or offer.status != Offer.Status.ACTIVE or offer.variant.product.status != Product.Status.ACTIVE:
        raise OfferUnavailable
    if queries.works_at(user_id=cart.user_id, seller_ids=[offer.seller_id]):
        raise OwnOffer
    return offer


def _check_units(cart: Cart, offer_id: int, *, wanted: int, present: int, added: int) -> None:
    """Raises BadQuantity beyond the cap, NotEnoughStock when a larger quantity is not free."""
    if added < 1:
        raise BadQuantity("Choose at least one.", fields={"quantity": "Choose at least one."})
    if wanted > MOST_UNITS:
        message = f"At most {MOST_UNITS} of one thing fit into a cart."
        raise BadQuantity(message, fields={"quantity": message})
    if wanted <= present:
        return
    free = queries.free_to(cart=cart, offer_id=offer_id)
    if free <= 0:
        raise NotEnoughStock("This has just sold out.", free=0)
    if wanted > free:
        here = f", and you have {present} in your cart" if present else ""
        raise NotEnoughStock(f"Only {free} left{here}.", free=free)
