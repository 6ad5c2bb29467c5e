"""One line per request: what was asked, how it ended, how long it took. No path, no query, no address, no name.

``line`` needs no Django request: a server that answers before Django calls it as well.
"""

import json
import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_network
from time import time
from typing import Final, TypeAlias

from monitoring import background
from monitoring.requests import ids, logs
from monitoring.requests.client_ip import parsed
from monitoring.requests.scrubber import scrub_text

logger = logging.getLogger(__name__)

EVENT: Final = "request"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"})


@dataclass(frozen=True, slots=True)
class Visit:
    """One answered request: ``route`` is a pattern, ``seconds`` the time until the answer began, ``size`` its bytes.

    ``size`` is None when nobody knows it yet (a stream), ``user`` a primary key as text and ``client`` a network, both "" when
    unknown.
    """

    method: str
    route: str
    status: int
    seconds: float
    size: int | None = None
    user: str = ""
    client: str = ""


def line(visit: Visit, *, level: int = logging.INFO) -> None:
    """Writes the request's line; whether it is written at all is ``level``'s and the logger's business."""
    place = _place() if level == logging.INFO and not ids.facts() else None
    if place is not None:
        # Where all lines go to one place as JSON, the same line is put together for a tenth of the price.
        handler, formatter = place
        (text,) = _texts([_waiting(visit, ids.current())], formatter.process)
        handler.write_ready(text)
    elif logger.isEnabledFor(level):
        logger.log(
            level,
            EVENT,
            extra={
                "method": visit.method if visit.method in _METHODS else "OTHER",
                "route": visit.route,
                "status": visit.status,
                "duration_ms": round(visit.seconds * 1000, 2),
                "bytes": visit.size,
                "user_id": visit.user or None,
                "client": visit.client,
            },
        )


class _Later:
    """Lines that wait to be written together, by a job of this process. ``on``: the job runs, and has found where to."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """After a fork: they are the parent's lines, and its job."""
        self.on = False
        self.waiting: deque[_Waiting] = deque()


# Seconds that a line may wait; how many at most.
EVERY: Final = 0.25
MOST: Final = 256
# When, request id, client, user, route, method, status, seconds, bytes.
_Waiting: TypeAlias = tuple[float, str, str, str, str, str, int, float, int | None]
_later = _Later()
os.register_at_fork(after_in_child=_later.forget)


def quick_line(
    *, request_id: str, client: str, route: str, method: str, status: int, seconds: float, size: int
) -> None:
    """``line`` for an answer of few microseconds: the same line, written with others within ``EVERY`` seconds.

    For a method, a route and a client that are ours or bounded already. Written at once where no job would do it.
    """
    if not _later.on:
        with ids.within(request_id):
            line(Visit(method, route, status, seconds, size, "", client))
        return
    _later.waiting.append((time(), request_id, client, "", route, method, status, seconds, size))
    if len(_later.waiting) >= MOST:
        write_out()


def write_out(now: object = None) -> int:
    """Writes the lines that wait; returns how many. A job, and the way out of a process."""
    place = _place()
    # First: what comes now is written by whoever writes it.
    _later.on = place is not None and background.running() and not background.ending()
    taken = []
    with suppress(IndexError):
        # To the end: another thread may be at it as well, and after the last time nobody comes.
        while True:
            taken.append(_later.waiting.popleft())
    if taken and place is not None:
        handler, formatter = place
        handler.write_ready("\n".join(_texts(taken, formatter.process)))
    elif taken:
        for _, request_id, client, _, route, method, status, seconds, size in taken:
            with ids.within(request_id):
                line(Visit(method, route, status, seconds, size, "", client))
    return len(taken)


def _place() -> tuple[logs.Lines, logs.LineFormatter] | None:
    if not logger.isEnabledFor(logging.INFO) or logger.handlers or logger.filters or not logger.propagate:
        return None
    return logs.json_lines()


def _waiting(visit: Visit, request_id: str) -> _Waiting:
    method = visit.method if visit.method in _METHODS else "OTHER"
    return time(), request_id, visit.client, visit.user, visit.route, method, visit.status, visit.seconds, visit.size


def _texts(taken: Iterable[_Waiting], process: str) -> Iterator[str]:
    second, day = -1, ""
    for at, request_id, client, user, route, method, status, seconds, size in taken:
        millis = int(at * 1000)
        if millis // 1000 != second:
            second = millis // 1000
            day = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        head, middle = _pieces(process, method, route, status)
        yield (
            f'{{"timestamp": "{day}.{millis % 1000:03d}+00:00", {head}"{request_id}", {middle}'
            f'{round(seconds * 1000, 2)}, "bytes": {"null" if size is None else size}, '
            f'"user_id": {json.dumps(user or None)}, "client": "{client}"}}'
        )


@lru_cache(maxsize=256)
def _pieces(process: str, method: str, route: str, status: int) -> tuple[str, str]:
    before = {"level": "info", "logger": logger.name, "event": EVENT}
    after = {"process": process, "method": method, "route": scrub_text(route), "status": status}
    return json.dumps(before)[1:-1] + ', "request_id": ', json.dumps(after)[1:-1] + ', "duration_ms": '


@lru_cache(maxsize=1024)
def network_of(address: str) -> str:
    """The client's /24 or /64, which logs may keep: enough to see a flood, too little to see a person. "" for no address."""
    found = parsed(address)
    if found is None:
        return ""
    return str(ip_network((found, 24 if found.version == 4 else 64), strict=False))
