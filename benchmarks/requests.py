"""What a request pays for its id and its line in the log: beside a bare Django view, interleaved, in this process."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from time import perf_counter
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.test.utils import override_settings
from django.urls import path

from benchmarks.entries import Entry, at_most, p50
from monitoring.requests import access
from monitoring.requests.logs import LineFormatter, Lines
from monitoring.requests.scrubber import scrub_text

NAMES = ("requests.",)
RUNS = 4_000
LINES = 20_000
IDENTIFY = "monitoring.requests.middleware.identify"


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [path("bare/", bare)]


def run() -> dict[str, Entry]:
    """Microseconds per line and per request, and the share that id and line add to a bare view."""
    with _written(), override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"]):
        line = _line()
        without, with_line = _interleaved(_handler([]), _handler([IDENTIFY]))
        scrubbing = _microseconds(lambda: scrub_text(_TRACE), 300)
    reference = f"a bare view through Django's handler: {without:.0f} µs"
    return {
        "requests.access_line": at_most(line, 100, "µs", "one JSON line, formatted, scrubbed and written to /dev/null"),
        "requests.id_and_line": at_most(with_line - without, 150, "µs", reference),
        "requests.id_and_line.ratio": at_most(with_line / without, 2.5, "×", reference),
        "requests.scrub_traceback": at_most(scrubbing, 5_000, "µs", f"a traceback of {len(_TRACE):,} characters"),
    }


@contextmanager
def _written() -> Iterator[None]:
    """Lines as production writes them, to a place that costs nothing."""
    logger = access.logger
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - a device
        handler = Lines(nowhere)
        handler.setFormatter(LineFormatter(style="json", process="web"))
        logger.addHandler(handler)
        logger.propagate, logger.level = False, logging.INFO
        logger.manager._clear_cache()  # type: ignore[attr-defined]
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.propagate, logger.level = True, logging.NOTSET
            logger.manager._clear_cache()  # type: ignore[attr-defined]


def _line() -> float:
    visit = access.Visit("GET", "/p/<slug:slug>/", 200, 0.0123, 24_817, "4711", "203.0.113.0/24")
    return _microseconds(lambda: access.line(visit), LINES)


def _microseconds(call: Callable[[], object], runs: int) -> float:
    times = []
    for _ in range(runs):
        begin = perf_counter()
        call()
        times.append(perf_counter() - begin)
    return p50(times) * 1e6


def _handler(middleware: list[str]) -> Callable[[], None]:
    with override_settings(MIDDLEWARE=middleware):
        handler = WSGIHandler()
    environ: dict[str, Any] = RequestFactory(SERVER_NAME="127.0.0.1").get("/bare/").environ

    def call() -> None:
        answer = handler({**environ, "wsgi.input": BytesIO()}, _start)
        for _ in answer:
            pass
        answer.close()

    return call


def _start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
    assert status == "200 OK"
    return bytes


def _interleaved(*calls: Callable[[], None]) -> list[float]:
    """The median of each call in microseconds; they take turns, so that a busy moment of the machine meets them all."""
    times: list[list[float]] = [[] for _ in calls]
    for number in range(RUNS):
        for call, found in zip(calls, times, strict=True):
            begin = perf_counter()
            call()
            if number >= RUNS // 10:
                found.append(perf_counter() - begin)
    return [p50(found) * 1e6 for found in times]


_TRACE = (
    'Traceback (most recent call last):\n  File "/srv/awning/payments/settlement.py", line 88, in settle\n'
    "    raise PaymentMismatch(order.number)\n"
    + '  File "/srv/awning/marketplace/orders/services.py", line 140, in mark_order_paid\n    order.save()\n' * 60
    + "psycopg.errors.CheckViolation: new row violates check\nDETAIL:  Failing row contains (1, mira@example.test)."
)
