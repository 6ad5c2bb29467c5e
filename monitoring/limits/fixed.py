"""Fixed windows, through the public counter of django-ratelimit: cheap, and up to twice the rate across an edge.

For what only has to be bounded, such as beacons. It counts in the cache called ``ratelimit`` (config/limits.py).
"""

from dataclasses import dataclass

from django.http import HttpRequest
from django_ratelimit.core import get_usage


@dataclass(frozen=True, slots=True)
class Count:
    """``seconds_left`` until the window begins anew."""

    full: bool
    seconds_left: int


def count(group: str, key: str, limit: int, seconds: int, *, look: bool = False) -> Count | None:
    """Counts one request; None when the store did not answer."""

    def counted(group: str, request: HttpRequest) -> str:
        return key

    usage: dict[str, int] | None = get_usage(  # type: ignore[no-untyped-call]
        HttpRequest(), group=group, key=counted, rate=(limit, seconds), increment=not look
    )
    if usage is None or usage["time_left"] < 0:
        return None
    full = usage["count"] >= limit if look else usage["should_limit"]
    return Count(full=bool(full), seconds_left=int(usage["time_left"]))
