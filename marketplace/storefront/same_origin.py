"""Forms on pages that everybody is given the same bytes of: the browser's word that they were sent from here, not a token.

A token would be one visitor's, and its cookie would make every page personal. Browsers say where a POST comes from:
``Origin`` (all since 2020) and ``Sec-Fetch-Site`` (over https and on loopback); scripts and forms cannot change either. Who
sends neither must bring Django's token.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.views.decorators.csrf import csrf_exempt, csrf_protect

P = ParamSpec("P")
_HERE: Final = "same-origin"


def same_origin_or_token(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Lets through what the browser says was sent by a page of ours; anything else needs the token, as everywhere."""
    with_token = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if sent_from_here(request):
            return view(request, *args, **kwargs)
        return with_token(request, *args, **kwargs)

    return answer


def sent_from_here(request: HttpRequest) -> bool:
    """Whether the browser says so, and says nothing else beside it.

    ``Origin`` must be this very origin, letter by letter ("null" is none); ``Sec-Fetch-Site`` must be ``same-origin``: another
    host of the same site is not us.
    """
    origin, site = request.META.get("HTTP_ORIGIN"), request.META.get("HTTP_SEC_FETCH_SITE")
    if origin is None and site is None:
        return False
    if site is not None and site != _HERE:
        return False
    return origin is None or _is_ours(request, origin)


def _is_ours(request: HttpRequest, origin: str) -> bool:
    ours = f"{'https' if request.is_secure() else 'http'}://{request.get_host()}"
    return origin == ours or origin in CsrfViewMiddleware(lambda _: HttpResponse()).allowed_origins_exact
