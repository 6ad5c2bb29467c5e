"""The rules over money: messages of the provider that were not understood, and books that do not add up."""

from datetime import timedelta

from monitoring.alerts import sources
from monitoring.alerts.registry import register as register_rules
from monitoring.alerts.rules import Rule

_RUNBOOK = "docs/operations/alerts.md#money"
_MINUTE = timedelta(minutes=1)


def register() -> None:
    """Registers them."""
    register_rules(_inbox_late(), _inbox_dead(), _ledger_unbalanced())


def _inbox_late() -> Rule:
    return Rule(
        name="inbox_late",
        title="The provider's messages wait",
        severity="page",
        read=sources.sampled("inbox_age_s", _MINUTE, sources.highest),
        threshold=300.0,
        clear=30.0,
        unit="duration",
        # Longer than what the window remembers: one late moment that is over wakes nobody.
        hold=2 * _MINUTE,
        clear_for=2 * _MINUTE,
        missing_after=10 * _MINUTE,
        advice="See whether worker and sweep live, and whether the provider answers; payments settle once they are processed.",
        runbook=_RUNBOOK,
    )


def _inbox_dead() -> Rule:
    return Rule(
        name="inbox_dead",
        title="Messages of the provider were given up",
        severity="page",
        read=sources.sampled("inbox_dead", 3 * _MINUTE, sources.highest),
        threshold=0.0,
        clear=0.0,
        unit="count",
        advice="Read their last error in the admin, then run manage.py reconcile: it finds what they would have told.",
        runbook=_RUNBOOK,
    )


def _ledger_unbalanced() -> Rule:
    return Rule(
        name="ledger_unbalanced",
        title="The books do not sum to zero",
        severity="page",
        read=sources.sampled("ledger_unbalanced", 12 * _MINUTE, sources.highest),
        threshold=0.0,
        clear=0.0,
        unit="count",
        missing_after=timedelta(hours=1),
        advice="Stop payouts and run manage.py audit, which names every entry; never edit a posting, reverse it.",
        runbook=_RUNBOOK,
    )
