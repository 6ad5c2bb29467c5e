"""Error pages for people: rendered without a request, so that neither database nor session can make them fail too."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


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
    return error_page(request, status=500)


def error_page(request: HttpRequest, *, status: int, template: str = "") -> HttpResponse:
    """The page for `status`: 400, 403, 404, 410, 413, 429, 500 or 503; `template` names another one of `templates/errors`."""
    context = {"request_id": getattr(request, "request_id", "")}
    return HttpResponse(render_to_string(f"errors/{template or status}.html", context), status=status)
