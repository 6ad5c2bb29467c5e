"""What the rules of core say about breakers."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from marketplace.core import alert_rules, breaker
from marketplace.core.breaker import Status
from monitoring.alerts import registry
from monitoring.alerts.rules import Reading

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@dataclass
class Known:
    """The one breaker that the rule sees."""

    status: Status


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Known:
    closed = Status("stripe", "closed", None, None, "", NOW, None, failures=0, shared=True)
    made = Known(closed)
    monkeypatch.setattr(breaker, "statuses", lambda: [made.status])
    return made


def reading() -> Reading:
    alert_rules.register()
    rule = registry.find("breaker_open")
    assert rule is not None
    (found,) = rule.read(NOW)
    return found


def test_a_breaker_is_read_as_the_seconds_since_it_opened(known: Known) -> None:
    assert (reading().value, reading().text) == (0.0, "")
    since = NOW - timedelta(minutes=3)
    known.status = Status("stripe", "open", since, None, "Timeout", None, since, failures=5, shared=True)
    assert (reading().subject, reading().value, reading().text) == ("stripe", 180.0, "Timeout")


def test_a_process_that_never_calls_does_not_speak_for_the_others(known: Known) -> None:
    """Without Redis the one that evaluates knows its own calls alone: an open breaker elsewhere is not over."""
    known.status = Status("stripe", "closed", None, None, "", None, None, failures=0, shared=False)
    assert reading().value is None
    known.status = Status("stripe", "open", NOW, None, "Timeout", None, NOW, failures=5, shared=False)
    assert reading().value == 1.0
