"""What is told, to whom and how often: one message when something begins, one when it ends, reminders in between.

Written in the transaction that changes the alerts; ``delivery`` sends it. What begins together is told together, and one
rule speaks of beginnings and of endings at most once in its pause each, however many subjects it has.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import F, Max
from django.db.models.functions import Coalesce

from monitoring.alerts import registry
from monitoring.alerts.channels import Channels
from monitoring.alerts.models import Alert, AlertDelivery, AlertMessage
from monitoring.alerts.rules import Severity, value_text

logger = logging.getLogger(__name__)

Kind = AlertMessage.Kind
PAUSE: Mapping[str, timedelta] = {"page": timedelta(minutes=2), "warning": timedelta(minutes=10)}
# Subjects that one message names; /ops/ shows all of them.
MOST_NAMED = 10
# Operators written to when no addresses are set.
MOST_STAFF = 20
_HEADS = {Kind.FIRING: "Firing", Kind.RESOLVED: "Resolved", Kind.REMINDER: "Still firing"}


def channels() -> Channels:
    """Where this hall tells its alerts."""
    found: Channels = apps.get_app_config("alerts").channels  # type: ignore[attr-defined]
    return found


def recipients() -> list[str]:
    """Every address that alerts are written to: those of the settings, else the active staff's."""
    found: Iterable[str] = channels().emails
    if not found:
        staff = get_user_model()._default_manager.filter(is_staff=True, is_active=True).exclude(email="")
        found = staff.order_by("pk").values_list("email", flat=True)[:MOST_STAFF]
    once = {address.lower(): address for address in found}
    return [address for address in once.values() if len(address) <= 254]


def announce(*, now: datetime) -> int:
    """Writes the messages that are due; returns how many. Call it inside the transaction that changed the alerts."""
    last = _last_told()
    written = 0
    for kind, alerts in _due(now):
        for rule, group in _by_rule(alerts).items():
            silence = now - last.get((rule, kind), _LONG_AGO)
            # Negative when the clock was set back: no reason to be silent until it is that late again.
            if kind != Kind.REMINDER and _ZERO <= silence < PAUSE[group[0].severity]:
                continue
            _write(kind, rule, group, now)
            written += 1
    return written


_LONG_AGO = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
_ZERO = timedelta(0)


def _last_told() -> dict[tuple[str, str], datetime]:
    rows = AlertMessage.objects.values_list("rule", "kind").annotate(last=Max("created_at"))
    return {(rule, kind): last for rule, kind, last in rows}


def _due(now: datetime) -> list[tuple[Kind, Sequence[Alert]]]:
    """An alert that ended before anybody was told of it is not told at all; /ops/ keeps it."""
    standing = Alert.objects.filter(resolved_at__isnull=True).order_by("fired_at", "pk")
    silent_end = [rule.name for rule in registry.rules() if not rule.tell_end]
    told = Alert.objects.filter(announced_at__isnull=False).exclude(rule__in=silent_end)
    silent = standing.filter(announced_at__isnull=False, acknowledged_at__isnull=True).annotate(
        told_at=Coalesce(F("reminded_at"), F("announced_at"))
    )
    return [
        (Kind.RESOLVED, list(told.filter(resolved_at__isnull=False, resolution_announced_at__isnull=True))),
        (Kind.REMINDER, list(silent.filter(told_at__lte=now - channels().reminder))),
        (Kind.FIRING, list(standing.filter(announced_at__isnull=True))),
    ]


def _by_rule(alerts: Sequence[Alert]) -> dict[str, list[Alert]]:
    groups: dict[str, list[Alert]] = defaultdict(list)
    for alert in alerts:
        groups[alert.rule].append(alert)
    return groups


def _write(kind: Kind, rule: str, alerts: Sequence[Alert], now: datetime) -> None:
    message = AlertMessage.objects.create(
        rule=rule,
        kind=kind,
        severity=alerts[0].severity,
        subject=_subject(kind, alerts),
        body=_body(kind, rule, alerts, now),
        created_at=now,
    )
    places = [(AlertDelivery.Channel.EMAIL, address) for address in recipients()]
    if channels().webhook_url:
        places.append((AlertDelivery.Channel.WEBHOOK, ""))
    if not places:
        logger.error("alerts.nobody_told", extra={"rule": rule})
    AlertDelivery.objects.bulk_create(
        AlertDelivery(message=message, channel=channel, target=target, due_at=now) for channel, target in places
    )
    stamp = {Kind.FIRING: "announced_at", Kind.RESOLVED: "resolution_announced_at", Kind.REMINDER: "reminded_at"}
    Alert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(**{stamp[kind]: now})


def _subject(kind: Kind, alerts: Sequence[Alert]) -> str:
    first = alerts[0]
    what = f"{first.title} ({len(alerts)})" if len(alerts) > 1 else str(first)
    # One line: a header ends at a line break.
    return " ".join(f"{_HEADS[kind]}: {what}".split())[:200]


def _body(kind: Kind, name: str, alerts: Sequence[Alert], now: datetime) -> str:
    rule = registry.find(name)
    lines = [f"{alerts[0].title} ({alerts[0].severity}), {_HEADS[kind].lower()} at {_time(now)}.", ""]
    for alert in alerts[:MOST_NAMED]:
        lines += [f"- {line}" if number == 0 else f"  {line}" for number, line in enumerate(_lines(alert))]
    if len(alerts) > MOST_NAMED:
        lines.append(f"- and {len(alerts) - MOST_NAMED} more")
    if rule is not None and kind != Kind.RESOLVED:
        bound = value_text(rule.threshold, rule.unit)
        side = "below" if rule.below else "above"
        lines += ["", f"Fires {side} {bound}.", f"What to do: {rule.advice}", f"Runbook: {rule.runbook}"]
    return "\n".join([*lines, "", f"Look, acknowledge and resolve: {channels().site_url}/ops/", ""])


def _lines(alert: Alert) -> list[str]:
    value = "no data" if alert.cause == "missing" else alert.value_text
    head = ", ".join(part for part in (alert.subject, value, f"since {_time(alert.since)}") if part)
    lines = [head]
    if alert.text and alert.text != value:
        lines.append(" ".join(alert.text.split()))
    if alert.resolved_at is not None:
        by = " by hand" if alert.resolved_by_id else ""
        lines.append(f"Resolved{by} at {_time(alert.resolved_at)}. {alert.note}".strip())
    elif alert.flapping:
        lines.append("It keeps coming back: it stays open until it has been well for an hour.")
    return lines


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def color(severity: str, kind: str) -> str:
    """Slack's colour of an attachment."""
    if kind == Kind.RESOLVED:
        return "good"
    return "danger" if cast(Severity, severity) == "page" else "warning"
