"""Error pages for people: rendered without a request, so that neither database nor session can make them fail too."""

import json
import sys

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from monitoring.limits import answers
from monitoring.requests.overload import RETRY_AFTER, is_overload


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_page(request, status=403, template="403_csrf")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, status=404)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    return error_page(request, status=429)


def server_error(request: HttpRequest) -> HttpResponse:
    """Called by Django while the exception is handled. A process without a free connection is overloaded, not broken."""
    return overloaded(request) if is_overload(sys.exc_info()[1]) else error_page(request, status=500)


def overloaded(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After: a page, or problem JSON (RFC 9457) for programs."""
    if answers.wants_problem(request, ("/api/",)):
        problem = {
            "type": "about:blank",
            "title": "Service Unavailable",
            "status": 503,
            "detail": f"The hall is overloaded. Try again in {RETRY_AFTER} seconds.",
            "code": "overloaded",
            "request_id": getattr(request, "request_id", ""),
        }
        response = HttpResponse(json.dumps(problem), status=503, content_type="application/problem+json")
    else:
        response = error_page(request, status=503)
    response["Retry-After"] = str(RETRY_AFTER)
    response["Cache-Control"] = "no-store"
    return response


def error_page(request: HttpRequest, *, status: int, template: str = "") -> HttpResponse:
    """The page for `status`: 400, 403, 404, 410, 413, 429, 500 or 503; `template` names another one of `templates/errors`."""
    context = {"request_id": getattr(request, "request_id", "")}
    return HttpResponse(render_to_string(f"errors/{template or status}.html", context), status=status)
