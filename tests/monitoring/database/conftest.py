import pytest

from monitoring.database import watch


@pytest.fixture(autouse=True)
def _nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A watch of its own for each test; the threshold is 20 ms, so that a slow statement costs the test little."""
    monkeypatch.setattr(watch, "_watch", watch._Watch(threshold=0.02))
