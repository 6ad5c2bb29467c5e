"""The number on a guest's cart, in a small cookie beside the cart's own: a page from the cache can show it without asking.

Whoever counts a guest's cart notes the number; what leaves the hall then corrects the cookie. Nothing is decided by it: the
worst that a forged number does is to be shown to who forged it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from marketplace.core.hall import hall
from marketplace.storefront.guest_cart import AGE
from marketplace.storefront.guest_cart import COOKIE as CART_COOKIE

COOKIE: Final = "awning_cart_units"
_NOTED: Final = "awning.cart_units"
_UNITS = re.compile(r"0|[1-9][0-9]{0,4}", re.ASCII)


def shown(units: int) -> str:
    """As it stands on the cart; "" for an empty one."""
    return f"{units:,}" if units else ""


def note(request: HttpRequest, units: int) -> None:
    """Says how many units the visitor's cart has, as found in the database in this request."""
    request.META[_NOTED] = units


def remembered(cookies: Mapping[str, str]) -> int | None:
    """How many units a guest's cart has by the cookie; 0 without a cart, None when the cookie does not say."""
    if CART_COOKIE not in cookies:
        return 0
    text = cookies.get(COOKIE, "")
    return int(text) if _UNITS.fullmatch(text) else None


def middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Writes the cookie for a guest with a cart whose number has changed."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        units = request.META.get(_NOTED)
        guest = CART_COOKIE in request.COOKIES or CART_COOKIE in response.cookies
        if units is None or not guest or request.COOKIES.get(COOKIE) == str(units) or request.user.is_authenticated:
            return response
        response.set_cookie(
            COOKIE,
            str(min(int(units), 99_999)),
            max_age=AGE,
            httponly=True,
            samesite="Lax",
            secure=hall().site_url.startswith("https://"),
        )
        return response

    return answer
