"""Whole pages as strangers, other processes and a failing Redis see them: odd requests, changes elsewhere, outages."""

import io
import json
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from config.embedded.redis import RedisServer
from config.pages import WholePages
from config.wsgi import application
from marketplace.catalog.models import Offer
from marketplace.catalog.services.offers import change_prices
from marketplace.core import cache
from marketplace.core.cache import link
from marketplace.core.cache.engines import Engine, _engines
from marketplace.sellers.models import Seller
from marketplace.storefront import whole_pages
from monitoring.metrics import tallied
from monitoring.requests import access, logs
from tests.caching import remembering_cache
from tests.conftest import NOW
from tests.factories import a_category
from tests.marketplace.catalog.search.stock import on_the_shelf
from tests.marketplace.core.breaker_cases import own_redis, until
from tests.marketplace.core.cache.test_outage import again, command, pause, resume
from tests.wsgi import Answer, Visitor

VASE = "/p/tall-vase/"


def the_offer(kiln: Seller) -> Offer:
    product = on_the_shelf(kiln, "Tall vase", price_minor=2500, stock=9, category=a_category(name="Vases"))
    return Offer.objects.get(variant__product=product)


@pytest.fixture
def offer(remembering: cache.Engine, kiln: Seller) -> Offer:
    return the_offer(kiln)


@pytest.fixture
def hall() -> WholePages:
    return WholePages(application.application)


def told(answer: Answer) -> list[tuple[str, str]]:
    """All headers but those that are one request's own, or count down what one visitor has left."""
    own = {"x-request-id", "ratelimit", "ratelimit-policy"}
    return sorted((name.lower(), value) for name, value in answer.headers if name.lower() not in own)


# --- odd requests ---------------------------------------------------------------------------------------------------


def test_headers_learned_from_one_page_are_those_of_all(hall: WholePages, offer: Offer) -> None:
    """A header that only one view sets would stand on every page, or be missing from its own."""
    other = WholePages(application.application)
    pages = ("/", "/search/?q=vase", "/c/vases/", VASE, "/stall/kiln-street/", "/stalls/", "/help/")
    by_django = {page: Visitor(application.application).get(page) for page in pages}
    Visitor(other).get("/selling/")
    for page in pages:
        kept = Visitor(other).get(page)
        assert (kept.status, kept.body, told(kept)) == (200, by_django[page].body, told(by_django[page])), page


def test_a_page_that_django_did_not_send_whole_teaches_nothing(hall: WholePages, offer: Offer) -> None:
    """A 304 has no type, and a cookie is one visitor's: neither may come with the next visitor's page."""
    known = Visitor(application.application).get(VASE)
    assert Visitor(hall).get(VASE, HTTP_IF_NONE_MATCH=known["ETag"]).status == 304
    kept = Visitor(hall).get(VASE)
    assert (kept.status, told(kept)) == (200, told(known))
    first, second = Visitor(hall), Visitor(hall)
    here = {"HTTP_ORIGIN": "http://127.0.0.1:8000", "HTTP_HX_REQUEST": "true"}
    for guest in (first, second):
        assert guest.post("/cart/add/", f"offer={offer.pk}&quantity=2", **here).status == 200
    first.cookies["awning_cart_units"] = "wrong"
    assert first.get(VASE)["Set-Cookie"].strip().startswith("awning_cart_units=2")
    for _ in range(2):
        assert not second.get(VASE)["Set-Cookie"]


def test_what_htmx_asks_for_is_its_visitors_alone(hall: WholePages, offer: Offer) -> None:
    for _ in range(2):
        answer = Visitor(hall).get("/search/?q=vase", HTTP_HX_REQUEST="true")
        assert (answer.status, answer["Cache-Control"]) == (200, "private, no-store")


def test_an_old_page_that_django_refuses_to_one_is_rendered_for_the_next(
    offer: Offer, remembering: cache.Engine
) -> None:
    refuses = [False]

    def django(environ: Any, start_response: Any) -> Any:
        if refuses[0]:
            start_response("429 Too Many Requests", [])
            return [b""]
        return application.application(environ, start_response)

    hall, now = WholePages(django), [remembering.clock()]
    remembering.clock = lambda: now[0]
    Visitor(hall).get(VASE)
    now[0] += 61.0
    refuses[0] = True
    assert Visitor(hall).get(VASE).status == 429
    refuses[0] = False
    assert Visitor(hall).get(VASE).status == 200
    found = whole_pages.pages.look(whole_pages.key_of(VASE, "", "") or "")
    assert found is not None
    assert not found.stale


ODD: dict[str, tuple[str, dict[str, str]]] = {
    "forwarded host": (VASE, {"HTTP_X_FORWARDED_HOST": "canary.example"}),
    "forwarded proto": (VASE, {"HTTP_X_FORWARDED_PROTO": "canary"}),
    "forwarded prefix": (VASE, {"HTTP_X_FORWARDED_PREFIX": "/canary", "HTTP_X_SCRIPT_NAME": "/canary"}),
    "original url": (VASE, {"HTTP_X_ORIGINAL_URL": "/canary/", "HTTP_X_REWRITE_URL": "/canary/"}),
    "method override": (VASE, {"HTTP_X_HTTP_METHOD_OVERRIDE": "POST"}),
    "language": (VASE, {"HTTP_ACCEPT_LANGUAGE": "de-canary", "HTTP_ACCEPT": "application/canary"}),
    "range": (VASE, {"HTTP_RANGE": "bytes=0-9"}),
    "modified": (VASE, {"HTTP_IF_MODIFIED_SINCE": "Sun, 22 Nov 2099 09:30:00 GMT"}),
    "match": (VASE, {"HTTP_IF_MATCH": '"canary"'}),
    "a cookie of others": (VASE, {"HTTP_COOKIE": "canary=1; SESSIONID=abc; xsessionid=1"}),
    "an empty session": (VASE, {"HTTP_COOKIE": "sessionid="}),
    "two sessions": (VASE, {"HTTP_COOKIE": "sessionid=; sessionid=abc"}),
    "two countries": (VASE, {"HTTP_COOKIE": "ship_to=FR; ship_to=DE"}),
    "no country": (VASE, {"HTTP_COOKIE": "ship_to="}),
    "origin": (VASE, {"HTTP_ORIGIN": "https://canary.example"}),
    "options": (VASE, {"REQUEST_METHOD": "OPTIONS"}),
    "trace": (VASE, {"REQUEST_METHOD": "TRACE"}),
    "no method": (VASE, {"REQUEST_METHOD": "get"}),
    "a NUL": ("/search/?q=%00", {}),
    "no UTF-8": ("/search/?q=%ff%fe", {}),
    "a surrogate": ("/search/?q=%ed%a0%80", {}),
    "unicode": ("/search/?q=v%C3%A4se", {}),
    "two questions": ("/search/?q=vase&q=canary", {}),
    "two questions, the other way": ("/search/?q=canary&q=vase", {}),
    "a thousand parameters": ("/search/?" + "&".join(f"q={n}" for n in range(1001)), {}),
    "capitals": ("/p/Tall-Vase/", {}),
    "a path of capitals": ("/P/tall-vase/", {}),
    "an encoded slash": ("/p/tall-vase%2F/", {}),
    "an encoded NUL": ("/p/tall-vase\x00/", {}),
    "two slashes": ("//p/tall-vase/", {}),
    "no slash": ("/p/tall-vase", {}),
    "a fragment": ("/search/?q=vase#canary", {}),
}  # fmt: skip


@pytest.mark.parametrize(("address", "environ"), ODD.values(), ids=ODD)
def test_odd_requests_get_djangos_answer_and_leave_nothing_for_others(
    hall: WholePages, offer: Offer, address: str, environ: dict[str, str]
) -> None:
    path = address.partition("?")[0] if "%2F" not in address else VASE
    Visitor(hall).get("/help/")
    Visitor(hall, HTTP_COOKIE="ship_to=FR").get("/help/")
    straight = Visitor(application.application).get(address, **environ)
    assert straight.status < 500
    for _ in range(3):
        answer = Visitor(hall).get(address, **environ)
        assert (answer.status, answer["Location"], answer["Cache-Control"]) == (
            straight.status,
            straight["Location"],
            straight["Cache-Control"],
        )
        if straight.status == 200:
            assert answer.body == straight.body
    if path == VASE:
        for _ in range(2):
            clean = Visitor(hall).get(VASE)
            assert clean.status == 200
            assert "canary" not in clean.text + str(clean.headers)


def test_what_is_not_there_is_kept_nowhere(
    hall: WholePages, offer: Offer, remembering: cache.Engine, django_assert_max_num_queries: Any
) -> None:
    """A crawler of addresses that never were fills no memory, and asks the database once for each."""
    Visitor(hall, REMOTE_ADDR="203.0.113.50").get("/p/never-0/")
    before = remembering.local.size
    for number in range(1, 30):
        assert Visitor(hall, REMOTE_ADDR=f"203.0.113.{number}").get(f"/p/never-{number}/").status == 404
    assert remembering.local.size == before
    with django_assert_max_num_queries(0):
        assert Visitor(hall, REMOTE_ADDR="203.0.113.60").get("/p/never-1/").status == 404


# --- changes elsewhere ----------------------------------------------------------------------------------------------


@contextmanager
def elsewhere(here: Engine, url: str) -> Iterator[Engine]:
    """As another process of the same hall, with a memory of its own."""
    made = Engine(url, prefix="unused")
    made.link.prefix = here.link.prefix
    before = list(_engines)
    _engines[:] = [made]
    try:
        yield made
    finally:
        _engines[:] = before
        made.link.hang_up()


def url_of(engine: Engine) -> str:
    known = engine.link._pool.connection_kwargs
    return f"redis://{known['host']}:{known['port']}/{known['db']}"


@pytest.mark.django_db(transaction=True)
def test_a_price_that_is_committed_shows_at_once_here_and_in_five_seconds_everywhere(
    hall: WholePages, kiln: Seller
) -> None:
    with remembering_cache(commits=True) as engine:
        offer = the_offer(kiln)
        for _ in range(2):
            assert "€25<" in Visitor(hall).get(VASE).text
        change_prices({offer.pk: 1700}, now=NOW + timedelta(days=1))
        assert "€17<" in Visitor(hall).get(VASE).text
        now = [engine.clock()]
        engine.clock = lambda: now[0]
        engine.local.clear()
        assert "€17<" in Visitor(hall).get(VASE).text
        with elsewhere(engine, url_of(engine)):
            change_prices({offer.pk: 1300}, now=NOW + timedelta(days=2))
            assert "€13<" in Visitor(hall).get(VASE).text
        # This process has not heard of it: its memory is believed for 5 s and no longer.
        assert "€17<" in Visitor(hall).get(VASE).text
        now[0] += 5.0
        assert "€13<" in Visitor(hall).get(VASE).text


# --- Redis fails ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    yield from own_redis(tmp_path_factory.mktemp("redis"))


@pytest.mark.django_db(transaction=True)
def test_guests_get_their_page_while_redis_hangs_refuses_or_is_gone(
    hall: WholePages, kiln: Seller, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "REST", 0.1)
    before = list(_engines)
    made = cache.configure(server.url(), prefix="outage", in_background=False)
    made.link.before_return = cache.make_good
    try:
        with remembering_cache(commits=True) as engine:
            offer = the_offer(kiln)
            for _ in range(2):
                assert "€25<" in Visitor(hall).get(VASE).text
            pause(server)
            # Out of memory, then from PostgreSQL: one time-out and no second one.
            assert seconds_of(hall, VASE) < 0.2
            engine.local.clear()
            begun = time.monotonic()
            times = [seconds_of(hall, VASE) for _ in range(4)]
            assert times[0] < 1.5
            assert time.monotonic() - begun < 2.5
            assert engine.link.down
            change_prices({offer.pk: 1700}, now=NOW + timedelta(days=1))
            assert "€17<" in Visitor(hall).get(VASE).text
            resume(server)
            until(lambda: again(engine))
            assert "€17<" in Visitor(hall).get(VASE).text
            command(engine, "CONFIG", "SET", "maxmemory", "1")
            engine.local.clear()
            for _ in range(2):
                assert "€17<" in Visitor(hall).get(VASE).text
            change_prices({offer.pk: 1300}, now=NOW + timedelta(days=2))
            assert "€13<" in Visitor(hall).get(VASE).text
            os.kill(server.process.pid, signal.SIGKILL)
            until(lambda: server.process.poll() is not None)
            engine.local.clear()
            for _ in range(2):
                assert "€13<" in Visitor(hall).get(VASE).text
    finally:
        _engines[:] = before


def seconds_of(hall: WholePages, address: str) -> float:
    begun = time.monotonic()
    assert Visitor(hall).get(address).status == 200
    return time.monotonic() - begun


# --- lines and figures ----------------------------------------------------------------------------------------------


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    """What is logged, as it would stand in the log of production."""
    stream = io.StringIO()
    handler = logs.Lines(stream)
    handler.setFormatter(logs.LineFormatter(style="json", process="web"))
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [handler])
    monkeypatch.setattr(access.logger, "handlers", [])
    monkeypatch.setattr(access.logger, "level", logging.INFO)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines() if '"request"' in line]


@pytest.mark.parametrize("address", ["/", VASE, "/search/?q=secret-canary"])
def test_line_and_figures_are_those_of_djangos_answer(
    hall: WholePages, offer: Offer, lines: Callable[[], list[dict[str, Any]]], address: str
) -> None:
    counted: list[dict[Any, float]] = []
    for application_ in (hall, hall):
        tallied.flush()
        before = _figures()
        Visitor(application_).get(address, HTTP_X_REQUEST_ID="abcdef-123456")
        tallied.flush()
        counted.append({key: value - before.get(key, 0.0) for key, value in _figures().items()})
        counted[-1] = {key: value for key, value in counted[-1].items() if value}
    assert counted[0] == counted[1] != {}
    by_django, kept = lines()[-2:]
    assert list(by_django) == list(kept)
    own = ("timestamp", "duration_ms")
    assert {k: v for k, v in by_django.items() if k not in own} == {k: v for k, v in kept.items() if k not in own}
    assert type(kept["duration_ms"]) is type(by_django["duration_ms"]) is float
    assert "canary" not in str(kept)


def _figures() -> dict[Any, float]:
    """What is counted of requests; not their times, which differ."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for metric in REGISTRY.collect()
        if metric.name in ("awning_http_requests", "awning_http_request_duration_seconds")
        for sample in metric.samples
        if sample.name.endswith(("_total", "_count")) or sample.labels.get("le") == "+Inf"
    }


# --- what is no page ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz", "/no-such-page/", "/p/never/", "/cart/"])
def test_what_is_no_public_page_is_kept_by_nobody(hall: WholePages, offer: Offer, path: str) -> None:
    for _ in range(2):
        answer = Visitor(hall).get(path)
        assert "public" not in answer["Cache-Control"], path
        assert "no-store" in answer["Cache-Control"] or answer.status == 404, (path, answer.status)


def test_the_status_page_is_everybodys_for_seconds(hall: WholePages, offer: Offer) -> None:
    answer = Visitor(hall, HTTP_COOKIE="sessionid=abc; awning_cart=x").get("/status/")
    assert (answer["Cache-Control"], answer["Set-Cookie"]) == ("public, max-age=5", "")
