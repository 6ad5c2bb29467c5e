"""The same table for REST views: a throttle class of the shape that Django REST framework asks for, importing nothing of it."""

from math import ceil
from typing import Protocol

from django.http import HttpRequest

from monitoring.limits import guard
from monitoring.limits.tiers import Mark


class RestRequest(Protocol):
    """What a throttle needs of the framework's request."""

    _request: HttpRequest
    user: object


class LimitThrottle:
    """``throttle_classes = [LimitThrottle]``; ``limit_tiers = ("expensive",)`` on the view adds tiers.

    Refused requests get 429 with Retry-After. Token holders are counted here, when the token's owner is known; who has
    a session has been counted by the middleware already.
    """

    _wait: float | None = None

    def allow_request(self, request: RestRequest, view: object) -> bool:
        """Whether the request passes; counts it where that has not happened yet."""
        plain = request._request
        visit = guard.visit_of(plain) or guard.begin(plain)
        tiers: tuple[str, ...] = getattr(view, "limit_tiers", ())
        user = request.user
        known = str(getattr(user, "pk", "")) if getattr(user, "is_authenticated", False) else ""
        decision = guard.count_user(plain, visit, known or visit.who.user, [Mark(tier) for tier in tiers])
        self._wait = None if decision.allowed else ceil(decision.retry_after)
        return decision.allowed

    def wait(self) -> float | None:
        """Seconds until the next request may pass."""
        return self._wait
