from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.apps import apps

from monitoring.alerts import defaults, evaluation, registry
from monitoring.alerts.channels import Channels
from monitoring.alerts.rules import Rule
from tests.monitoring.alerts.making import Source, a_rule


@pytest.fixture(autouse=True)
def _no_other_rules() -> Iterator[None]:
    """A test watches what it registers; the hall's own rules come back after it."""
    saved = dict(registry._rules)
    registry._rules.clear()
    yield
    registry._rules.clear()
    registry._rules.update(saved)


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> Channels:
    """Where alerts are told unless a test says otherwise."""
    channels = Channels(emails=("ops@example.test",), site_url="https://hall.example")
    monkeypatch.setattr(apps.get_app_config("alerts"), "channels", channels)
    return channels


@pytest.fixture
def hall_rules() -> None:
    """The rules every hall has."""
    defaults.register_defaults()


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def kettle(source: Source) -> Rule:
    """One rule, registered: fires above 10, clears at 8, both at once."""
    rule = a_rule(read=source)
    registry.register(rule)
    return rule


Round = Callable[..., datetime]


@pytest.fixture
def rounds(source: Source, now: datetime) -> Round:
    """Evaluates at ``seconds`` after the test's moment, with the source saying ``value``."""

    def at(seconds: float, value: float | None, **details: object) -> datetime:
        moment = now + timedelta(seconds=seconds)
        source.say(value, **details)  # type: ignore[arg-type]
        assert evaluation.evaluate(now=moment)
        return moment

    return at
