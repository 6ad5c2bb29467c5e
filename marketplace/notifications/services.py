"""Sends e-mails: rendered from templates, multipart, outside any transaction, recognisable when sent again."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from django.core.mail import EmailMultiAlternatives
from django.db import transaction

from marketplace.core import events
from marketplace.core.db import forbid_transaction
from marketplace.core.events import Json
from marketplace.core.hall import absolute, hall
from marketplace.notifications.errors import BadMail
from marketplace.notifications.mails import NewOrder, Receipt, values_of
from marketplace.notifications.order_mails import new_orders, receipt
from marketplace.notifications.rendering import render

# Namespace of the keys below, so that they collide with nobody else's.
_KEYS = uuid.UUID("6f1c1f3e-3c0b-4c55-9f0a-1d1f7f6f9a10")


def send(*, template: str, to: str, values: Mapping[str, Json], outbox_id: int | None) -> None:
    """Sends one e-mail through the mail backend; what the backend raises is for the outbox to try again.

    ``outbox_id`` makes every attempt carry the same Message-ID and the provider's idempotency key: Brevo drops a second
    request with the same key for 15 minutes (its API reference), mailboxes drop a second message with the same id.
    Raises BadMail for a template or an address that can never work, OpenTransaction inside a transaction.
    """
    forbid_transaction("Sending an e-mail")
    if "@" not in to or any(char.isspace() for char in to):
        raise BadMail(f"{to!r} is not an e-mail address.")
    rendered = render(template, values)
    message = EmailMultiAlternatives(rendered.subject, rendered.text, to=[to], headers=_headers(outbox_id))
    message.attach_alternative(rendered.html, "text/html")
    message.send()


def announce_payment(*, number: str, now: datetime) -> None:
    """Asks for the receipt and for each stall's new-order mail of a paid group; asking again changes nothing."""
    to, mail = receipt(number=number)
    with transaction.atomic():
        _request(mail, to, key=f"receipt:{number}", now=now)
        for stall, order in new_orders(number=number):
            _request(order, stall, key=f"new-order:{order.number}", now=now)


def _request(mail: Receipt | NewOrder, to: str, *, key: str, now: datetime) -> None:
    payload: dict[str, Json] = {"template": mail.template, "to": to, "values": values_of(mail)}
    events.publish("email.requested", payload, now=now, key=key)


def _headers(outbox_id: int | None) -> dict[str, str]:
    if outbox_id is None:
        return {}
    key = uuid.uuid5(_KEYS, f"{hall().site_url}/{outbox_id}")
    return {"Message-ID": f"<{key}@{urlsplit(absolute('/')).hostname}>", "idempotencyKey": str(key)}
