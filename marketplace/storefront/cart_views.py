"""The cart's HTTP. Every form works without scripts; htmx posts the same forms and picks its part of the answer."""

import uuid
from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from marketplace.carts import queries, services
from marketplace.carts.services import LineState, Terms
from marketplace.catalog import queries as catalog
from marketplace.core.errors import AwningError
from marketplace.storefront import cart_count, links
from marketplace.storefront.cart_pages import added, cart_page, empty_page, refused, undo_of
from marketplace.storefront.country import chosen_country, remember_country
from marketplace.storefront.guest_cart import give_cart, guest_cart_id
from marketplace.storefront.pages.cards import cards
from marketplace.storefront.same_origin import same_origin_or_token

# The largest key and amount that the database holds.
_MOST = 2**63 - 1
# Popular things beside an empty cart.
_SUGGESTED = 3


def _user_id(request: HttpRequest) -> int | None:
    return request.user.pk if request.user.is_authenticated else None


def cart_id_of(request: HttpRequest) -> uuid.UUID | None:
    """The open cart of whoever asks, None without one."""
    return queries.find(user_id=_user_id(request), cart_id=guest_cart_id(request))


@never_cache
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The cart; ``?removed=<offer>`` offers to put that line back."""
    cart_id = cart_id_of(request)
    snapshot = queries.snapshot(cart_id=cart_id, country=chosen_country(request)) if cart_id else None
    removed = _removed(request, snapshot.cart_id) if snapshot else None
    if snapshot is not None and snapshot.lines:
        page = cart_page(snapshot, removed=removed, now=timezone.now())
    else:
        undo, undo_text = undo_of(removed)
        page = empty_page(popular=cards(catalog.popular(limit=_SUGGESTED)), undo=undo, undo_text=undo_text)
    response = render(request, "storefront/cart.html", {"page": page})
    remember_country(request, response)
    return response


@require_POST
@same_origin_or_token
def add(request: HttpRequest) -> HttpResponse:
    """Adds ``quantity`` (1) of ``offer``: htmx gets the announcement, a form goes back to the page it came from."""
    now = timezone.now()
    offer_id = _number(request.POST.get("offer"))
    try:
        cart = services.open_cart(user_id=_user_id(request), cart_id=guest_cart_id(request), now=now)
        line = services.add_line(
            cart_id=cart.pk, offer_id=offer_id, quantity=_number(request.POST.get("quantity", "1")), now=now
        )
    except AwningError as error:
        return _not_added(request, error)
    total = queries.count(cart_id=cart.pk, user_id=_user_id(request))
    announced = added(title=line.title, quantity=line.quantity, total=total)
    if _is_htmx(request):
        response = render(request, "storefront/cart_added.html", {"page": announced})
    else:
        messages.success(request, announced.text)
        response = HttpResponseRedirect(_back(request))
    if _user_id(request) is None:
        give_cart(response, cart.pk)
    # After the page around it, which a guest without a cart has asked for.
    cart_count.note(request, total)
    return response


@require_POST
def set_quantity(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Sets a line's ``quantity``; 0 takes it out."""
    quantity = _number(request.POST.get("quantity"))
    return _change(
        request,
        lambda cart_id, now: services.set_quantity(cart_id=cart_id, offer_id=offer_id, quantity=quantity, now=now),
    )


@require_POST
def remove(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Takes a line out and offers to put it back."""
    return _change(request, lambda cart_id, now: services.remove_line(cart_id=cart_id, offer_id=offer_id, now=now))


@require_POST
def restore(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Puts a line back."""
    return _change(request, lambda cart_id, now: services.restore_line(cart_id=cart_id, offer_id=offer_id, now=now))


@require_POST
def accept(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Accepts the price and quantity that the form was shown with; a newer change is shown again."""
    terms = Terms(_number(request.POST.get("price_minor")), _number(request.POST.get("quantity")))

    def change(cart_id: uuid.UUID, now: datetime) -> None:
        if not services.accept_changes(cart_id=cart_id, shown={offer_id: terms}, now=now):
            messages.warning(request, "That has changed once more: please look again.")

    return _change(request, change)


def _change(request: HttpRequest, change: Callable[[uuid.UUID, datetime], LineState | None]) -> HttpResponse:
    """Runs a change of the open cart and shows the cart again, with what went wrong."""
    cart_id = cart_id_of(request)
    if cart_id is None:
        return redirect("cart")
    try:
        line = change(cart_id, timezone.now())
    except AwningError as error:
        messages.error(request, error.message)
        return redirect("cart")
    if line is not None and not line.quantity:
        return redirect(f"{links.CART}?removed={line.offer_id}")
    return redirect("cart")


def _not_added(request: HttpRequest, error: AwningError) -> HttpResponse:
    if _is_htmx(request):
        # Statuses that htmx swaps in; anything else it would only report as failed.
        status = error.status if error.status in (409, 422) else 422
        return render(request, "storefront/cart_added.html", {"page": refused(error.message)}, status=status)
    messages.error(request, error.message)
    return HttpResponseRedirect(_back(request))


def _is_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _back(request: HttpRequest) -> str:
    """The page the form was on, if it is one of ours; else the cart."""
    for address in (request.POST.get("next", ""), request.headers.get("Referer", "")):
        if address and url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure()):
            return address
    return links.CART


def _removed(request: HttpRequest, cart_id: uuid.UUID) -> tuple[int, str] | None:
    text = request.GET.get("removed", "")
    offer_id = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    title = queries.removed_title(cart_id=cart_id, offer_id=offer_id) if offer_id else ""
    return (offer_id, title) if title else None


def _number(text: str | None) -> int:
    """A whole number of a form that we wrote ourselves; anything else is no page of ours."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > len(str(_MOST)) or int(text) > _MOST:
        raise Http404
    return int(text)
