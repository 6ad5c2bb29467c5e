"""Before anybody can be recognised: without PostgreSQL there is no session, and a page that waits for one helps nobody."""

from django.http import HttpResponse
from django.template.loader import render_to_string

from monitoring.health import queries as health

PREFIX = "/ops/"


def closed(path: str) -> bool:
    """Whether this path needs a database that does not answer; asks now, because a session would wait for ever."""
    if not path.startswith(PREFIX):
        return False
    found = health.readiness(max_age=0.0)
    # A process that stops refuses by itself, and says so.
    return not (found.ready or found.draining)


def away() -> HttpResponse:
    """What operators read instead, and where to look meanwhile."""
    body = render_to_string("ops/away.html", {}, using="jinja2")
    return HttpResponse(body, status=503, headers={"Retry-After": "5", "Cache-Control": "no-store"})
