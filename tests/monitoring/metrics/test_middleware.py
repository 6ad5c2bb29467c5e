import random
import string

import pytest
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from prometheus_client.registry import REGISTRY

from monitoring.metrics import exposition, middleware, routes, samples
from monitoring.metrics.middleware import timing
from monitoring.requests import shutdown
from monitoring.requests.shutdown import State

factory = RequestFactory()


def counted(**labels: str) -> float:
    return REGISTRY.get_sample_value("awning_http_requests_total", labels) or 0.0


def in_flight() -> float | None:
    return REGISTRY.get_sample_value("awning_http_requests_in_flight")


def lines() -> list[str]:
    return [line for line in exposition.text().decode().splitlines() if line.startswith("awning_http")]


@pytest.mark.django_db
def test_a_request_counts_under_the_pattern_of_its_route(client: Client) -> None:
    before = counted(route="robots.txt", method="GET", status="2xx")
    assert client.get("/robots.txt").status_code == 200
    assert counted(route="robots.txt", method="GET", status="2xx") == before + 1
    assert in_flight() == 0


@pytest.mark.django_db
def test_what_a_view_does_not_find_counts_under_its_route_and_the_rest_as_unmatched(client: Client) -> None:
    product = counted(route="p/<slug:slug>/", method="GET", status="4xx")
    nothing = counted(route="unmatched", method="GET", status="4xx")
    assert client.get("/p/there-is-no-such-thing/").status_code == 404
    assert client.get("/there/is/no/such/page").status_code == 404
    assert counted(route="p/<slug:slug>/", method="GET", status="4xx") == product + 1
    assert counted(route="unmatched", method="GET", status="4xx") == nothing + 1


def test_answers_before_routing_count_too() -> None:
    before = counted(route="unrouted", method="POST", status="4xx")
    timing(lambda request: HttpResponse(status=429))(factory.post("/checkout/"))
    assert counted(route="unrouted", method="POST", status="4xx") == before + 1


def test_what_a_stopping_process_turns_away_counts_once(client: Client) -> None:
    before, away = counted(route="unmatched", method="GET", status="4xx"), {"method": "POST", "status": "5xx"}
    refused, unrouted = counted(route="draining", **away), counted(route="unrouted", **away)
    shutdown.enter(State.REFUSING)
    try:
        assert client.post("/checkout/").status_code == 503
        assert client.get("/healthz").status_code == 200
    finally:
        shutdown.enter(State.OPEN)
    assert counted(route="draining", **away) == refused + 1
    assert counted(route="unrouted", **away) == unrouted
    assert counted(route="unmatched", method="GET", status="4xx") == before


@pytest.mark.django_db
def test_probes_count_by_their_own_name_and_other_answers_once(client: Client) -> None:
    alive = counted(route="healthz", method="GET", status="2xx")
    robots = counted(route="robots.txt", method="GET", status="2xx")
    client.get("/healthz")
    client.get("/robots.txt")
    assert counted(route="healthz", method="GET", status="2xx") == alive + 1
    assert counted(route="robots.txt", method="GET", status="2xx") == robots + 1


def test_counting_that_fails_costs_no_probe(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "method_of", lambda request: 1 / 0)
    assert client.get("/healthz").status_code == 200


def test_an_exception_counts_as_a_failed_answer_and_goes_on() -> None:
    def fail(request: HttpRequest) -> HttpResponse:
        assert in_flight() == 1
        raise MemoryError

    before = counted(route="unrouted", method="GET", status="5xx")
    with pytest.raises(MemoryError):
        timing(fail)(factory.get("/"))
    assert counted(route="unrouted", method="GET", status="5xx") == before + 1
    assert in_flight() == 0


def test_requests_become_samples_and_probes_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, bool]] = []
    monkeypatch.setattr(samples, "observe", lambda name, *, seconds, bad: seen.append((name, bad)))
    for path, status in (("/", 200), ("/", 500), ("/", 404), ("/healthz", 200), ("/readyz", 503), ("/metrics", 200)):
        timing(lambda request, status=status: HttpResponse(status=status))(factory.get(path))  # type: ignore[misc]
    assert seen == [("request", False), ("request", True), ("request", False)]


def test_counting_that_fails_costs_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> str:
        raise OSError("no space left on device")

    monkeypatch.setattr(routes, "of", broken)
    assert timing(lambda request: HttpResponse("well"))(factory.get("/")).status_code == 200


def test_a_hundred_thousand_random_paths_methods_and_hosts_add_no_series() -> None:
    """The number of series after the first few strangers is the number after all of them."""
    numbers = random.Random(5)

    def answer(request: HttpRequest) -> HttpResponse:
        raise Http404

    def not_found(request: HttpRequest) -> HttpResponse:
        try:
            return answer(request)
        except Http404:
            return HttpResponse(status=404)

    handle = timing(not_found)
    request = factory.get("/")

    def stranger() -> None:
        request.path_info = request.path = "/" + "".join(numbers.choices(string.ascii_letters, k=12))
        request.method = numbers.choice(["GET", "POST", "X" + "".join(numbers.choices(string.ascii_uppercase, k=6))])
        request.META["HTTP_HOST"] = "".join(numbers.choices(string.ascii_lowercase, k=8)) + ".example"
        handle(request)

    for _ in range(100):
        stranger()
    before, remembered = len(lines()), len(middleware._counters)
    for _ in range(100_000):
        stranger()
    assert len(lines()) == before
    assert len(middleware._counters) == remembered


def test_random_addresses_through_the_whole_stack_add_no_series(client: Client) -> None:
    client.raise_request_exception = False

    def ask(number: int) -> None:
        client.generic(
            "GET" if number % 2 else f"BREW{number}", f"/no/such/{number}", headers={"host": f"h{number}.example"}
        )
        client.get(f"/no/such/{number}")

    for number in range(4):
        ask(number)
    before = len(lines())
    for number in range(100, 200):
        ask(number)
    assert len(lines()) == before


def test_routes_beyond_the_bound_share_one_label() -> None:
    names = routes.Names(most=1_000)
    labels = {names(f"route/{number}/") for number in range(5_000)}
    assert len(labels) == 1_001
    assert names("route/4999/") == "other"
    assert names("route/0/") == "route/0/", "what came first keeps its name"


def test_status_classes_are_five_and_a_rest() -> None:
    found = {routes.class_of(status) for status in range(1_200)}
    assert found == {"1xx", "2xx", "3xx", "4xx", "5xx", "other"}
