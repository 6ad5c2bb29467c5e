"""One simulator for the whole run, emptied before each test."""

from collections.abc import Iterator

import pytest
import stripe

from tests.payments.simulator.browsing import BrowserThread
from tests.payments.simulator.running import SECRET, Receiver, Running


@pytest.fixture(scope="session")
def receiver_of_the_run() -> Iterator[Receiver]:
    """The receiver that the shared simulator posts to."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def simulator_of_the_run(tmp_path_factory: pytest.TempPathFactory, receiver_of_the_run: Receiver) -> Iterator[Running]:
    """The shared process."""
    running = Running(tmp_path_factory.mktemp("simulator") / "stripe.sqlite", receiver_of_the_run)
    yield running
    running.end()


@pytest.fixture
def receiver(receiver_of_the_run: Receiver) -> Receiver:
    """A receiver that has seen nothing."""
    receiver_of_the_run.renew()
    return receiver_of_the_run


@pytest.fixture
def simulator(simulator_of_the_run: Running, receiver: Receiver) -> Running:
    """A simulator that has seen nothing."""
    simulator_of_the_run.control("webhook_endpoint", {"url": None})
    simulator_of_the_run.control("reset", {})
    simulator_of_the_run.control("webhook_endpoint", {"url": receiver.url, "secret": SECRET})
    return simulator_of_the_run


@pytest.fixture
def client(simulator: Running) -> stripe.StripeClient:
    """The real SDK on an empty simulator, without retries of its own."""
    return simulator.client


@pytest.fixture(scope="session")
def browser() -> Iterator[BrowserThread]:
    """One Chromium for the run."""
    thread = BrowserThread()
    yield thread
    thread.close()
