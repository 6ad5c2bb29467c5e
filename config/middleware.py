"""What every answer goes through, whichever app or library wrote it."""

from collections.abc import Callable

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
