"""The inbox: what the provider reports is verified, stored once, answered, and processed afterwards, once."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import QuerySet

from marketplace.core.db import run_again
from marketplace.core.errors import NotFound
from marketplace.core.leases import MAX_ATTEMPTS, backoff
from monitoring.errors import report
from payments import claims, gateway, marks
from payments.models import InboxEvent
from payments.provider import ProviderEvent, ProviderUnavailable
from payments.refunds import apply_refund
from payments.settlement import apply_payment

logger = logging.getLogger(__name__)

PROVIDER = "stripe"
# Stripe's events are some kilobytes; the largest (an invoice with many lines) stay below this.
MAX_BYTES = 256 * 1024
# A provider that is away says nothing about the event: only what it has refused for so long is given up.
OUTAGE = timedelta(hours=6)
LOST = "Its process was lost at every attempt: out of memory, killed or crashed. Find out why before sending it again."


def receive(*, raw: bytes, signature: str, now: datetime) -> bool:
    """Stores a verified message; False when it was there already. Raises BadSignature, and then stores nothing."""
    event = gateway.verify_event(raw, signature, now=now)
    marks.reached("webhook.verified")
    stored = store(event, now=now)
    marks.reached("webhook.stored")
    return stored


def store(event: ProviderEvent, *, now: datetime) -> bool:
    """Puts an event into the inbox; False when it is there already. Of two at once, the unique constraint lets one in."""
    return InboxEvent.objects.get_or_create(
        provider=PROVIDER,
        account=event.account,
        event_id=event.id,
        defaults={"type": event.type, "payload": event.payload, "received_at": now, "due_at": now},
    )[1]


def waiting() -> "QuerySet[InboxEvent]":
    """Events that are neither processed nor given up."""
    return InboxEvent.objects.filter(processed_at=None, dead_at=None)


def process_inbox(*, now: datetime, limit: int = 50) -> int:
    """Processes what is due; returns how many events were finished. A provider that is away ends the round."""
    done = 0
    for event in claims.each(waiting(), now=now, limit=limit):
        if event.attempts > MAX_ATTEMPTS and claims.lost_before(event):
            # While the provider is away attempts go on beyond the last; who dies of an event does not give it back.
            logger.error("webhook.dead", extra={"event_id": event.event_id, "type": event.type})
            claims.give_back(event, dead_at=now, last_error=LOST)
            continue
        try:
            done += process(event, now=now)
        except ProviderUnavailable:
            break
    return done


def send_again(*, event_id: int, now: datetime) -> str:
    """Brings a message that was given up back, with all its attempts; returns its type. Raises NotFound."""
    dead = InboxEvent.objects.filter(pk=event_id, processed_at=None, dead_at__isnull=False)
    if not dead.update(dead_at=None, attempts=0, due_at=now, locked_until=None):
        raise NotFound("That message is not among those given up: somebody has sent it again already.")
    return InboxEvent.objects.values_list("type", flat=True).get(pk=event_id)


def process(event: InboxEvent, *, now: datetime) -> bool:
    """Fetches what a claimed event is about and applies it together with ``processed_at``.

    A failure is written down and tried again later, or ends as dead. Raises ProviderUnavailable after writing it down.
    """
    try:
        apply = _fetch(event, now=now)
        marks.reached("webhook.fetched")
        run_again(lambda: _finish(event, apply, now=now))
    except Exception as error:
        logger.exception("webhook.failed", extra={"event_id": event.event_id, "type": event.type})
        report(error, event_id=event.event_id)
        _failed(event, error, now=now)
        if isinstance(error, ProviderUnavailable):
            raise
        return False
    marks.reached("webhook.committed")
    return True


def _finish(event: InboxEvent, apply: Callable[[], object], *, now: datetime) -> None:
    mine = InboxEvent.objects.select_for_update(no_key=True).filter(pk=event.pk, attempts=event.attempts)
    if not mine.filter(processed_at=None).exists():
        return  # its lease ran out and somebody else has it
    apply()
    marks.reached("webhook.applied")
    claims.give_back(event, processed_at=now, last_error="", dead_at=None)


def _fetch(event: InboxEvent, *, now: datetime) -> Callable[[], object]:
    """The current state of what the event is about, as a function that applies it.

    The event's own copy is old by the time it is read, and events overtake each other.
    """
    if event.account:
        return lambda: None  # a connected account's own affairs: kept, like every type we do not know
    subject = event.payload["data"]["object"]
    kind, provider_id = str(subject.get("object")), str(subject.get("id"))
    if kind == "checkout.session":
        provider_id = gateway.fetch_hosted_payment(provider_id).provider_id
        kind = "payment_intent" if provider_id else ""
    if kind == "payment_intent":
        payment = gateway.fetch_payment(provider_id)
        return lambda: apply_payment(provider_state=payment, now=now)
    if kind == "refund":
        refund = gateway.fetch_refund(provider_id)
        return lambda: apply_refund(provider_state=refund, now=now)
    return lambda: None


def _failed(event: InboxEvent, error: Exception, *, now: datetime) -> None:
    changes: dict[str, object] = {"last_error": f"{type(error).__name__}: {error}"[:2000]}
    away = isinstance(error, ProviderUnavailable) and now - event.received_at < OUTAGE
    if (event.attempts >= MAX_ATTEMPTS and not away) or getattr(error, "permanent", False):
        logger.error("webhook.dead", extra={"event_id": event.event_id, "type": event.type})
        changes["dead_at"] = now
    else:
        changes["due_at"] = now + backoff(min(event.attempts, MAX_ATTEMPTS))
    claims.give_back(event, **changes)
