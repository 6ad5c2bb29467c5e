"""Who is asking, and which cart and orders are theirs. What is somebody else's does not exist."""

import uuid
from contextlib import suppress
from dataclasses import dataclass

from django.http import Http404, HttpRequest

from marketplace.carts import queries as carts
from marketplace.core.errors import NotFound
from marketplace.orders import queries as orders
from marketplace.orders.models import OrderGroup
from marketplace.storefront.guest_cart import guest_cart_id

# {number: access token} of the orders that this browser has placed or opened from an e-mail.
_SESSION_KEY = "guest_orders"
_MOST_REMEMBERED = 20


@dataclass(frozen=True, slots=True)
class Buyer:
    """``user_id`` is None for guests; ``cart_id`` is the open cart, None without one."""

    user_id: int | None
    guest_cart: uuid.UUID | None

    @property
    def cart_id(self) -> uuid.UUID | None:
        return carts.find(user_id=self.user_id, cart_id=self.guest_cart)

    def principal(self, cart_id: uuid.UUID) -> str:
        """Whose idempotency keys these are."""
        return f"user:{self.user_id}" if self.user_id is not None else f"cart:{cart_id}"


def buyer_of(request: HttpRequest) -> Buyer:
    """The person behind the request."""
    user_id = request.user.pk if request.user.is_authenticated else None
    return Buyer(user_id, guest_cart_id(request))


def remember(request: HttpRequest, group: OrderGroup) -> None:
    """Lets this browser open the group's pages; signed-in buyers need no reminder."""
    if group.buyer_id is None:
        known = dict(request.session.get(_SESSION_KEY, {}))
        known.pop(group.number, None)
        known[group.number] = group.access_token
        request.session[_SESSION_KEY] = dict(list(known.items())[-_MOST_REMEMBERED:])


def group_of(request: HttpRequest, number: str) -> OrderGroup:
    """The group, if it is this person's. Raises Http404, for other people's too."""
    token = request.session.get(_SESSION_KEY, {}).get(number)
    if token:
        with suppress(NotFound):
            return orders.group_by_token(number=number, token=token)
    if request.user.is_authenticated:
        with suppress(NotFound):
            return orders.group_for_buyer(number=number, buyer_id=request.user.pk)
    raise Http404
