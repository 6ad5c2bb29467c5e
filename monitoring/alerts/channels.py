"""Where alerts are told: e-mail and one webhook. The doors to the network; nothing here touches the database."""

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from django.core.mail import EmailMessage

# Seconds. Slack answers within one; a delivery's lease is longer than both together.
CONNECT_TIMEOUT = 3.0
TOTAL_TIMEOUT = 10.0
# Answers that may be different next time; every other one but 2xx will not be.
_TRY_AGAIN = {408, 425, 429}


@dataclass(frozen=True, slots=True)
class Channels:
    """Where to tell. Without ``emails`` all active staff are written to. The webhook's address is a secret."""

    emails: Sequence[str] = ()
    webhook_url: str | None = field(default=None, repr=False)
    reminder: timedelta = timedelta(hours=4)
    site_url: str = ""


class NotDelivered(Exception):
    """A channel did not take the message. ``permanent``: trying again cannot help. Never holds the webhook's address."""

    def __init__(self, text: str, *, permanent: bool = False) -> None:
        super().__init__(text)
        self.permanent = permanent


def send_email(*, to: str, subject: str, body: str, message_id: str) -> None:
    """One plain e-mail to one operator; every attempt carries the same Message-ID. Raises NotDelivered."""
    headers = {"Message-ID": message_id, "Auto-Submitted": "auto-generated"}
    try:
        EmailMessage(subject=subject, body=body, to=[to], headers=headers).send()
    except ValueError as error:
        raise NotDelivered(f"The e-mail cannot be written: {type(error).__name__}", permanent=True) from error
    except Exception as error:
        raise NotDelivered(f"The mail server did not take it: {type(error).__name__}") from error


def post_webhook(*, url: str, payload: Mapping[str, object]) -> None:
    """Posts JSON to the operators' webhook: no redirects, at most TOTAL_TIMEOUT seconds. Raises NotDelivered."""
    try:
        status = _post(url, json.dumps(payload).encode())
    except (OSError, http.client.HTTPException, ValueError) as error:
        # The error's own text may quote the address.
        raise NotDelivered(f"The webhook did not answer: {type(error).__name__}") from None
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise NotDelivered(f"The webhook answered {status}: redirects are not followed.", permanent=True)
    again = status >= 500 or status in _TRY_AGAIN
    raise NotDelivered(f"The webhook answered {status}.", permanent=not again)


def _post(url: str, body: bytes) -> int:
    """The status of the answer; its body is not read."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host, port = parts.hostname or "", parts.port
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, port, timeout=CONNECT_TIMEOUT, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=CONNECT_TIMEOUT)
    try:
        connection.connect()
        # A socket's time-out is per read: a server that sends a byte a second would hold us for ever.
        watch = threading.Timer(TOTAL_TIMEOUT, _hang_up, [connection.sock])
        watch.daemon = True
        watch.start()
        try:
            connection.sock.settimeout(TOTAL_TIMEOUT)
            headers = {"Content-Type": "application/json", "User-Agent": "Awning", "Connection": "close"}
            connection.request("POST", path, body=body, headers=headers)
            return connection.getresponse().status
        finally:
            watch.cancel()
    finally:
        connection.close()


def _hang_up(connected: socket.socket) -> None:
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
