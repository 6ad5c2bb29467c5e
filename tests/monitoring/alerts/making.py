"""Rules and readings for the tests of alerts: what is not said has a plain value."""

from datetime import timedelta
from typing import Any

from monitoring.alerts.rules import Reading, Rule

MINUTE = timedelta(minutes=1)


class Source:
    """A rule's reader whose next answer the test sets; an exception is raised."""

    def __init__(self, *readings: Reading) -> None:
        self.readings: list[Reading] = list(readings)
        self.error: Exception | None = None

    def __call__(self, now: object) -> list[Reading]:
        if self.error is not None:
            raise self.error
        return self.readings

    def say(self, value: float | None, *, subject: str = "", count: int | None = None, text: str = "") -> None:
        self.readings = [Reading(subject, value, count, text)]


def a_rule(**changes: Any) -> Rule:
    """Fires above 10, clears at 8, at once."""
    values: dict[str, Any] = {
        "name": "kettle",
        "title": "The kettle boils over",
        "severity": "page",
        "read": Source(),
        "threshold": 10.0,
        "clear": 8.0,
        "unit": "count",
        "advice": "Take it off the fire.",
        "runbook": "docs/operations/alerts.md#kettle",
    }
    return Rule(**(values | changes))
