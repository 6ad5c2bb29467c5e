"""The rule over the views: a change that waits too long to be shown."""

from datetime import timedelta

from marketplace.insights.figures import USABLE_S
from monitoring.alerts import sources
from monitoring.alerts.registry import register as register_rules
from monitoring.alerts.rules import Rule

_MINUTE = timedelta(minutes=1)


def register() -> None:
    """Called when the app is ready."""
    register_rules(
        Rule(
            name="view_stale",
            title="Statistics are not refreshed",
            severity="warning",
            read=sources.sampled("view_stale_s", _MINUTE, sources.highest),
            threshold=USABLE_S,
            clear=60.0,
            unit="duration",
            hold=2 * _MINUTE,
            clear_for=2 * _MINUTE,
            missing_after=10 * _MINUTE,
            advice="See whether a worker of the queue bulk lives, and what the view's last error says in the admin.",
            runbook="docs/operations/views.md",
        )
    )
