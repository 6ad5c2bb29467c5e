"""The four machine endpoints of CONTRACT. None of them reads a body, a session or a host, and none waits for long."""

from collections.abc import Mapping
from datetime import datetime
from time import monotonic

from django.apps import apps
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from monitoring.health import library, queries
from monitoring.health.board import PATIENCE, Result
from monitoring.health.visitors import Door, Verdict, judge

_METHODS = ("GET", "HEAD")
_REFUSED: Mapping[Verdict, tuple[int, str]] = {
    "stranger": (401, "Send Authorization: Bearer <HEALTH_TOKEN>, or sign in as staff."),
    "not_staff": (403, "Only staff may see this."),
    "unknown": (503, "The database does not say in time who you are. Send Authorization: Bearer <HEALTH_TOKEN>."),
}


def alive(request: HttpRequest) -> HttpResponse:
    """The process lives. Looks at nothing."""
    return _no_other_method(request) or _answer({"status": "ok"})


def ready(request: HttpRequest) -> HttpResponse:
    """Whether a load balancer should send requests here."""
    if refused := _no_other_method(request):
        return refused
    found = queries.readiness()
    status = "ready" if found.ready else "unready"
    return _answer({"status": status, "draining": found.draining}, code=200 if found.ready else 503)


def summary(request: HttpRequest) -> HttpResponse:
    """How the hall is, for anybody: no names, no figures."""
    if refused := _no_other_method(request):
        return refused
    found = queries.summary()
    body = {"status": found.state, "uptime_s": found.uptime_s, "version": found.version}
    return _answer(body, code=_code(found.state))


def details(request: HttpRequest) -> HttpResponse:
    """Every check, for staff and for who holds the token; ``?format=text`` or ``openmetrics`` for other readers."""
    if refused := _no_other_method(request):
        return refused
    deadline = monotonic() + PATIENCE
    door: Door = apps.get_app_config("health").door  # type: ignore[attr-defined]
    if request.headers.get("Authorization") or door.session_cookie in request.COOKIES:
        # The database may hang: look at everything while it is asked who that is.
        queries.begin()
    verdict = judge(request, door)
    if verdict != "welcome":
        code, text = _REFUSED[verdict]
        answer = _answer({"status": "refused", "detail": text}, code=code)
        if code == 401:
            answer.headers["WWW-Authenticate"] = 'Bearer realm="health"'
        return answer
    return _details(request, queries.detailed(patience=max(0.0, deadline - monotonic())))


def _details(request: HttpRequest, found: queries.Detailed) -> HttpResponse:
    code, wanted = _code(found.summary.state), request.GET.get("format", "json")
    if wanted == "text":
        return _unkept(library.as_text(request, found.checks, status=code))
    if wanted == "openmetrics":
        return _unkept(library.as_openmetrics(request, found.checks))
    if wanted != "json":
        return _answer({"status": "refused", "detail": "format is json, text or openmetrics."}, code=400)
    body = {
        "status": found.summary.state,
        "uptime_s": found.summary.uptime_s,
        "version": found.summary.version,
        "draining": found.draining,
        "checks": {result.name: _check(result) for result in found.checks},
        **found.sections,
    }
    return _answer(body, code=code)


def _check(result: Result) -> dict[str, object]:
    return {
        "status": result.state,
        "vital": result.vital,
        "latency_ms": result.latency_ms,
        "checked_at": _text(result.checked_at),
        "last_success": _text(result.last_success),
        "detail": result.text,
        "figures": dict(result.figures),
    }


def _code(state: queries.State) -> int:
    return 503 if state == "unhealthy" else 200


def _text(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds") if at else None


def _no_other_method(request: HttpRequest) -> HttpResponse | None:
    return None if request.method in _METHODS else HttpResponseNotAllowed(_METHODS)


def _answer(body: Mapping[str, object], *, code: int = 200) -> HttpResponse:
    return _unkept(JsonResponse(body, status=code, json_dumps_params={"separators": (",", ":")}))


def _unkept(answer: HttpResponse) -> HttpResponse:
    answer.headers["Cache-Control"] = "no-store"
    return answer
