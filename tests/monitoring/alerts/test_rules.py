from datetime import timedelta
from typing import Any

import pytest

from monitoring.alerts import registry
from monitoring.alerts.rules import BadRule, Unit, value_text
from tests.monitoring.alerts.making import a_rule


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "Kettle!"}, "no name of a rule"),
        ({"clear": 10.5}, "could never clear"),
        ({"below": True, "clear": 8.0}, "could never clear"),
        ({"hold": timedelta(seconds=-1)}, "not negative"),
        ({"advice": ""}, "an advice and a runbook"),
        ({"title": "x" * 121}, "does not fit a subject line"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BadRule, match=says):
        a_rule(**changes)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "count", "no data"),
        (0.123, "share", "12.3 %"),
        (0.0012, "share", "0.12 %"),
        (0.85, "duration", "850 ms"),
        (2.44, "duration", "2.4 s"),
        (95.0, "duration", "95 s"),
        (240.0, "duration", "4 min"),
        (4 * 3600.0, "duration", "4 h"),
        (6.2, "hours", "about 6 h"),
        (0.5, "hours", "about 30 min"),
        (72.0, "hours", "about 3 days"),
        (3.0, "count", "3"),
    ],
)
def test_values_are_told_in_the_unit_that_fits(value: float | None, unit: Unit, text: str) -> None:
    assert value_text(value, unit) == text


def test_a_value_fits_its_column_whatever_it_is() -> None:
    assert len(value_text(1e300, "count")) == 40


@pytest.mark.usefixtures("hall_rules")
def test_the_default_rules_are_registered_with_the_thresholds_that_were_promised() -> None:
    promised = {
        "response_p95": 2.0,
        "error_share": 0.05,
        "memory_high": 0.85,
        "cpu_high": 0.80,
        "disk_high": 0.85,
        "pool_high": 0.80,
        "query_slow": 5.0,
        "signup_failures": 0.10,
        "payment_failures": 0.05,
        "target_p95": 0.5,
        "target_p99": 1.0,
        "target_errors": 0.001,
    }
    thresholds = {rule.name: rule.threshold for rule in registry.rules()}
    assert promised.items() <= thresholds.items()


@pytest.mark.usefixtures("hall_rules")
@pytest.mark.parametrize("name", ["error_share", "signup_failures", "payment_failures", "target_errors"])
def test_a_share_is_never_judged_by_a_handful(name: str) -> None:
    rule = registry.find(name)
    assert rule is not None
    assert rule.least >= 20
    # One bad event among the fewest that are judged must not fire alone.
    assert not rule.breached_by(1 / rule.least)
