"""One line per request: what was asked, how it ended, how long it took. No path, no query, no address, no name.

``line`` needs no Django request: a server that answers before Django calls it as well.
"""

import logging
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_network
from typing import Final

from monitoring.requests.client_ip import parsed

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


@lru_cache(maxsize=1024)
def network_of(address: str) -> str:
    """The client's /24 or /64, which logs may keep: enough to see a flood, too little to see a person. "" for no address."""
    found = parsed(address)
    if found is None:
        return ""
    return str(ip_network((found, 24 if found.version == 4 else 64), strict=False))
