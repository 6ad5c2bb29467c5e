"""What a client is told: 429 and 403 as a page or as problem JSON (RFC 9457), and how much is left.

``RateLimit`` and ``RateLimit-Policy`` are written as in draft-ietf-httpapi-ratelimit-headers-11: ``q`` requests in ``w``
seconds; ``r`` are left, and in ``t`` seconds there are more.
"""

import json
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from monitoring.limits.engine import Decision
from monitoring.requests import ids

_TYPES = ("text/html", "application/json", "application/problem+json")


def refusal(decision: Decision, *, as_problem: bool) -> HttpResponse:
    """429, or 403 for an address that is kept out. Needs no request: the answer may be given before Django's."""
    if decision.denied:
        status, title, code = 403, "Forbidden", "address_denied"
        detail = "Requests from your network are turned away. If you think this is a mistake, write to us."
    else:
        status, title, code = 429, "Too Many Requests", "rate_limited"
        detail = f"Too many requests. Try again in {wait_text(decision.retry_after)}."
    if as_problem:
        body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
        body["request_id"] = ids.current()
        response = HttpResponse(json.dumps(body), status=status, content_type="application/problem+json")
    else:
        context = {"request_id": ids.current(), "wait": wait_text(decision.retry_after)}
        page = "403_address" if decision.denied else "429"
        response = HttpResponse(render_to_string(f"errors/{page}.html", context), status=status)
    response["Cache-Control"] = "no-store"
    if not decision.denied:
        response["Retry-After"] = str(decision.retry_after)
        tell(response, decision)
    return response


def wants_problem(request: HttpRequest, prefixes: tuple[str, ...]) -> bool:
    """Whether the client reads JSON: by the path, or because it likes it better than a page."""
    if request.path_info.startswith(prefixes):
        return True
    return (request.get_preferred_type(_TYPES) or "text/html") != "text/html"


def tell(response: HttpResponseBase, decision: Decision) -> None:
    """Adds the fields, where something was counted; never to what a shared cache would tell to others."""
    if "public" in response.get("Cache-Control", ""):
        return
    for field, value in fields(decision).items():
        response[field] = value


def fields(decision: Decision) -> Mapping[str, str]:
    """The two fields by name; empty when nothing was counted."""
    if not decision.quotas:
        return {}
    return {
        "RateLimit-Policy": ", ".join(f'"{quota.name}";q={quota.limit};w={quota.seconds}' for quota in decision.quotas),
        "RateLimit": ", ".join(f'"{quota.name}";r={quota.left};t={quota.reset}' for quota in decision.quotas),
    }


def wait_text(seconds: int) -> str:
    """A wait in words: 1 second, 40 seconds, 3 minutes (rounded up)."""
    if seconds < 120:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    return f"{-(-seconds // 60)} minutes"
