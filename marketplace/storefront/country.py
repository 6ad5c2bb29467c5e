"""The country a buyer wants things sent to: asked for by address, remembered in a cookie."""

from datetime import timedelta
from functools import cache

from django.http import HttpRequest, HttpResponse

from marketplace.core.addresses import countries

COOKIE = PARAMETER = "ship_to"
_KEPT = timedelta(days=365)


def chosen_country(request: HttpRequest) -> str:
    """ISO 3166-1 alpha-2 code from the address or the cookie; "" when nothing, or nothing valid, was chosen."""
    for text in (request.GET.get(PARAMETER, ""), request.COOKIES.get(COOKIE, "")):
        code = text.upper()
        if code in _codes():
            return code
    return ""


def remember_country(request: HttpRequest, response: HttpResponse) -> None:
    """Keeps a choice made in this address for the next pages."""
    code = request.GET.get(PARAMETER, "").upper()
    if code in _codes() and request.COOKIES.get(COOKIE) != code:
        response.set_cookie(COOKIE, code, max_age=_KEPT, secure=request.is_secure(), httponly=True, samesite="Lax")


@cache
def _codes() -> frozenset[str]:
    return frozenset(code for code, _ in countries())
