"""Counts and times every answered request."""

import logging
from collections.abc import Callable
from time import perf_counter
from typing import TypeAlias

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import Counter, Histogram

from monitoring.metrics import forms, routes, samples
from monitoring.metrics.instruments import counter, gauge, histogram
from monitoring.requests import shutdown

logger = logging.getLogger(__name__)

requests_total = counter(
    "http_requests", "Answered requests by route pattern, method and status class.", ["route", "method", "status"]
)
duration = histogram("http_request_duration_seconds", "Time until the answer began, by route pattern.", ["route"])
in_flight = gauge("http_requests_in_flight", "Requests being answered now.")

Answer: TypeAlias = Callable[[HttpRequest], HttpResponseBase]
_SERVER_ERROR = 500
# What a stopping process turns away: of no route, and worth telling from other failures.
DRAINING = "draining"

# Finding a labelled instrument costs as much as using it. As bounded as the labels are.
_counters: dict[tuple[str, str, str], Counter] = {}
_timers: dict[str, Histogram] = {}


def timing(get_response: Answer) -> Answer:
    """Django's middleware; it stands outside of all that may refuse a request, so that refusals are counted too.

    What stands further outside still, ``count_rest`` counts.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        begin = perf_counter()
        status = _SERVER_ERROR
        request.is_counted = True  # type: ignore[attr-defined]
        _safely(in_flight.inc)
        try:
            response = get_response(request)
            status = response.status_code
        finally:
            seconds = perf_counter() - begin
            _safely(in_flight.dec)
            _safely(lambda: _note(request, status, seconds))
        return response

    return answer


def count_rest(request: HttpRequest, status: int) -> None:
    """Counts what was answered further outside: probes, and what a stopping process turns away."""
    if getattr(request, "is_counted", False):
        return
    refused = status == 503 and shutdown.refuses(request.path_info)
    _safely(lambda: _count(DRAINING if refused else routes.of(request, status), request, status))


def _count(route: str, request: HttpRequest, status: int) -> None:
    labels = (route, routes.method_of(request), routes.class_of(status))
    counted = _counters.get(labels)
    if counted is None:
        counted = _counters[labels] = requests_total.labels(*labels)
    counted.inc()


def _note(request: HttpRequest, status: int, seconds: float) -> None:
    route = routes.of(request, status)
    _count(route, request, status)
    timer = _timers.get(route)
    if timer is None:
        timer = _timers[route] = duration.labels(route)
    timer.observe(seconds)
    forms.note(route, routes.method_of(request), status)
    # Probes are many, fast and always well: among few shoppers they would hide what shoppers see.
    if route not in routes.PROBE_ROUTES:
        samples.observe("request", seconds=seconds, bad=status >= _SERVER_ERROR)


def _safely(call: Callable[[], object]) -> None:
    """Counting must never cost an answer."""
    try:
        call()
    except Exception:
        logger.exception("metrics.uncounted")
