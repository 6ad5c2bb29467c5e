"""The way out: a process that was told to stop says so, turns new requests away and finishes those it has.

The launcher (`config.serve`) and its web workers share one page of memory, a mapped file: the state in its first byte, and
one slot per worker for the number of requests it is answering. A request pays for one byte read, and no system call.
Without a launcher (tests, the development server) the page is this process's own and stays open.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from monitoring.requests import ids
from monitoring.requests.drain import Page, State

__all__ = ["Page", "State", "begin", "draining", "end", "enter", "guard", "refusal", "refuses", "share", "state"]

# CONTRACT: seconds after which a client may try again.
RETRY_AFTER: Final = 30
# These answer until the very end: whoever watches the hall must see it go.
EXEMPT: Final = frozenset({"/healthz", "/readyz", "/metrics"})
EXEMPT_UNDER: Final = "/health/"


_page = Page()


def share(path: Path) -> None:
    """Uses the launcher's page from now on; raises OSError when it cannot be opened."""
    global _page  # noqa: PLW0603 - a process has one page, and takes it once, before its first request
    _page = Page(path)
    _page.join(_is_alive)


def state() -> State:
    """What this process has been told."""
    return _page.state


def draining() -> bool:
    """Whether this process has been told to stop."""
    return _page.state is not State.OPEN


def enter(state: State) -> None:
    """Moves this process, and all that share its page, to another state."""
    _page.state = state


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to a request that comes too late: status 503, these headers, this body."""

    headers: tuple[tuple[str, str], ...]
    body: bytes


def refuses(path: str) -> bool:
    """Whether a request for ``path`` comes too late. Reads one byte; for every server, with or without Django."""
    return _page.refusing and path not in EXEMPT and not path.startswith(EXEMPT_UNDER)


def refusal(path: str, *, request_id: str) -> Refusal:
    """What to answer then: a problem document to a program, a page to a person."""
    if path.startswith("/api/"):
        kind, body = "application/problem+json", _problem(request_id)
    else:
        kind, body = "text/html; charset=utf-8", _PAGE
    headers = (
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Retry-After", str(RETRY_AFTER)),
        ("Cache-Control", "no-store"),
        # Nothing below, which gives answers their headers, sees this one.
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ("X-Content-Type-Options", "nosniff"),
    )
    return Refusal(headers, body)


def begin() -> None:
    """A request is being answered outside of the middleware: the launcher waits for it. Pair it with ``end``."""
    _page.begin()


def end() -> None:
    """It is answered."""
    _page.end()


def guard(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware, second after the request id: answers before anything has looked at the body."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if refuses(request.path_info):
            return _response(refusal(request.path_info, request_id=ids.current()))
        page = _page
        page.begin()
        try:
            return get_response(request)
        finally:
            page.end()

    return answer


def _response(refused: Refusal) -> HttpResponse:
    return HttpResponse(refused.body, status=503, headers=dict(refused.headers))


def _problem(request_id: str) -> bytes:
    return json.dumps(
        {
            "type": "about:blank",
            "title": "Service Unavailable",
            "status": 503,
            "detail": f"This server is restarting. Send the same request again in {RETRY_AFTER} seconds.",
            "code": "draining",
            "request_id": request_id,
        }
    ).encode()


_PAGE: Final = (
    b"<!doctype html>\n"
    b'<html lang="en"><head><meta charset="utf-8">'
    b'<meta name="viewport" content="width=device-width"><title>Back in a moment</title></head>\n'
    b"<body><h1>Back in a moment</h1><p>This part of the hall is restarting. Nothing was lost: "
    b"please try again in half a minute.</p></body></html>\n"
)
