"""Error pages answer without a database, a session or a static manifest, and always show a way on."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path

from config import error_pages

REQUEST = RequestFactory().get("/x/")


@pytest.mark.parametrize("status", [400, 403, 404, 410, 413, 429, 500, 503])
def test_every_page_renders_with_a_way_on(status: int) -> None:
    page = error_pages.error_page(REQUEST, status=status)
    assert page.status_code == status
    assert b'href="/"' in page.content
    assert str(status).encode() in page.content


def test_the_request_id_is_shown_where_there_is_one() -> None:
    request = RequestFactory().get("/x/")
    request.request_id = "3f2c-91aa"  # type: ignore[attr-defined]
    assert b"3f2c-91aa" in error_pages.not_found(request, Http404()).content
    assert b"this number helps" not in error_pages.not_found(REQUEST, Http404()).content


def test_a_page_survives_a_static_file_that_the_manifest_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(path: str) -> str:
        raise ValueError(path)

    monkeypatch.setattr("config.jinja.staticfiles_storage.url", lacking)
    assert b"market.css" in error_pages.server_error(REQUEST).content


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken on purpose")


def closed(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse("taken")


urlpatterns = [path("broken/", broken), path("closed/", closed), path("form/", form)]
handler403 = "config.error_pages.forbidden"
handler404 = "config.error_pages.not_found"
handler500 = "config.error_pages.server_error"


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize(
    ("where", "status", "words"),
    [
        ("/nowhere/", 404, "There is no such stall"),
        ("/closed/", 403, "This part is not open to you"),
        ("/broken/", 500, "Something broke on our side"),
    ],
)
def test_the_handlers_of_the_site_show_them(where: str, status: int, words: str) -> None:
    answer = Client(raise_request_exception=False).get(where)
    assert answer.status_code == status
    assert words in answer.content.decode()


@override_settings(ROOT_URLCONF=__name__)
def test_a_form_without_its_token_is_refused_with_an_explanation() -> None:
    answer = Client(enforce_csrf_checks=True).post("/form/")
    assert answer.status_code == 403
    assert "This page had been open too long" in answer.content.decode()


def test_the_site_names_these_handlers() -> None:
    from config import urls

    assert (urls.handler400, urls.handler403, urls.handler404, urls.handler429, urls.handler500) == (
        "config.error_pages.bad_request",
        "config.error_pages.forbidden",
        "config.error_pages.not_found",
        "config.error_pages.too_many_requests",
        "config.error_pages.server_error",
    )
