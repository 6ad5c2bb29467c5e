"""The way out: a process that was told to stop says so, turns new requests away and finishes those it has.

The launcher (`config.serve`) and its web workers share one page of memory, a mapped file: the state in its first byte, and
one slot per worker for the number of requests it is answering. A request pays for one byte read, and no system call.
Without a launcher (tests, the development server) the page is this process's own and stays open.
"""

import fcntl
import json
import mmap
import os
import struct
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from monitoring.requests import ids

# Names the shared page to the workers; set by the launcher, never by people.
VARIABLE: Final = "AWNING_SHUTDOWN_PAGE"
# CONTRACT: seconds after which a client may try again.
RETRY_AFTER: Final = 30
# These answer until the very end: whoever watches the hall must see it go.
EXEMPT: Final = frozenset({"/healthz", "/readyz", "/metrics"})
EXEMPT_UNDER: Final = "/health/"

_SIZE: Final = 4096
_SLOT: Final = struct.Struct("=ii")
_FIRST_SLOT: Final = 64
_SLOTS: Final = (_SIZE - _FIRST_SLOT) // _SLOT.size


class State(IntEnum):
    """OPEN serves; UNREADY still serves, but asks to be left alone; REFUSING turns new requests away."""

    OPEN = 0
    UNREADY = 1
    REFUSING = 2


_STATES: Final = tuple(State)


class Page:
    """The shared page: written by the launcher, read by every worker; each worker writes its own slot only."""

    def __init__(self, path: Path | None = None) -> None:
        """Maps the file at ``path``, made and sized when it is new; without one, memory of this process alone."""
        self.path = path
        if path is None:
            self._bytes = mmap.mmap(-1, _SIZE)
        else:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                if os.fstat(descriptor).st_size < _SIZE:
                    os.ftruncate(descriptor, _SIZE)
                self._bytes = mmap.mmap(descriptor, _SIZE)
            finally:
                os.close(descriptor)
        self._lock = threading.Lock()
        self._slot: int | None = None
        self._count = 0

    @property
    def state(self) -> State:
        return _STATES[self._bytes[0]]

    @state.setter
    def state(self, state: State) -> None:
        self._bytes[0] = state

    @property
    def refusing(self) -> bool:
        """The question of every request, without the detour over the enumeration."""
        return self._bytes[0] == State.REFUSING

    def join(self, alive: Callable[[int], bool]) -> None:
        """Takes a slot for this process: a free one, or that of a process that ``alive`` says is gone.

        With more workers than slots the last ones are not counted; their requests are finished all the same.
        """
        if self.path is None:
            return
        with self.path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            for index in range(_SLOTS):
                offset = _FIRST_SLOT + index * _SLOT.size
                holder, _ = _SLOT.unpack_from(self._bytes, offset)
                if holder in (0, os.getpid()) or not alive(holder):
                    _SLOT.pack_into(self._bytes, offset, os.getpid(), 0)
                    self._slot, self._count = offset, 0
                    return

    def begin(self) -> None:
        """A request is being answered from now on."""
        with self._lock:
            self._count += 1
            if self._slot is not None:
                _SLOT.pack_into(self._bytes, self._slot, os.getpid(), self._count)

    def end(self) -> None:
        """It is answered."""
        with self._lock:
            self._count -= 1
            if self._slot is not None:
                _SLOT.pack_into(self._bytes, self._slot, os.getpid(), self._count)

    def in_flight(self, pids: Collection[int]) -> int:
        """Requests that the processes ``pids`` are answering at this moment."""
        slots = (_SLOT.unpack_from(self._bytes, _FIRST_SLOT + index * _SLOT.size) for index in range(_SLOTS))
        return sum(count for holder, count in slots if holder in pids)


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
    )
    return Refusal(headers, body)


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
