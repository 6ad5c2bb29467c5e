"""The rules over what core keeps: the outbox and the breakers of foreign services."""

from datetime import datetime, timedelta

from marketplace.core import breaker
from monitoring.alerts import sources
from monitoring.alerts.registry import register as register_rules
from monitoring.alerts.rules import Reading, Rule

_RUNBOOK = "docs/operations/alerts.md"
_MINUTE = timedelta(minutes=1)


def register() -> None:
    """Registers them."""
    register_rules(_outbox_late(), _outbox_dead(), _breaker_open())


def _outbox_late() -> Rule:
    return Rule(
        name="outbox_late",
        title="Receipts and other events wait",
        severity="page",
        read=sources.sampled("outbox_age_s", _MINUTE, sources.highest),
        threshold=60.0,
        clear=10.0,
        unit="duration",
        # Longer than what the window remembers: one late moment that is over wakes nobody.
        hold=2 * _MINUTE,
        clear_for=2 * _MINUTE,
        missing_after=10 * _MINUTE,
        advice="See whether worker and sweep live, and what the oldest event's last error says.",
        runbook=f"{_RUNBOOK}#outbox",
    )


def _outbox_dead() -> Rule:
    return Rule(
        name="outbox_dead",
        title="Events were given up",
        severity="warning",
        read=sources.sampled("outbox_dead", 3 * _MINUTE, sources.highest),
        threshold=0.0,
        clear=0.0,
        unit="count",
        advice="Read their last error in the admin, mend the cause and bring them back; until then somebody waits.",
        runbook=f"{_RUNBOOK}#outbox",
    )


def _breaker_open() -> Rule:
    return Rule(
        name="breaker_open",
        title="A foreign service is away",
        severity="warning",
        read=_open_breakers,
        threshold=0.0,
        clear=0.0,
        unit="duration",
        hold=2 * _MINUTE,
        clear_for=2 * _MINUTE,
        advice="Look at the provider's own status page; calls begin again by themselves once it answers.",
        runbook=f"{_RUNBOOK}#breakers",
    )


def _open_breakers(now: datetime) -> list[Reading]:
    found = []
    for status in breaker.statuses():
        closed = status.state == "closed"
        age = 0.0 if closed else max((now - (status.since or now)).total_seconds(), 1.0)
        if closed and not status.shared:
            # Without Redis this process knows its own calls alone: that they go well ends nothing elsewhere.
            found.append(Reading(subject=status.name, text="Redis does not say."))
        else:
            found.append(Reading(subject=status.name, value=age, text="" if closed else status.cause))
    return found
