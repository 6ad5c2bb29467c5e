"""Answers the health endpoints before hosts, redirects, sessions and limits: those need what a probe is there to check.

A load balancer asks by address over plain http, and a database that hangs must not hang the page that says so.
"""

from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from monitoring.health import views

VIEWS: Mapping[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": views.alive,
    "/readyz": views.ready,
    "/health/": views.summary,
    "/health/detailed/": views.details,
}


def probes(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware, third: after the request id and the shutdown guard, which lets these pass to the very end."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        view = VIEWS.get(request.path_info)
        return get_response(request) if view is None else view(request)

    return answer
