"""Django's session middleware, which also notes now and then that a session is in use."""

from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse

from marketplace.sessions.devices import network
from marketplace.sessions.store import SessionStore
from monitoring.requests.client_ip import client_ip


class SessionMiddleware(DjangoSessionMiddleware):
    """A session that was only read is written at most every two hours: its end, not its data."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Django's, after asking for a touch where one is due; the cookie then goes out again with the new end."""
        session = getattr(request, "session", None)
        if isinstance(session, SessionStore) and response.status_code < 500 and session.touch_due():
            session.touch_on_save(network=network(client_ip(request)))
        return super().process_response(request, response)
