"""Whole pages: what may be kept for everybody, under which name, and what never is."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from csp.middleware import CSPMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.test import RequestFactory
from django.urls import resolve

from marketplace.core import cache
from marketplace.storefront import made_with, whole_pages
from marketplace.storefront.whole_pages import pages

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("remembering")]


def asked(path: str = "/help/", **headers: str) -> HttpRequest:
    request = RequestFactory().get(path, headers=headers)
    request.user = AnonymousUser()
    request.resolver_match = resolve(request.path_info)
    request._messages = ()  # type: ignore[attr-defined]
    return request


def answered(request: HttpRequest, render: Callable[[HttpRequest], HttpResponseBase]) -> HttpResponseBase:
    return whole_pages.answer(request, render, parameters=frozenset())


def test_an_answer_that_is_not_kept_goes_to_one_visitor_alone(
    remembering: cache.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Middleware writes cookies on it: two who waited for the same redirect must not get the same object."""
    both_wait = threading.Event()
    join = remembering.flights.join
    joined: list[object] = []

    def counted(place: tuple[str, str], moment: int) -> object:
        found = join(place, moment)
        joined.append(found)
        if len(joined) == 2:
            both_wait.set()
        return found

    monkeypatch.setattr(remembering.flights, "join", counted)

    def render(request: HttpRequest) -> HttpResponse:
        assert both_wait.wait(10)
        return HttpResponse(status=302, headers={"Location": "/"})

    answers: list[HttpResponseBase] = []
    visitors = [threading.Thread(target=lambda: answers.append(answered(asked(), render))) for _ in range(2)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(20)
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0] is not answers[1]
    assert all(answer["Cache-Control"] == "private, no-store" for answer in answers)


def _with_token(request: HttpRequest) -> HttpResponse:
    return HttpResponse(get_token(request))


def _with_cookie(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("page")
    response.set_cookie("seen", "1")
    return response


def _with_nonce(request: HttpRequest) -> HttpResponse:
    CSPMiddleware(lambda _: HttpResponse()).process_request(request)
    return HttpResponse(str(request.csp_nonce))  # type: ignore[attr-defined]


@pytest.mark.parametrize("render", [_with_token, _with_cookie, _with_nonce])
def test_what_holds_something_of_one_visitor_is_reported_and_never_kept(
    render: Callable[[HttpRequest], HttpResponse], monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[Exception] = []
    monkeypatch.setattr(whole_pages, "report", reported.append)
    for _ in range(2):
        assert answered(asked(), render)["Cache-Control"] == "private, no-store"
    assert [type(error) for error in reported] == [whole_pages.PersonalBytes] * 2
    assert pages.look(whole_pages.key_of("/help/", "", "") or "") is None


@pytest.mark.parametrize("status", [204, 301, 404, 410, 500, 503])
def test_only_a_page_is_kept(status: int) -> None:
    for _ in range(2):
        assert answered(asked(), lambda _: HttpResponse(status=status)).status_code == status
    assert pages.look(whole_pages.key_of("/help/", "", "") or "") is None


def test_a_page_is_rendered_for_nobody(rf: RequestFactory) -> None:
    """Whatever a page would read of its visitor is not there, and asking for the host is an error."""
    seen: list[HttpRequest] = []

    def render(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse("page")

    request = asked("/help/?utm_source=canary", Cookie="other=canary; ship_to=FR", Referer="canary", Host="127.0.0.1")
    assert answered(request, render).status_code == 200
    (given,) = seen
    assert given is not request
    assert "canary" not in f"{given.META} {given.COOKIES} {given.GET} {given.get_full_path()}"
    assert given.COOKIES == {"ship_to": "FR"}
    with pytest.raises(Exception, match="nobody"):
        given.get_host()


def test_a_slot_cannot_be_written_by_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its word is another in each rendering, so what somebody has copied out of one says nothing in the next."""
    drawn: list[str] = []

    def render(request: HttpRequest) -> HttpResponse:
        slot = str(request.slots.user)  # type: ignore[attr-defined]
        drawn.append(slot)
        return HttpResponse(f"<h1>{drawn[0]}</h1>{slot}<p>mine</p>")

    answered(asked("/help/"), render)
    answered(asked("/selling/"), render)
    found = pages.look(whole_pages.key_of("/selling/", "", "") or "")
    assert found is not None
    assert found.value is not None
    assert drawn[0] != drawn[1]
    assert found.value.slots == ("user",)
    assert drawn[0] in found.value.parts[0].decode()


def test_pages_of_another_release_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two releases run side by side during a deploy: the style sheets of the one are not there in the other."""
    for release in ("old", "new"):
        monkeypatch.setattr(whole_pages, "made_with", lambda release=release: release)
        for _ in range(2):
            response = answered(asked(), lambda _, release=release: HttpResponse(release))  # type: ignore[misc]
            assert response.content.decode() == release  # type: ignore[attr-defined]


def test_a_release_is_known_by_templates_page_modules_and_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = {made_with.made_with.__wrapped__()}
    assert words == {made_with.made_with.__wrapped__()}
    names = {file.name for file in made_with._files()}
    assert {"base.html", "product.html", "whole_pages.py", "product.py"} <= names
    monkeypatch.setattr(
        "django.contrib.staticfiles.storage.staticfiles_storage.manifest_hash", "another", raising=False
    )
    words.add(made_with.made_with.__wrapped__())
    page = tmp_path / "page.html"
    monkeypatch.setattr(made_with, "_files", lambda: iter([page]))
    for text in ("one", "two"):
        page.write_text(text)
        words.add(made_with.made_with.__wrapped__())
    assert len(words) == 4


@pytest.mark.parametrize(
    ("path", "query", "key"),
    [
        ("/help/", "b=2&a=1&b=1", "/help/?a=1&b=2&b=1"),
        ("/help/", "utm_source=x&a=1&&gclid=y", "/help/?a=1"),
        ("/help/", "a=" + "1" * 398, "/help/?a=" + "1" * 398),
        ("/help/", "a=" + "1" * 399, None),
        ("/help/", "&".join(f"a={n}" for n in range(12)), "/help/?" + "&".join(f"a={n}" for n in range(12))),
        ("/help/", "&".join(f"a={n}" for n in range(13)), None),
        ("/help/", "A=1", None),
        ("/help/", "=1", None),
        ("/help/", "a b=1", None),
        ("/help/", "a=\xff", None),
        ("/help/", "a=1\n", None),
        ("/help/\n", "", None),
        ("//help/", "", None),
        ("/p/a/b/", "", None),
        ("/p/\x00/", "", None),
        ("/p/é/", "", None),
        ("/p/" + "a" * 201 + "/", "", None),
        ("/cart/", "", None),
    ],
)
def test_what_a_page_is_known_by(path: str, query: str, key: str | None) -> None:
    found = whole_pages.key_of(path, query, "FR")
    if key is None:
        assert found is None
    else:
        assert found is not None
        assert found.startswith(f"{key} ")
        assert found.endswith(" EUR en FR")


def test_visitors_from_two_countries_have_two_pages() -> None:
    assert whole_pages.key_of("/help/", "", "FR") != whole_pages.key_of("/help/", "", "DE")
