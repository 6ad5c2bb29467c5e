"""Who has just written reads from the primary: nobody may miss in a list what they have added to it a moment ago.

A mark in the reader's own browser says so, for longer than the replica may be behind. It opens nothing and names nobody:
whoever invents it reads from the primary, as everybody would without a replica.
"""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db.backends.signals import connection_created
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from marketplace.core import replica
from monitoring.database import standby

COOKIE: Final = "just_wrote"
# Seconds: the replica is left when it is 5 s behind, what is known of it is at most 3 s old, and a page takes its time.
MARKED: Final = 10
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# Pages about what is one's own, and those of the people who work here: whatever they show, they show what is true now.
# Programs carry no cookies, so that nobody knows whether they have just written.
PRIMARY_PATHS: Final = ("/admin/", "/account/", "/api/", "/cart/", "/checkout/", "/ops/", "/orders/", "/sell/")


def middleware(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Lets pages read the replica, where there is one."""
    if not standby.configured():
        raise MiddlewareNotUsed
    connection_created.connect(replica.attach, weak=False, dispatch_uid="own_writes")

    def answer(request: HttpRequest) -> HttpResponseBase:
        safe = request.method in _SAFE
        may_lag = safe and COOKIE not in request.COOKIES and not request.path_info.startswith(PRIMARY_PATHS)
        with replica.allowed(may_lag=may_lag) as reading:
            response = get_response(request)
        if reading.wrote and not safe:
            response.set_cookie(
                COOKIE, "1", max_age=MARKED, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
            )
        return response

    return answer
