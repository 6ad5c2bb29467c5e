"""The steps of the checkout: address, shipping, and the order itself."""

import uuid
from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.accounts.models import Address
from marketplace.carts import queries as cart_queries
from marketplace.carts import services as carts
from marketplace.carts.errors import BadContact, BadShipping, CartClosed
from marketplace.carts.snapshot import CartSnapshot
from marketplace.core.addresses import BadAddress, PostalAddress
from marketplace.core.errors import AwningError, Conflict
from marketplace.core.events import Json
from marketplace.core.page_parts import Note
from marketplace.inventory.errors import OutOfStock
from marketplace.orders.errors import CartChanged, CheckoutIncomplete, EmptyCart
from marketplace.orders.models import OrderGroup
from marketplace.storefront import links
from monitoring.limits.decorator import limit
from payments import checkout, idempotency
from payments.idempotency import Answer
from payments.pages import address as address_pages
from payments.pages.address import ADDRESS_FIELDS, CONTACT_FIELDS, Filled
from payments.pages.shipping import shipping_page
from payments.views.buyers import Buyer, buyer_of, remember

ROUTE = "POST /checkout/"
_Step = Callable[[HttpRequest, Buyer, CartSnapshot, datetime], HttpResponse]


def _with_cart(request: HttpRequest, step: _Step) -> HttpResponse:
    """Runs a step with the open cart; back to the cart when there is nothing to order."""
    buyer, now = buyer_of(request), timezone.now()
    cart_id = buyer.cart_id
    snapshot = cart_queries.snapshot(cart_id=cart_id) if cart_id else None
    if snapshot is None or not snapshot.lines:
        return redirect(links.CART)
    return step(request, buyer, snapshot, now)


# --- address --------------------------------------------------------------------------------------------------------


@never_cache
@limit("checkout", methods=("POST",))
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """GET shows the address step; POST places the order."""
    return place(request) if request.method == "POST" else _with_cart(request, _show_address)


def _show_address(request: HttpRequest, buyer: Buyer, snapshot: CartSnapshot, now: datetime) -> HttpResponse:
    saved = _saved(buyer)
    email = getattr(request.user, "email", "")
    form = address_pages.filled_from(snapshot, saved=saved, email=email)
    return _address_form(request, buyer, snapshot, form, now=now)


def _address_form(
    request: HttpRequest, buyer: Buyer, snapshot: CartSnapshot, form: Filled, *, now: datetime
) -> HttpResponse:
    page = address_pages.address_page(
        snapshot,
        form,
        saved=_saved(buyer),
        chosen=request.POST.get("saved", ""),
        signed_in=buyer.user_id is not None,
        now=now,
    )
    return render(request, "payments/address.html", {"page": page}, status=422 if form.errors else 200)


def _saved(buyer: Buyer) -> list[Address]:
    """The account's addresses, the usual one first."""
    if buyer.user_id is None:
        return []
    return list(Address.objects.filter(user_id=buyer.user_id).order_by("-is_default", "-used_at", "-pk")[:20])


@never_cache
@require_POST
def save_address(request: HttpRequest) -> HttpResponse:
    """Keeps the contact and the address, or shows the form again with what is wrong."""
    return _with_cart(request, _save_address)


def _save_address(request: HttpRequest, buyer: Buyer, snapshot: CartSnapshot, now: datetime) -> HttpResponse:
    values = {name: request.POST.get(name, "") for name in (*CONTACT_FIELDS, *ADDRESS_FIELDS)}
    chosen = next((entry for entry in _saved(buyer) if str(entry.pk) == request.POST.get("saved")), None)
    address = (
        address_pages.postal(chosen) if chosen else PostalAddress(**{name: values[name] for name in ADDRESS_FIELDS})
    )
    errors = _store(snapshot.cart_id, values, address, now=now)
    if errors:
        shown = values | address.to_json()
        return _address_form(request, buyer, snapshot, Filled(shown, errors), now=now)
    return redirect("checkout_shipping")


def _store(cart_id: uuid.UUID, values: dict[str, str], address: PostalAddress, *, now: datetime) -> dict[str, str]:
    """Writes both or neither; returns the message per wrong field, of both at once."""
    errors: dict[str, str] = {}
    with transaction.atomic():
        try:
            carts.set_contact(cart_id=cart_id, email=values["email"], phone=values["phone"], now=now)
        except BadContact as error:
            errors |= error.fields
        try:
            carts.set_shipping_address(cart_id=cart_id, address=address, now=now)
        except BadAddress as error:
            errors |= error.fields
        if errors:
            transaction.set_rollback(True)
    return errors


# --- shipping -------------------------------------------------------------------------------------------------------


@never_cache
@require_safe
def shipping(request: HttpRequest) -> HttpResponse:
    """One choice per parcel. Each time the page is shown it carries a new key for the order it may place."""
    return _with_cart(request, _show_shipping)


def _show_shipping(request: HttpRequest, buyer: Buyer, snapshot: CartSnapshot, now: datetime) -> HttpResponse:
    if snapshot.address is None or not snapshot.email:
        return redirect("checkout")
    if snapshot.problems:
        messages.warning(request, "Something in your cart has changed: look at it and accept the change first.")
        return redirect(links.CART)
    return _shipping_form(request, snapshot, now=now)


def _shipping_form(
    request: HttpRequest, snapshot: CartSnapshot, *, error: AwningError | None = None, now: datetime
) -> HttpResponse:
    fields = error.fields if error else {}
    notes = (Note(_said(error), "danger"),) if error and not fields else ()
    page = shipping_page(snapshot, key=str(uuid.uuid4()), errors=fields, notes=notes, now=now)
    answer = render(request, "payments/shipping.html", {"page": page}, status=error.status if error else 200)
    if isinstance(error, idempotency.KeyInProgress):
        answer["Retry-After"] = str(error.retry_after)
    return answer


def _said(error: AwningError) -> str:
    """What went wrong, for the buyer; what the provider says about itself is for the log."""
    if error.status >= 500:
        return "The payment provider does not answer. Nothing was charged: try again in a moment."
    return error.message


# --- the order ------------------------------------------------------------------------------------------------------


def place(request: HttpRequest) -> HttpResponse:
    """Places the orders of the cart that the form shows, once per key, and goes on to the payment."""
    buyer, now = buyer_of(request), timezone.now()
    cart_id = _posted_cart(request, buyer)
    if cart_id is None:
        return redirect(links.CART)
    try:
        return _place(request, buyer, cart_id, now=now)
    except CheckoutIncomplete as error:
        return (
            _shipping_again(request, cart_id, error, now=now) if error.missing == "shipping" else redirect("checkout")
        )
    except (CartChanged, OutOfStock, EmptyCart, CartClosed) as error:
        messages.warning(request, error.message)
        return redirect(links.CART)
    except (BadShipping, Conflict, AwningError) as error:
        if error.status == 404:
            return redirect(links.CART)
        return _shipping_again(request, cart_id, error, now=now)


def _posted_cart(request: HttpRequest, buyer: Buyer) -> uuid.UUID | None:
    """The cart that the form was shown for, if it is this person's. It may be closed by now.

    A guest must still hold its cookie. Asked first, because every answer further on may show what is in the cart.
    """
    try:
        posted = uuid.UUID(request.POST.get("cart", ""))
    except ValueError:
        return buyer.cart_id
    if buyer.user_id is None and posted != buyer.guest_cart:
        return None
    return posted if cart_queries.belongs(cart_id=posted, user_id=buyer.user_id) else None


def _place(request: HttpRequest, buyer: Buyer, cart_id: uuid.UUID, *, now: datetime) -> HttpResponse:
    chosen = {name: str(value) for name, value in request.POST.items() if name.startswith("shipping_")}
    done = checkout.check_out(
        cart_id=cart_id,
        buyer_id=buyer.user_id,
        request=idempotency.request_of(
            principal=buyer.principal(cart_id),
            route=ROUTE,
            key=request.headers.get("Idempotency-Key") or request.POST.get("key", ""),
            body=dict[str, Json]({"cart": str(cart_id)}, **chosen),
        ),
        shipping=_choices(chosen),
        answer_for=_answer_for,
        now=now,
    )
    number = done.answer.location.rstrip("/").rpartition("/")[2]
    remember(request, OrderGroup.objects.get(number=number))
    answer = HttpResponse(done.answer.body, status=done.answer.status, content_type="text/plain")
    answer["Location"] = done.answer.location
    return answer


def _answer_for(group: OrderGroup) -> Answer:
    return Answer(303, location=reverse("checkout_payment", args=[group.number]), content_type="text/plain")


def _choices(chosen: dict[str, str]) -> dict[int, int]:
    """{seller id: option id}. Raises BadShipping for anything that is no number."""
    try:
        return {int(name.removeprefix("shipping_")): int(value) for name, value in chosen.items()}
    except ValueError:
        raise BadShipping("Choose how each parcel is sent.", fields=dict.fromkeys(chosen, "Choose one.")) from None


def _shipping_again(request: HttpRequest, cart_id: uuid.UUID, error: AwningError, *, now: datetime) -> HttpResponse:
    return _shipping_form(request, cart_queries.snapshot(cart_id=cart_id), error=error, now=now)
