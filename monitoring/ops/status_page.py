"""``/status/``: answered before sessions, limits and views, from this process's memory, so that it outlives what it reports."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from time import monotonic

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from monitoring.alerts import queries as alerts
from monitoring.health import queries as health
from monitoring.ops import gate, status

PATH = "/status/"
# Seconds: CONTRACT caches probes for as long.
GOOD_FOR = 5.0


class _Memory:
    """The rendered page, and which alerts fired when PostgreSQL was last asked."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.body = b""
        self.made = float("-inf")
        self.firing: Sequence[tuple[str, datetime]] = ()

    def forget(self) -> None:
        self.__init__()  # type: ignore[misc]


_memory = _Memory()


def forget() -> None:
    """Drops what is remembered: in tests."""
    _memory.forget()


def learn(now: datetime) -> int:
    """Asks PostgreSQL what fires: the background job. While it is away the last answer stays."""
    public = status.public_rules()
    _memory.firing = [(alert.rule, alert.since) for alert in alerts.open_alerts() if alert.rule in public]
    return len(_memory.firing)


def middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answers the status page, and the operators' page while nobody can be recognised; everything else passes."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if request.path_info == PATH:
            return show(request)
        return gate.away() if gate.closed(request.path_info) else get_response(request)

    return answer


def show(request: HttpRequest) -> HttpResponse:
    """The page, the same bytes for everybody for five seconds."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    response = HttpResponse(_body())
    response["Cache-Control"] = f"public, max-age={GOOD_FOR:.0f}"
    return response


def _body() -> bytes:
    if monotonic() - _memory.made < GOOD_FOR:
        return _memory.body
    # One visitor renders it anew; the others get the former one meanwhile, if there is one.
    if not _memory.lock.acquire(blocking=not _memory.body):
        return _memory.body
    try:
        if monotonic() - _memory.made >= GOOD_FOR:
            found = health.detailed().checks
            page = status.page(found, firing=_memory.firing, now=datetime.now(UTC))
            _memory.body = render_to_string("ops/status.html", {"page": page}, using="jinja2").encode()
            _memory.made = monotonic()
        return _memory.body
    finally:
        _memory.lock.release()
