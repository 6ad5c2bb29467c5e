"""The cart of a guest: its id in a signed cookie."""

import uuid

from django.http import HttpRequest

COOKIE, SALT = "cart", "awning.cart"


def guest_cart_id(request: HttpRequest) -> uuid.UUID | None:
    """The id, None without a cookie or with one that we did not sign."""
    text = request.get_signed_cookie(COOKIE, default=None, salt=SALT)
    return uuid.UUID(text) if text else None
