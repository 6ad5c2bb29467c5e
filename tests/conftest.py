"""The cast: a buyer, two sellers and an operator; and the few things that every test needs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.apps import apps
from django.conf import settings
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import override_settings
from pytest_django.live_server_helper import LiveServer

from marketplace.accounts.models import User
from marketplace.catalog.queries import forget
from marketplace.core import breaker, cache, events
from marketplace.sellers.models import Seller
from monitoring.health import postgres
from monitoring.limits.guard import allowances, engine
from tests import factories, known_rates
from tests.caching import remembering_cache
from tests.live import Hall

# A Sunday morning: dates in pages and e-mails are the same in every run.
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def _quick_hashes() -> Iterator[None]:
    """The hall's own way of hashing at a thousandth of its cost."""
    with override_settings(PASSWORD_HASHERS=["tests.hashing.QuickArgon2", *settings.PASSWORD_HASHERS]):
        yield


@pytest.fixture(autouse=True)
def _no_wake_up() -> Iterator[None]:
    """Commits wake nobody: tests deliver the outbox themselves, when they mean to."""
    calls = list(events._wake)
    events._wake.clear()
    yield
    events._wake[:] = calls


@pytest.fixture(autouse=True)
def _remember_nothing() -> None:
    """Categories and attributes that a process remembers for seconds belong to the test that made them."""
    forget()
    # Factories write past the services, so no touch would tell: a test that means the cache asks for ``remembering``.
    cache.engine().enabled = False
    cache.engine().in_memory = frozenset({"shelves", "facets", "kinds", "tiles"})


@pytest.fixture
def remembering() -> Iterator[cache.Engine]:
    """The cache as it works in the hall, empty, under a prefix of this test's own; refreshes run where they are found."""
    # A busy machine may keep Redis waiting for longer than a page would wait for it.
    patient = {"socket_timeout": 5.0, "socket_connect_timeout": 5.0}
    with patch.dict(cache.engine().link._pool.connection_kwargs, patient), remembering_cache() as engine:
        yield engine


@pytest.fixture(autouse=True)
def _unspent_limits() -> None:
    """What a test asked for does not count in the next test's limits."""
    allowances.forget()
    client = engine().store.client
    if spent := list(client.scan_iter("limit:*", count=1000)):
        client.unlink(*spent)


@pytest.fixture(autouse=True)
def _closed_breakers() -> None:
    """What a test did to a foreign service is not held against it in the next test."""
    for known in breaker.breakers():
        if known.touched:
            known.reset(by="tests")


@pytest.fixture(autouse=True)
def _own_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are gone after a test; answers in Redis would outlive them."""
    config: Any = apps.get_app_config("payments")
    monkeypatch.setattr(config, "answers_store", (config.answers_store[0], f"tests:{uuid4()}"))


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    """Health keeps a connection of its own; a test database with a connection cannot be dropped."""
    yield
    postgres.hang_up()


@pytest.fixture(autouse=True)
def _no_rates() -> None:
    """No coin has a rate, and nobody looks for one: pages cost the same number of queries in every test."""
    known_rates.assume({})


@pytest.fixture(scope="session", autouse=True)
def _flush_append_only_tables() -> Iterator[None]:
    """Lets the test framework empty append-only tables between tests; the code under test still cannot."""
    original = DatabaseOperations.sql_flush

    def sql_flush(self: DatabaseOperations, *args: Any, **kwargs: Any) -> list[str]:
        statements = original(self, *args, **kwargs)
        return ["SET LOCAL session_replication_role = replica", *statements] if statements else statements

    DatabaseOperations.sql_flush = sql_flush  # type: ignore[method-assign]
    yield
    DatabaseOperations.sql_flush = original  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    """The hall at SITE_URL. Unlike ``live_server`` it empties no tables after a test."""
    hall = Hall(request.config.getoption("liveserver"))
    yield hall
    hall.stop()


@pytest.fixture(scope="session")
def live_server(site: LiveServer) -> LiveServer:
    """pytest-django's fixture of this name, answered by ours."""
    return site


@pytest.fixture
def now() -> datetime:
    """The moment at which the test takes place."""
    return NOW


@pytest.fixture
def mira(db: None) -> User:
    """Mira buys."""
    return factories.a_user(email="mira@example.test", name="Mira Holt")


@pytest.fixture
def kiln(db: None) -> Seller:
    """Kiln Street sells ceramics from Berlin; Jonas owns it."""
    seller = factories.a_seller(slug="kiln-street", name="Kiln Street", country="DE", place="Berlin", hue=2)
    factories.a_member(seller, factories.a_user(email="jonas@example.test", name="Jonas Weber"))
    return seller


@pytest.fixture
def groove(db: None) -> Seller:
    """Second Groove sells records from Vienna; Ana owns it."""
    seller = factories.a_seller(slug="second-groove", name="Second Groove", country="AT", place="Vienna", hue=5)
    factories.a_member(seller, factories.a_user(email="ana@example.test", name="Ana Lind"))
    return seller


@pytest.fixture
def olga(db: None) -> User:
    """Olga operates the hall."""
    return factories.a_user(email="olga@example.test", name="Olga Reyes", is_staff=True, is_superuser=True)
