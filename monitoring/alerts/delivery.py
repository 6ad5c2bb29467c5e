"""Sends what was written: claimed with a lease, outside any transaction, tried again with growing pauses, visibly dead."""

import logging
import random
from datetime import datetime, timedelta
from time import monotonic
from urllib.parse import urlsplit

from django.db import connection, transaction
from django.db.models import QuerySet

from monitoring.alerts.channels import NotDelivered, post_webhook, send_email
from monitoring.alerts.messages import channels, color
from monitoring.alerts.models import AlertDelivery, AlertMessage
from monitoring.requests.scrubber import scrub_text

logger = logging.getLogger(__name__)

# Longer than any channel may take; a crashed process's claim is free again after it.
LEASE = timedelta(seconds=60)
# Ten tries take about an hour.
MAX_ATTEMPTS = 10
# Seconds after which nothing new is taken: the job comes again.
PATIENCE = 20.0

# SKIP LOCKED lets processes send side by side; attempts is the fence against one that was too slow.
_CLAIM = """
UPDATE alerts_alertdelivery SET attempts = attempts + 1, locked_until = %(until)s
WHERE id = (
    SELECT id FROM alerts_alertdelivery
    WHERE sent_at IS NULL AND dead_at IS NULL AND due_at <= %(now)s
        AND (locked_until IS NULL OR locked_until < %(now)s)
    ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id
"""


def deliver_due(*, now: datetime, limit: int = 100) -> int:
    """Sends what is due, one at a time; returns how many were sent. Raises RuntimeError inside a transaction."""
    sent, started = 0, monotonic()
    for _ in range(limit):
        passed = int(monotonic() - started)
        claimed = claim(now=now + timedelta(seconds=passed)) if passed < PATIENCE else None
        if claimed is None:
            break
        sent += deliver(claimed, now=now + timedelta(seconds=passed))
    return sent


def claim(*, now: datetime) -> AlertDelivery | None:
    """Takes one due delivery for this caller, or None; it is free again when the lease ends."""
    # Durable: the claim is committed before the network is touched, or this raises.
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now, "until": now + LEASE})
        row = cursor.fetchone()
    return AlertDelivery.objects.select_related("message").get(pk=row[0]) if row else None


def deliver(delivery: AlertDelivery, *, now: datetime) -> bool:
    """Sends one claimed delivery and writes down how it went."""
    try:
        _send(delivery)
    except NotDelivered as error:
        _failed(delivery, error, now=now)
        return False
    return bool(_mine(delivery).update(sent_at=now, locked_until=None, last_error=""))


def _send(delivery: AlertDelivery) -> None:
    message, known = delivery.message, channels()
    if delivery.channel == AlertDelivery.Channel.EMAIL:
        host = urlsplit(known.site_url).hostname or "localhost"
        send_email(
            to=delivery.target,
            subject=f"[Awning] {message.subject}",
            body=message.body,
            message_id=f"<alert-{delivery.pk}@{host}>",
        )
    elif known.webhook_url:
        post_webhook(url=known.webhook_url, payload=payload(message, site_url=known.site_url))
    else:
        raise NotDelivered("ALERT_WEBHOOK_URL is no longer set.", permanent=True)


def payload(message: AlertMessage, *, site_url: str) -> dict[str, object]:
    """The message as Slack's incoming webhooks take it (and Mattermost's, and Discord's at /slack)."""
    text = _plain(message.subject)
    attachment = {
        "fallback": text,
        "color": color(message.severity, message.kind),
        "title": text,
        "title_link": f"{site_url}/ops/",
        "text": _plain(message.body),
        "ts": int(message.created_at.timestamp()),
    }
    return {"text": text, "attachments": [attachment]}


def _plain(text: str) -> str:
    """Slack reads <!channel> and links between angle brackets: what a measurement says calls nobody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _failed(delivery: AlertDelivery, error: NotDelivered, *, now: datetime) -> None:
    reason = scrub_text(str(error))[:500]
    dead = error.permanent or delivery.attempts >= MAX_ATTEMPTS
    extra = {"delivery_id": delivery.pk, "channel": delivery.channel, "attempts": delivery.attempts, "reason": reason}
    logger.log(logging.ERROR if dead else logging.WARNING, "alerts.dead" if dead else "alerts.not_sent", extra=extra)
    if dead:
        _mine(delivery).update(dead_at=now, locked_until=None, last_error=reason)
    else:
        _mine(delivery).update(due_at=now + backoff(delivery.attempts), locked_until=None, last_error=reason)


def backoff(attempts: int) -> timedelta:
    """Full jitter below 5 s·2ⁿ, at most 15 min, at least half of it: many processes must not come back together."""
    most = min(900.0, 5.0 * 2**attempts)
    return timedelta(seconds=random.uniform(most / 2, most))  # noqa: S311 - jitter


def _mine(delivery: AlertDelivery) -> "QuerySet[AlertDelivery]":
    """The row, only while nobody has claimed it since."""
    return AlertDelivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, sent_at__isnull=True)
