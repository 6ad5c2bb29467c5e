"""What every answer goes through, whichever app or library wrote it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import add_never_cache_headers, has_vary_header


def personal_pages(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """A page that depends on its reader's cookies and says nothing about caches is kept by none.

    It stands before the session's middleware, which notes in ``Vary`` that the page has read a session.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if "Cache-Control" not in response and has_vary_header(response, "Cookie"):
            add_never_cache_headers(response)
        return response

    return answer


def plain_session_key(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Drops a session cookie that no session can have: keys are letters and digits, and the database refuses a NUL."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        if key and not (key.isascii() and key.isalnum()):
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        return get_response(request)

    return answer
