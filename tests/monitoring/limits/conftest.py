"""The hall with other rates, or another store."""

from collections.abc import Callable

import pytest
from django.apps import apps

from monitoring.limits.engine import Engine
from monitoring.limits.rules import rules
from tests.monitoring.limits.making import an_engine

Hall = Callable[..., Engine]


@pytest.fixture
def hall(monkeypatch: pytest.MonkeyPatch) -> Hall:
    """``hall(anonymous="2/minute")``: the hall with the promised rates but these; ``url=`` names another store."""

    def with_rates(**wishes: object) -> Engine:
        made = an_engine(**wishes)  # type: ignore[arg-type]
        monkeypatch.setattr(apps.get_app_config("limits"), "engine", made)
        return made

    return with_rates


@pytest.fixture(autouse=True)
def _no_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that a test wrote are gone with its transaction: the process must not remember them."""
    monkeypatch.setattr(rules, "table", {})
    monkeypatch.setattr(rules, "read_at", None)
