"""A board whose panels are built in the test's own thread and transaction, and operators with and without rights."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from marketplace.accounts.models import User
from monitoring.health import registry as health
from monitoring.ops import board, panels
from monitoring.ops.panels import Panel
from tests import factories


def _here(run: Callable[[], None], name: str) -> None:
    run()


@pytest.fixture(autouse=True)
def _built_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a process knows of panels belongs to one test."""
    monkeypatch.setattr(board.board, "start", _here)
    board.board.forget()
    yield
    board.board.forget()


@pytest.fixture
def no_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Health has threads of its own, and what they find has tests of its own."""
    monkeypatch.setattr(health, "_checks", {})


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets the page have these panels alone."""

    def choose(*chosen: Panel) -> None:
        monkeypatch.setattr(panels, "_panels", {panel.name: panel for panel in chosen})

    return choose


@pytest.fixture
def watcher(db: None) -> User:
    """Vera is staff, and may change nothing."""
    return factories.a_user(email="vera@example.test", name="Vera Lund", is_staff=True)


@pytest.fixture
def operator(client: Client, olga: User) -> Client:
    """Olga's browser."""
    client.force_login(olga)
    return client


def allow(user: User, *permissions: str) -> None:
    """Gives these rights (app.codename)."""
    for permission in permissions:
        label, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=label, codename=codename))
