"""What a sign-in does to the session."""

from django.http import HttpRequest

from marketplace.sessions.devices import device
from marketplace.sessions.store import SessionStore
from monitoring.requests.client_ip import client_ip


def note(sender: object, request: HttpRequest | None = None, **kwargs: object) -> None:
    """Receives Django's ``user_logged_in``: a new id, a new 30 days, and the device in words."""
    session = getattr(request, "session", None)
    if request is not None and isinstance(session, SessionStore):
        found = device(user_agent=request.META.get("HTTP_USER_AGENT", ""), address=client_ip(request))
        session.sign_in(found)
