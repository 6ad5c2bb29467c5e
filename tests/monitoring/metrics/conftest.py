import socket
from collections.abc import Callable, Iterator

import pytest

from monitoring.metrics import access, collected

TOKEN = "a-token-of-the-tests-0123456789"


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    """The hall shows its figures to who has this token."""
    monkeypatch.setattr(access.config(), "token", TOKEN)
    monkeypatch.setattr(access.config(), "is_open", False)
    return TOKEN


@pytest.fixture
def own_gauges(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """No gauges but those that the test registers."""
    monkeypatch.setattr(collected, "_gauges", {})
    monkeypatch.setattr(collected, "_sources", {})
    return collected.register


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never says a word, like one that is paused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]
