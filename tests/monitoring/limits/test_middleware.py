"""Requests on their way through the hall: who is counted where, what is told, what is given back."""

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils.functional import SimpleLazyObject

from marketplace.accounts.models import User
from monitoring.limits import guard
from monitoring.limits.decorator import limit
from monitoring.limits.engine import Engine
from monitoring.limits.middleware import limits
from tests.monitoring.limits.conftest import Hall
from tests.monitoring.limits.making import age


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("here")


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken on purpose")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter(["a", "b"]))


@limit("upload", methods=("POST",))
def upload(request: HttpRequest) -> HttpResponse:
    return HttpResponse("taken")


def around(request: HttpRequest) -> HttpResponseBase:
    """Calls a marked view, which the middleware cannot know."""
    return upload(request)


@limit("beacon")
def beacon(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


urlpatterns = [
    path("plain/", plain),
    path("broken/", broken),
    path("stream/", stream),
    path("upload/", upload),
    path("around/", around),
    path("beacon/", beacon),
    path("api/thing/", plain),
    path("webhooks/stripe/", plain),
    path("media/x", plain),
    path("healthz", plain),
]
ours = override_settings(ROOT_URLCONF=__name__)


@pytest.fixture(autouse=True)
def _routes() -> Iterator[None]:
    with ours:
        yield


def client(address: str = "203.0.113.7", **headers: str) -> Client:
    return Client(raise_request_exception=False, REMOTE_ADDR=address, headers=headers or None)


def statuses(browser: Client, where: str, tries: int) -> list[int]:
    return [browser.get(where).status_code for _ in range(tries)]


def test_strangers_are_limited_by_network(hall: Hall) -> None:
    hall(anonymous="3/minute")
    assert statuses(client(), "/plain/", 5) == [200, 200, 200, 429, 429]
    assert statuses(client("203.0.113.8"), "/plain/", 1) == [200]


def test_a_forwarded_address_counts_only_from_our_proxies(hall: Hall) -> None:
    hall(anonymous="2/minute")
    forged = [client(**{"X-Forwarded-For": f"198.51.100.{n}"}).get("/plain/").status_code for n in range(4)]
    assert forged == [200, 200, 429, 429]


def test_addresses_that_do_not_exist_are_limited_too(hall: Hall) -> None:
    hall(anonymous="2/minute")
    assert statuses(client(), "/nowhere/", 4) == [404, 404, 429, 429]


def test_a_forged_session_cookie_opens_nothing(hall: Hall, db: None) -> None:
    hall(anonymous="2/minute")
    answers = []
    for number in range(4):
        browser = client()
        browser.cookies["sessionid"] = f"forged{number}"
        answers.append(browser.get("/plain/").status_code)
    assert answers == [200, 200, 429, 429]


def test_who_is_signed_in_has_a_budget_of_their_own(hall: Hall, mira: User, olga: User) -> None:
    hall(anonymous="1/minute", user="3/minute")
    for person in (mira, olga):
        browser = client()
        browser.force_login(person)
        assert statuses(browser, "/plain/", 4) == [200, 200, 200, 429]
    assert statuses(client(), "/plain/", 2) == [200, 429]


def test_a_stranger_costs_no_query_and_loads_no_session(hall: Hall, db: None) -> None:
    hall()
    with CaptureQueriesContext(connection) as captured:
        answer = client().get("/plain/")
    assert len(captured) == 0
    assert "Cookie" not in answer.get("Vary", "")


def test_a_beacon_asks_for_nobody(hall: Hall, mira: User) -> None:
    hall()
    browser = client()
    browser.force_login(mira)
    with CaptureQueriesContext(connection) as captured:
        assert browser.get("/beacon/").status_code == 204
        assert browser.options("/plain/").status_code == 200
    assert len(captured) == 0


def test_a_page_for_everybody_comes_also_while_postgresql_is_away(hall: Hall) -> None:
    hall(anonymous="1/minute")
    request = RequestFactory().get("/plain/", REMOTE_ADDR="203.0.113.7")
    request.COOKIES["sessionid"] = "abc"

    def away() -> AnonymousUser:
        raise OperationalError("PostgreSQL is away")

    request.user = SimpleLazyObject(away)  # type: ignore[assignment]
    assert limits(plain)(request).status_code == 200
    assert limits(plain)(request).status_code == 429, "counted as a stranger"


@pytest.mark.parametrize("where", ["/webhooks/stripe/", "/media/x", "/healthz"])
def test_some_paths_are_never_counted(hall: Hall, where: str) -> None:
    hall(anonymous="1/minute", burst="1/minute", concurrent_address="1/minute")
    assert set(statuses(client(), where, 5)) == {200}
    assert "RateLimit" not in client().get(where)


def test_a_page_is_told_when_to_come_back(hall: Hall) -> None:
    made = hall(anonymous="1/minute")
    browser = client(accept="text/html,*/*;q=0.8")
    browser.get("/plain/")
    age(made.store.client, 20.5)
    answer = browser.get("/plain/")
    assert answer.status_code == 429
    assert answer["Retry-After"] == "40", "39.5 s, rounded up"
    assert answer["Content-Type"].startswith("text/html")
    assert "In 40 seconds you can go on" in answer.content.decode()
    assert answer["X-Request-ID"] in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("where", "accept"),
    [("/plain/", "application/json"), ("/plain/", "application/problem+json, */*;q=0.1"), ("/api/thing/", "*/*")],
)
def test_a_program_gets_problem_json(hall: Hall, where: str, accept: str) -> None:
    hall(anonymous="1/minute")
    browser = client(accept=accept)
    browser.get(where)
    answer = browser.get(where)
    assert answer.status_code == 429
    assert answer["Content-Type"] == "application/problem+json"
    told = json.loads(answer.content)
    assert (told["status"], told["code"], told["title"]) == (429, "rate_limited", "Too Many Requests")
    assert told["request_id"] == answer["X-Request-ID"]
    assert {"type", "detail"} <= told.keys()
    assert answer["Retry-After"] == "60"


def test_limited_answers_say_how_much_is_left(hall: Hall) -> None:
    hall(anonymous="5/minute", burst="30/second")
    answer = client().get("/plain/")
    assert answer["RateLimit-Policy"] == '"burst-1";q=30;w=1, "anonymous-60";q=5;w=60'
    assert answer["RateLimit"] == '"burst-1";r=29;t=1, "anonymous-60";r=4;t=60'
    for _ in range(5):
        answer = client().get("/plain/")
    assert answer.status_code == 429
    assert re.search('"anonymous-60";r=0;t=(60|59|58)', answer["RateLimit"])


def test_the_budget_of_a_48_is_not_shown_to_its_neighbours(hall: Hall) -> None:
    hall(anonymous="2/minute")
    for number in range(15):
        assert statuses(client(f"2001:db8:0:{number:x}::1"), "/plain/", 2) == [200, 200]
    assert statuses(client("2001:db8:0:20::1"), "/plain/", 1) == [200]
    answer = client("2001:db8:0:30::1").get("/plain/")
    assert '"anonymous-60";r=1' in answer["RateLimit"], "the /48 has none left"
    assert answer["RateLimit-Policy"].count("anonymous") == 1
    assert statuses(client("2001:db8:0:30::1"), "/plain/", 1) == [429]


def test_head_counts_as_get_and_options_only_in_the_burst(hall: Hall) -> None:
    hall(anonymous="2/minute", burst="10/minute")
    browser = client()
    assert [browser.options("/plain/").status_code for _ in range(5)] == [200] * 5
    assert browser.head("/plain/").status_code == 200
    assert browser.get("/plain/").status_code == 200
    assert browser.head("/plain/").status_code == 429
    answers = [browser.options("/plain/").status_code for _ in range(6)]
    assert answers == [200, 200, 200, 429, 429, 429], "5 + 2 of 10 were used"


def test_a_marked_view_counts_in_its_tier_for_its_methods(hall: Hall) -> None:
    hall(upload="2/minute")
    browser = client()
    assert {browser.get("/upload/").status_code for _ in range(5)} == {200}
    assert [browser.post("/upload/").status_code for _ in range(4)] == [200, 200, 429, 429]
    assert browser.get("/upload/").status_code == 200


def test_a_refused_upload_eats_nothing_of_the_general_budget(hall: Hall) -> None:
    hall(upload="1/minute", anonymous="3/minute")
    browser = client()
    assert [browser.post("/upload/").status_code for _ in range(10)] == [200] + [429] * 9
    assert statuses(browser, "/plain/", 4) == [200, 200, 429, 429]


def test_a_marked_view_that_another_one_calls_is_limited_once(hall: Hall) -> None:
    hall(upload="2/minute")
    assert [client().post("/around/").status_code for _ in range(4)] == [200, 200, 429, 429]


def test_beacons_eat_nothing_of_what_people_may_ask_for(hall: Hall) -> None:
    hall(anonymous="1/minute", burst="1/minute", beacon="5/minute")
    browser = client()
    assert statuses(browser, "/beacon/", 6) == [204] * 5 + [429]
    assert statuses(browser, "/plain/", 1) == [200]


def held(made: Engine) -> int:
    return sum(made.store.client.zcard(key) for key in made.store.client.scan_iter("limit:concurrent-*"))


@pytest.mark.parametrize(("where", "status"), [("/plain/", 200), ("/broken/", 500), ("/nowhere/", 404)])
def test_places_are_given_back_whatever_happens(hall: Hall, where: str, status: int) -> None:
    made = hall(concurrent_address="2/minute")
    assert statuses(client(), where, 5) == [status] * 5
    assert held(made) == 0


def test_a_stream_keeps_its_place_until_it_is_closed(hall: Hall) -> None:
    made = hall(concurrent_address="1/minute")
    answer = client().get("/stream/")
    assert answer.status_code == 200
    assert held(made) == 1
    assert statuses(client(), "/plain/", 1) == [429]
    assert b"".join(answer.streaming_content) == b"ab"  # type: ignore[attr-defined]
    assert held(made) == 0
    assert statuses(client(), "/plain/", 1) == [200]


def test_an_exception_that_no_handler_sees_gives_the_place_back(hall: Hall) -> None:
    made = hall()

    def ends(request: HttpRequest) -> HttpResponse:
        raise SystemExit

    request = RequestFactory().get("/plain/", REMOTE_ADDR="203.0.113.7")
    with pytest.raises(SystemExit):
        limits(ends)(request)
    assert held(made) == 0


def test_at_the_same_moment_only_so_many(hall: Hall) -> None:
    hall(concurrent_address="3/minute")
    inside, leave = threading.Barrier(4), threading.Event()

    def waiting(request: HttpRequest) -> HttpResponse:
        inside.wait(timeout=20)
        assert leave.wait(timeout=20)
        return HttpResponse("done")

    def visit(_: int) -> int:
        answer = limits(waiting)(RequestFactory().get("/plain/", REMOTE_ADDR="203.0.113.7"))
        answer.close()
        return answer.status_code

    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(visit, number) for number in range(3)]
        inside.wait(timeout=20)
        assert limits(plain)(RequestFactory().get("/plain/", REMOTE_ADDR="203.0.113.7")).status_code == 429
        assert limits(plain)(RequestFactory().get("/plain/", REMOTE_ADDR="203.0.113.8")).status_code == 200
        leave.set()
        assert [job.result(timeout=20) for job in jobs] == [200, 200, 200]
    assert limits(plain)(RequestFactory().get("/plain/", REMOTE_ADDR="203.0.113.7")).status_code == 200


def test_a_page_answered_before_django_is_counted_the_same(hall: Hall) -> None:
    hall(anonymous="3/minute")

    def ask(address: str = "203.0.113.7", **wishes: bool) -> bool:
        return guard.admit(path="/", method="GET", address=address, has_session=wishes.get("session", False)).allowed

    assert [ask() for _ in range(2)] == [True, True]
    assert statuses(client(), "/plain/", 2) == [200, 429]
    assert not ask()
    assert ask(address="203.0.113.8")
    assert ask(session=True), "Django counts it, once it knows whose session it is"
    assert guard.admit(path="/healthz", method="GET", address="203.0.113.7", has_session=False).allowed
