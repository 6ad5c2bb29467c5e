"""The first middleware of all: every answer carries the id of its request, and every request leaves one line."""

import logging
from collections.abc import Callable
from time import perf_counter
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseFileResponse

from monitoring.requests import access, ids, origin
from monitoring.requests.client_ip import client_ip

# Probes come every few seconds from everywhere: their lines are written when somebody debugs.
_QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics", "/health/"})
# Addresses that a middleware answers, before any route is looked for.
_FIXED: Final = _QUIET | {"/status/"}

# Told of every answer, also of those that nothing further inside has seen: (request, status).
answered: list[Callable[[HttpRequest, int], object]] = []


def identify(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Begins the request's id, and ends it when the answer is closed (see apps.py): Django logs after the last middleware.

    Nothing here looks at the body, the session or the host.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        begun = perf_counter()
        request_id = ids.begin(request.META.get("HTTP_X_REQUEST_ID"))
        # Error pages show it.
        request.request_id = request_id  # type: ignore[attr-defined]
        response = get_response(request)
        response.headers[ids.HEADER] = request_id
        for tell in answered:
            tell(request, response.status_code)
        quiet = request.path_info in _QUIET and response.status_code < 400
        access.line(_visit(request, response, perf_counter() - begun), level=logging.DEBUG if quiet else logging.INFO)
        return response

    return answer


def _visit(request: HttpRequest, response: HttpResponseBase, seconds: float) -> access.Visit:
    from_where = origin.of_request(request)
    return access.Visit(
        method=request.method or "",
        route=_route(request, response) or from_where.name,
        status=response.status_code,
        seconds=seconds,
        size=_size(response),
        user=from_where.user,
        client=access.network_of(client_ip(request)),
    )


def _route(request: HttpRequest, response: HttpResponseBase) -> str:
    """What answers without a route has a name here, "" for all that has one."""
    if isinstance(response, WhiteNoiseFileResponse):
        return "static"
    return request.path_info if request.path_info in _FIXED else ""


def _size(response: HttpResponseBase) -> int | None:
    length = response.headers.get("Content-Length", "")
    if length.isascii() and length.isdigit():
        return int(length)
    return None if response.streaming else len(getattr(response, "content", b""))
