"""The map of the site, and places on it that fail in every way there is."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import path

from config import urls
from config.error_pages import error_page

handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500


def refused(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("This place is broken on purpose.")


def shown(request: HttpRequest, status: int, template: str = "") -> HttpResponse:
    return error_page(request, status=status, template=template)


urlpatterns = [
    *urls.urlpatterns,
    path("failing/403/", refused),
    path("failing/500/", broken),
    path("failing/csrf/", shown, {"status": 403, "template": "403_csrf"}),
    path("failing/<int:status>/", shown),
]
