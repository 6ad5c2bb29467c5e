"""Errors to report, and a process that has nothing waiting."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from monitoring.errors import capture, delivery, forwarding
from monitoring.errors.batches import BatchRecord, Sender
from monitoring.errors.buffer import Buffer


@dataclass
class Ways:
    """Both ways out of a process; each may be broken."""

    published: list[BatchRecord] = field(default_factory=list)
    stored: list[BatchRecord] = field(default_factory=list)
    broker_error: Exception | None = None
    store_error: Exception | None = None
    asked: int = 0

    def publish(self, batch: BatchRecord) -> None:
        self.asked += 1
        if self.broker_error is not None:
            raise self.broker_error
        self.published.append(batch)

    def store(self, batch: BatchRecord) -> None:
        if self.store_error is not None:
            raise self.store_error
        self.stored.append(batch)


@dataclass
class Clock:
    """Seconds that pass when the test says so."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(autouse=True)
def buffer(monkeypatch: pytest.MonkeyPatch) -> Buffer:
    """An empty buffer for each test, and no memory of failures."""
    monkeypatch.setattr(capture, "_process", capture._Process())
    return capture.buffer()


@pytest.fixture
def ways() -> Ways:
    return Ways()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def courier(ways: Ways, clock: Clock) -> delivery.Courier:
    return delivery.Courier(Sender("web", "1.2"), publish=ways.publish, store=ways.store, clock=clock)


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch, courier: delivery.Courier) -> delivery.Courier:
    """The courier of this process is the test's."""
    monkeypatch.setattr(delivery._mine, "courier", courier)
    return courier


@pytest.fixture(autouse=True)
def _no_sentry() -> Iterator[None]:
    yield
    forwarding.configure(None)
