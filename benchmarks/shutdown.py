"""What the shutdown guard costs each request, beside what Django itself costs for a view that does nothing."""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import path

from benchmarks.entries import Entry, at_most, p50
from monitoring.requests import shutdown
from monitoring.requests.shutdown import State

NAMES = ("shutdown.",)

ROUNDS, CALLS = 9, 2000


def _bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"page")


urlpatterns = [path("", _bare)]


def _microseconds(call: Callable[[], object]) -> float:
    """The median over rounds of the mean time of one call."""
    means = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(CALLS):
            call()
        means.append((time.perf_counter() - begin) / CALLS * 1e6)
    return p50(means)


def _django() -> float:
    """One request through Django's handler with the one view and no middleware."""
    with override_settings(ROOT_URLCONF="benchmarks.shutdown", MIDDLEWARE=[]):
        handler = WSGIHandler()
        environ = RequestFactory().get("/").environ
        return _microseconds(lambda: handler.get_response(WSGIRequest(environ)))


def run() -> dict[str, Entry]:
    """Measures with the page that launcher and workers share, as in production."""
    with TemporaryDirectory() as folder:
        shutdown.share(Path(folder) / "page")
        response = HttpResponse(b"page")
        request = RequestFactory().get("/")

        def bare(_: HttpRequest) -> HttpResponse:
            return response

        guarded = shutdown.guard(bare)
        django = _django()
        plain, with_guard = _microseconds(lambda: bare(request)), _microseconds(lambda: guarded(request))
        shutdown.enter(State.REFUSING)
        refusing = _microseconds(lambda: guarded(request))
        shutdown.enter(State.OPEN)
    reference = f"a bare Django view: {django:.0f} µs"
    return {
        "shutdown.guard_share": at_most((with_guard - plain) / django, 0.05, "of a bare Django view", reference),
        "shutdown.refusal_share": at_most(refusing / django, 1.0, "of a bare Django view", reference),
    }
