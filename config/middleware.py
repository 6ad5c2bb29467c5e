"""What every answer goes through, whichever app or library wrote it."""

import json
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import add_never_cache_headers, has_vary_header

from config.error_pages import error_page
from monitoring.requests import ids

# Bytes. More than any file that the hall takes, with room for what is around it in a form.
LARGEST_BODY: Final = 32 * 1024 * 1024


def bounded_body(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Refuses a body that no page of the hall takes: looking for the form's token would write all its files to the disk.

    A body without a length is none to Django.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        length = str(request.META.get("CONTENT_LENGTH") or "0").strip()
        if not length.isdecimal() or int(length) <= LARGEST_BODY:
            return get_response(request)
        return _too_large() if request.path_info.startswith("/api/") else error_page(request, status=413)

    return answer


def _too_large() -> HttpResponse:
    problem = {
        "type": "about:blank",
        "title": "Content Too Large",
        "status": 413,
        "detail": f"Send at most {LARGEST_BODY} bytes.",
        "code": "too_large",
        "request_id": ids.current(),
    }
    return HttpResponse(json.dumps(problem), status=413, content_type="application/problem+json")


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
