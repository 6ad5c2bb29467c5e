"""Whole pages before Django: the same answer as Django's, to nobody but those whose answer it is."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test import override_settings

from config.pages import WholePages
from config.wsgi import application
from marketplace.catalog.models import Offer
from marketplace.catalog.services.offers import change_prices
from marketplace.core import cache
from marketplace.sellers.models import Seller
from marketplace.storefront import whole_pages
from monitoring.limits import guard
from monitoring.limits.engine import DENIED
from monitoring.metrics import tallied
from monitoring.metrics.middleware import requests_total
from monitoring.requests import shutdown
from monitoring.requests.drain import State
from tests.conftest import NOW
from tests.factories import a_category
from tests.marketplace.catalog.search.stock import on_the_shelf
from tests.monitoring.limits.making import an_engine
from tests.wsgi import Answer, Visitor

PUBLIC = (
    "/",
    "/search/?q=vase",
    "/c/vases/",
    "/p/tall-vase/",
    "/stall/kiln-street/",
    "/stalls/",
    "/help/",
    "/selling/",
)


class Django:
    """The application behind the wrapper; counts what comes so far."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        self.asked += 1
        return application.application(environ, start_response)


@pytest.fixture
def django() -> Django:
    return Django()


@pytest.fixture
def hall(django: Django) -> WholePages:
    return WholePages(django)


@pytest.fixture
def offer(remembering: cache.Engine, kiln: Seller) -> Offer:
    product = on_the_shelf(kiln, "Tall vase", price_minor=2500, stock=9, category=a_category(name="Vases"))
    return Offer.objects.get(variant__product=product)


def twice(hall: WholePages, django: Django, address: str, **environ: Any) -> tuple[Answer, Answer]:
    """Django's answer, and the one after it, which must not be Django's."""
    first = Visitor(hall, **environ).get(address)
    asked = django.asked
    second = Visitor(hall, **environ).get(address)
    assert django.asked == asked, f"{address} was rendered again"
    return first, second


@pytest.mark.parametrize("address", PUBLIC)
def test_the_answer_is_djangos_header_by_header(hall: WholePages, django: Django, offer: Offer, address: str) -> None:
    by_django, kept = twice(hall, django, address)
    assert kept.status == by_django.status == 200
    assert kept.body == by_django.body

    # In any order, each once; the id is each request's own.
    def told(answer: Answer) -> list[tuple[str, str]]:
        return sorted((name.lower(), value) for name, value in answer.headers if name.lower() != "x-request-id")

    assert told(kept) == told(by_django)
    assert kept["Cache-Control"] == "public, max-age=0, s-maxage=5, stale-while-revalidate=15"
    assert kept["Vary"] == "Cookie"
    assert not kept["Set-Cookie"]
    assert len(kept["X-Request-ID"]) == 32
    assert int(kept["Content-Length"]) == len(kept.body)


def test_the_first_page_of_a_process_teaches_the_headers_of_all(hall: WholePages, django: Django, offer: Offer) -> None:
    Visitor(hall).get("/p/tall-vase/")
    Visitor(hall).get("/help/")
    other = WholePages(django)
    Visitor(other).get("/help/")
    asked = django.asked
    assert Visitor(other).get("/p/tall-vase/").status == 200
    assert django.asked == asked


def test_whoever_has_the_page_already_is_told_so(hall: WholePages, django: Django, offer: Offer) -> None:
    _, kept = twice(hall, django, "/p/tall-vase/")
    asked = django.asked
    for tag in (kept["ETag"], f"W/{kept['ETag']}", f'"other", {kept["ETag"]}', "*"):
        answer = Visitor(hall).get("/p/tall-vase/", HTTP_IF_NONE_MATCH=tag)
        assert (answer.status, answer.body) == (304, b"")
        assert answer["ETag"] == kept["ETag"]
    assert Visitor(hall).get("/p/tall-vase/", HTTP_IF_NONE_MATCH='"other"').status == 200
    assert django.asked == asked
    straight = Visitor(django).get("/p/tall-vase/", HTTP_IF_NONE_MATCH=kept["ETag"])
    assert straight.status == 304
    names = {name.lower() for name, _ in straight.headers} - {"content-length"}
    assert names <= {name.lower() for name, _ in answer.headers}


def test_head_has_the_headers_and_no_body(hall: WholePages, django: Django, offer: Offer) -> None:
    _, kept = twice(hall, django, "/p/tall-vase/")
    asked = django.asked
    head = Visitor(hall).get("/p/tall-vase/", method="HEAD")
    assert (head.status, head.body, head["Content-Length"]) == (200, b"", kept["Content-Length"])
    assert django.asked == asked


def test_an_inbound_id_is_kept_and_a_bad_one_is_not(hall: WholePages, django: Django, offer: Offer) -> None:
    twice(hall, django, "/help/")
    assert Visitor(hall).get("/help/", HTTP_X_REQUEST_ID="abcdef-123456")["X-Request-ID"] == "abcdef-123456"
    assert len(Visitor(hall).get("/help/", HTTP_X_REQUEST_ID="a b\r\nSet-Cookie: x=1")["X-Request-ID"]) == 32


@pytest.mark.parametrize(
    ("address", "environ"),
    [
        ("/p/tall-vase/", {"REQUEST_METHOD": "POST"}),
        ("/p/tall-vase/", {"HTTP_HX_REQUEST": "true"}),
        ("/p/tall-vase/", {"HTTP_AUTHORIZATION": "Bearer x"}),
        ("/p/tall-vase/", {"HTTP_COOKIE": "sessionid=abc"}),
        ("/p/tall-vase/", {"HTTP_COOKIE": "a=b; sessionid=abc"}),
        ("/p/tall-vase/", {"HTTP_COOKIE": "messages=x"}),
        ("/p/tall-vase/", {"HTTP_COOKIE": "awning_cart=x"}),
        ("/p/tall-vase/", {"HTTP_COOKIE": "awning_cart=x; awning_cart_units=<b>"}),
        ("/p/tall-vase/", {"HTTP_COOKIE": "awning_cart=x; awning_cart_units=123456"}),
        ("/p/tall-vase/", {"HTTP_COOKIE": "ship_to=ZZ"}),
        ("/p/tall-vase/", {"HTTP_COOKIE": "a=" + "b" * 5000}),
        ("/p/tall-vase/", {"HTTP_HOST": "evil.example"}),
        ("/p/tall-vase/", {"SCRIPT_NAME": "/elsewhere"}),
        ("/p/tall-vase/?ship_to=FR", {}),
        ("/p/tall-vase/?unknown=1", {}),
        ("/p/tall-vase/?%76ariant=1", {}),
        ("/p/tall-vase/?variant=" + "1" * 500, {}),
        ("/cart/", {}),
        ("/account/login/", {}),
    ],
)  # fmt: skip
def test_what_is_not_plainly_a_guests_page_is_djangos(
    hall: WholePages, django: Django, offer: Offer, address: str, environ: dict[str, str]
) -> None:
    twice(hall, django, "/p/tall-vase/")
    for _ in range(2):
        asked = django.asked
        Visitor(hall).get(address, **environ)
        assert django.asked == asked + 1


def test_a_foreign_host_gets_no_page_and_leaves_none(hall: WholePages, django: Django, offer: Offer) -> None:
    for host in ("evil.example", "127.0.0.1:8000@evil.example", "", "127.0.0.1.evil.example"):
        assert Visitor(hall).get("/p/tall-vase/", HTTP_HOST=host, SERVER_NAME="evil.example").status == 400
    _, kept = twice(hall, django, "/p/tall-vase/")
    assert "evil" not in kept.text
    for host in ("evil.example", "127.0.0.1.evil.example"):
        assert Visitor(hall).get("/p/tall-vase/", HTTP_HOST=host).status == 400


def test_a_page_that_names_its_host_would_be_seen(hall: WholePages, django: Django, offer: Offer) -> None:
    with override_settings(ALLOWED_HOSTS=["*"]):
        Visitor(hall).get("/p/tall-vase/", HTTP_HOST="canary-host.example", HTTP_X_FORWARDED_HOST="canary-host.example")
        _, kept = twice(hall, django, "/p/tall-vase/")
    assert "canary-host" not in kept.text + str(kept.headers)


def test_over_https_only_the_proxys_word_counts(django: Django, offer: Offer) -> None:
    over = {"HTTP_X_FORWARDED_PROTO": "https"}
    with override_settings(SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=600):
        from importlib import import_module

        application = import_module("django.core.handlers.wsgi").WSGIHandler()
        hall = WholePages(application)
        Visitor(hall, **over).get("/help/")
        kept = Visitor(hall, **over).get("/help/")
        assert kept["Strict-Transport-Security"].startswith("max-age=600")
        for scheme in ({}, {"HTTP_X_FORWARDED_PROTO": "http"}):
            assert Visitor(hall, **scheme).get("/help/").status == 301


def test_trackers_change_nothing_and_order_neither(hall: WholePages, django: Django, offer: Offer) -> None:
    Visitor(hall).get("/search/?q=vase&utm_source=mail&sort=newest&gclid=canary")
    asked = django.asked
    kept = Visitor(hall).get("/search/?sort=newest&q=vase&utm_campaign=x")
    assert django.asked == asked
    assert "canary" not in kept.text


def test_a_country_has_pages_of_its_own(hall: WholePages, django: Django, offer: Offer) -> None:
    paris = {"HTTP_COOKIE": "ship_to=FR"}
    twice(hall, django, "/p/tall-vase/")
    _, kept = twice(hall, django, "/p/tall-vase/", **paris)
    assert "France" in kept.text
    assert kept["Cache-Control"] == "private, no-cache"
    assert "France" not in Visitor(hall).get("/p/tall-vase/").text


def test_a_guest_sees_the_number_on_the_cart_without_a_query(hall: WholePages, django: Django, offer: Offer) -> None:
    guest = Visitor(hall)
    guest.get("/p/tall-vase/")
    here = {"HTTP_ORIGIN": "http://127.0.0.1:8000"}
    assert guest.post("/cart/add/", f"offer={offer.pk}&quantity=3", HTTP_HX_REQUEST="true", **here).status == 200
    assert guest.cookies["awning_cart_units"] == "3"
    by_django = guest.get("/p/tall-vase/")
    asked = django.asked
    kept = guest.get("/p/tall-vase/")
    assert django.asked == asked
    assert kept.body == by_django.body
    assert '<span class="vh">: </span>3</span>' in kept.text
    assert kept["Cache-Control"] == "private, no-store"
    assert not kept["ETag"]
    told = [
        sorted(pair for pair in answer.headers if pair[0] not in ("X-Request-ID", "RateLimit", "RateLimit-Policy"))
        for answer in (kept, by_django)
    ]
    assert told[0] == told[1]
    assert "</span>3</span>" not in Visitor(hall).get("/p/tall-vase/").text


def test_a_form_without_scripts_shows_its_message_once(hall: WholePages, django: Django, offer: Offer) -> None:
    guest = Visitor(hall)
    guest.get("/p/tall-vase/")
    here = {"HTTP_ORIGIN": "http://127.0.0.1:8000", "HTTP_REFERER": "http://127.0.0.1:8000/p/tall-vase/"}
    answer = guest.post("/cart/add/", f"offer={offer.pk}", **here)
    assert (answer.status, answer["Location"]) == (302, "http://127.0.0.1:8000/p/tall-vase/")
    told = guest.get("/p/tall-vase/")
    assert 'role="status"' in told.text.partition("<main")[2].partition("product")[0]
    assert told["Cache-Control"] == "private, no-store"
    assert "messages" not in guest.cookies
    after = guest.get("/p/tall-vase/")
    assert "Added" not in after.text.partition("<main")[2].partition('id="product"')[0]
    assert "</span>1</span>" in after.text


def test_pages_are_limited_as_djangos_are(
    hall: WholePages, django: Django, offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apps.get_app_config("limits"), "engine", an_engine(anonymous="40/minute", burst="100/second"))
    flood = Visitor(hall, REMOTE_ADDR="203.0.113.99")
    answers = [flood.get("/help/") for _ in range(60)]
    assert django.asked == 1 + 20
    assert [answer.status for answer in answers] == [200] * 40 + [429] * 20
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert "anonymous-60" in answers[-1]["RateLimit"]
    assert answers[-1]["Content-Security-Policy"]
    # What one visitor has left is nobody else's business: a shared answer does not tell.
    assert not any(answer["RateLimit"] for answer in answers[:40])
    assert Visitor(hall, REMOTE_ADDR="203.0.113.98").get("/help/").status == 200


def test_what_is_refused_is_counted_once(
    hall: WholePages, django: Django, offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice(hall, django, "/help/")
    refusals: list[object] = []
    monkeypatch.setattr(guard, "admit", lambda **_: DENIED)
    monkeypatch.setattr(guard, "turned_away", refusals.append)
    assert Visitor(hall).get("/help/").status == 403
    assert not refusals


def test_a_stopping_process_turns_away(hall: WholePages, django: Django, offer: Offer) -> None:
    twice(hall, django, "/help/")
    shutdown.enter(State.REFUSING)
    try:
        answer = Visitor(hall).get("/help/")
    finally:
        shutdown.enter(State.OPEN)
    assert (answer.status, answer["Retry-After"]) == (503, "30")


def test_an_error_in_here_costs_nothing_but_time(
    hall: WholePages, django: Django, offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice(hall, django, "/help/")
    reported: list[BaseException] = []
    monkeypatch.setattr("config.pages.report", reported.append)
    for broken in ("config.pages.key_of", "config.pages._composed", "config.pages.access.quick_line"):
        with monkeypatch.context() as patch:

            def fail(*args: object, **kwargs: object) -> None:
                raise RuntimeError("broken")

            patch.setattr(broken, fail)
            assert Visitor(hall).get("/help/").status == 200
    assert len(reported) == 3


def test_a_new_price_shows_at_once(hall: WholePages, django: Django, offer: Offer) -> None:
    _, kept = twice(hall, django, "/p/tall-vase/")
    assert "€25<" in kept.text
    change_price(offer)
    assert "€17<" in Visitor(hall).get("/p/tall-vase/").text


def test_an_old_page_is_rendered_anew_by_one_visitor_and_shown_to_the_others(
    hall: WholePages, django: Django, offer: Offer, remembering: cache.Engine
) -> None:
    clock = [remembering.clock()]
    remembering.clock = lambda: clock[0]
    twice(hall, django, "/help/")
    clock[0] += whole_pages.pages.terms.soft + 1
    remembering.local.clear()
    claim = whole_pages.pages.claim(whole_pages.key_of("/help/", "", "") or "")
    assert claim is not None
    asked = django.asked
    assert Visitor(hall).get("/help/").status == 200
    assert django.asked == asked, "somebody renders it: others get what there is"
    claim.drop()
    remembering.local.clear()
    Visitor(hall).get("/help/")
    assert django.asked == asked + 1
    found = whole_pages.pages.look(whole_pages.key_of("/help/", "", "") or "")
    assert found is not None
    assert not found.stale


def test_requests_are_counted_and_logged_as_any_other(
    hall: WholePages, django: Django, offer: Offer, caplog: pytest.LogCaptureFixture
) -> None:
    twice(hall, django, "/p/tall-vase/")
    tallied.flush()
    counter = requests_total.labels("p/<slug:slug>/", "GET", "2xx")
    before = counter._value.get()
    caplog.clear()
    Visitor(hall).get("/p/tall-vase/", HTTP_X_REQUEST_ID="canary-12345")
    assert tallied.flush() == 1
    assert counter._value.get() == before + 1
    (record,) = [record for record in caplog.records if record.name == "monitoring.requests.access"]
    assert (record.route, record.status, record.client) == ("/p/<slug:slug>/", 200, "203.0.113.0/24")  # type: ignore[attr-defined]


def change_price(offer: Offer) -> None:
    change_prices({offer.pk: 1700}, now=NOW + timedelta(days=1))
