"""Registers this floor's own panels and actions."""

from typing import Final

from monitoring.ops import freshness
from monitoring.ops.actions import Action
from monitoring.ops.actions import register as act
from monitoring.ops.own import guards, hall, jobs, troubles, work
from monitoring.ops.panels import Panel
from monitoring.ops.panels import register as show

ALERTS, ERRORS, SLOW = "alerts.change_alert", "errors.change_errorgroup", "database.change_slowquery"
DELIVERIES: Final = "alerts.change_alertdelivery"


def register() -> None:
    """Called when the app is ready. Places leave room for the floors above."""
    show(Panel("alerts", "Alerts", troubles.open_alerts, 10, column="wide", admin="alerts_alert"))
    show(Panel("health", "Health", hall.checks, 20, lane="health"))
    show(Panel("traffic", "Traffic", work.traffic, 30, column="right"))
    show(Panel("processes", "Processes", hall.processes, 40))
    show(Panel("queues", "Queues", work.queues, 50, lane="broker", column="right"))
    show(Panel("jobs", "Jobs", jobs.periodic, 52, column="wide"))
    show(Panel("given-up", "Tasks given up", jobs.given_up, 54, column="right"))
    show(Panel("long", "Long jobs", jobs.long_jobs, 56))
    show(Panel("messages", "Messages about alerts", work.messages, 80, column="right", admin="alerts_alertdelivery"))
    show(Panel("errors", "Errors", troubles.kinds, 100, column="wide", admin="errors_errorgroup"))
    show(Panel("slow", "Slow queries", troubles.slow, 110, column="wide", admin="database_slowquery"))
    show(Panel("limits", "Limits", guards.table, 120, lane="limits"))
    show(Panel("rules", "Address rules", guards.rules, 130, column="right", admin="limits_addressrule"))
    show(Panel("freshness", "Freshness", freshness.body, 140, column="right"))
    act(Action("alert-acknowledge", ALERTS, "alerts", troubles.acknowledge))
    act(Action("alert-resolve", ALERTS, "alerts", troubles.resolve))
    act(Action("delivery-again", DELIVERIES, "messages", troubles.send_again))
    act(Action("error-resolve", ERRORS, "errors", troubles.resolve_error))
    act(Action("error-ignore", ERRORS, "errors", troubles.ignore_error))
    act(Action("error-reopen", ERRORS, "errors", troubles.reopen_error))
    act(Action("task-again", "", "given-up", jobs.send_again))
    act(Action("task-aside", "", "given-up", jobs.set_aside))
    act(Action("query-plan", SLOW, "slow", troubles.plan))
