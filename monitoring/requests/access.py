"""One line per request: what was asked, how it ended, how long it took. No path, no query, no address, no name.

``line`` needs no Django request: a server that answers before Django calls it as well.
"""

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_network
from typing import Final

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
    if logger.isEnabledFor(level):
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


def quick_line(visit: Visit, *, request_id: str) -> None:
    """``line`` for an answer of few microseconds: the same line, put together from finished pieces.

    For a method, a route and a client that are ours or bounded already; the way around holds where lines go elsewhere.
    """
    if not logger.isEnabledFor(logging.INFO):
        return
    place = logs.json_lines() if not logger.handlers and not logger.filters and logger.propagate else None
    if place is None:
        with ids.within(request_id):
            line(visit)
        return
    handler, formatter = place
    head, middle = _pieces(formatter.process, visit.method, visit.route, visit.status)
    moment = datetime.now(UTC).isoformat(timespec="milliseconds")
    handler.write_ready(
        f'{{"timestamp": "{moment}", {head}"{request_id}", {middle}{round(visit.seconds * 1000, 2)}, '
        f'"bytes": {visit.size}, "user_id": null, "client": "{visit.client}"}}'
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
