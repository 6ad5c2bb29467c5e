"""A guest's cart: its id in a signed cookie of its own, so that shopping needs no session."""

import logging
import uuid
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from marketplace.carts import services
from marketplace.carts.services import GUEST_CART_KEPT
from marketplace.core.db import run_again
from marketplace.core.hall import hall
from marketplace.orders import services as orders
from monitoring.errors import report

logger = logging.getLogger(__name__)

COOKIE, SALT = "awning_cart", "awning.cart"
AGE = int(GUEST_CART_KEPT.total_seconds())


def guest_cart_id(request: HttpRequest) -> uuid.UUID | None:
    """The id that the cookie holds; None without one, and for one that is old or not signed by us."""
    text = request.get_signed_cookie(COOKIE, default=None, salt=SALT, max_age=AGE)
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None


def give_cart(response: HttpResponse, cart_id: uuid.UUID) -> None:
    """Hands the cart to whoever receives the response."""
    response.set_signed_cookie(
        COOKIE,
        str(cart_id),
        salt=SALT,
        max_age=AGE,
        httponly=True,
        samesite="Lax",
        secure=hall().site_url.startswith("https://"),
    )


def merge_at_sign_in(*, sender: object, request: HttpRequest | None, user: AbstractBaseUser, **signal: object) -> None:
    """Receives Django's ``user_logged_in``: the guest's cart goes into the account's.

    The cookie stays behind and names a closed cart, which nobody can open again. A merge that fails must not keep anybody
    from signing in: the guest's cart then waits for the next time.
    """
    cart_id = guest_cart_id(request) if request is not None else None
    if cart_id is None:
        return
    try:
        run_again(lambda: _merge(cart_id, user.pk, now=timezone.now()))
    except DatabaseError as error:
        logger.exception("cart.merge_failed", extra={"cart_id": str(cart_id)})
        report(error, cart_id=cart_id)


def _merge(cart_id: uuid.UUID, user_id: int, *, now: datetime) -> None:
    own = services.merge(guest_cart_id=cart_id, user_id=user_id, now=now)
    orders.follow_merge(guest_cart_id=cart_id, cart_id=own.pk, now=now)
