"""What operators do with alerts: take one on, end one, send a dead message again. Who and when is kept."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from monitoring.alerts.messages import announce
from monitoring.alerts.models import Alert, AlertDelivery, AlertMessage, Evaluation, Standing

logger = logging.getLogger(__name__)

# Resolved by hand and still broken: quiet for this long at most, then it fires anew.
QUIET = timedelta(hours=4)


class NoSuchAlert(LookupError):
    """There is no alert with this id, or it is over already."""


def acknowledge(*, alert_id: int, by_id: int, now: datetime, note: str = "") -> Alert:
    """Says that somebody is on it: no more reminders. Acknowledging again changes nothing. Raises NoSuchAlert."""
    with transaction.atomic():
        alert = _open(alert_id)
        if alert.acknowledged_at is None:
            alert.acknowledged_at, alert.acknowledged_by_id = now, by_id
            alert.note = note[:500] or alert.note
            alert.save(update_fields=["acknowledged_at", "acknowledged_by", "note"])
            logger.info("alerts.acknowledged", extra={"alert_id": alert.pk, "rule": alert.rule, "user_id": by_id})
    return alert


def resolve(*, alert_id: int, by_id: int, now: datetime, note: str = "") -> Alert:
    """Ends an alert by hand. While it stays broken it is quiet for QUIET, then fires anew. Raises NoSuchAlert."""
    with transaction.atomic():
        alert = _open(alert_id)
        alert.resolved_at, alert.resolved_by_id = now, by_id
        alert.note = note[:500] or alert.note
        alert.save(update_fields=["resolved_at", "resolved_by", "note"])
        Standing.objects.filter(rule=alert.rule, subject=alert.subject).update(quiet_until=now + QUIET)
        announce(now=now)
        logger.info("alerts.resolved", extra={"alert_id": alert.pk, "rule": alert.rule, "user_id": by_id})
    return alert


def send_again(*, delivery_id: int, now: datetime) -> bool:
    """Brings a dead delivery back into the queue; False when it is not dead."""
    dead = AlertDelivery.objects.filter(pk=delivery_id, dead_at__isnull=False)
    return bool(dead.update(dead_at=None, due_at=now, attempts=0, locked_until=None))


def prune(*, now: datetime, keep: timedelta = timedelta(days=90), limit: int = 5000) -> int:
    """Deletes resolved alerts and messages older than ``keep``, and standings nobody has read for a week."""
    deliveries = AlertDelivery.objects.filter(message=OuterRef("pk"), sent_at__isnull=True, dead_at__isnull=True)
    messages = AlertMessage.objects.filter(~Exists(deliveries), created_at__lt=now - keep)
    alerts = Alert.objects.filter(resolved_at__lt=now - keep)
    unread = Standing.objects.filter(evaluated_at__lt=now - timedelta(days=7))
    calm = Standing.objects.filter(state="ok", breach_since__isnull=True, since__lt=now - timedelta(days=7)).exclude(
        subject=""
    )
    deleted = 0
    for old in (alerts, messages, unread, calm):
        ids = list(old.order_by("pk").values_list("pk", flat=True)[:limit])
        deleted += old.model._default_manager.filter(pk__in=ids).delete()[0]
    return deleted


def _open(alert_id: int) -> Alert:
    """The open alert, locked. The evaluator's row first: a round in flight must not write over what a person did."""
    Evaluation.objects.get_or_create(pk=1)
    Evaluation.objects.select_for_update().get(pk=1)
    alert = Alert.objects.select_for_update().filter(pk=alert_id, resolved_at__isnull=True).first()
    if alert is None:
        raise NoSuchAlert(f"Alert {alert_id} is not open: it may have been resolved meanwhile.")
    return alert
