import pytest

from marketplace.core import nudges
from marketplace.core.nudges import Nudge


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in a list that a test may change; and a broker nobody has tried yet."""
    now = [100.0]
    monkeypatch.setattr(nudges, "monotonic", lambda: now[0])
    monkeypatch.setattr(nudges, "_broker", nudges.Broker())
    return now


def test_a_silent_broker_costs_one_caller_and_is_tried_again_later(clock: list[float]) -> None:
    tried: list[float] = []

    def send() -> None:
        tried.append(clock[0])
        raise TimeoutError

    first, second = Nudge(send), Nudge(send)
    first()
    second()
    clock[0] += nudges.REST - 1
    first()
    assert tried == [100.0]
    clock[0] += 2
    second()
    assert tried == [100.0, 106.0]


def test_a_broker_that_answers_hears_every_nudge(clock: list[float]) -> None:
    heard: list[int] = []
    nudge = Nudge(lambda: heard.append(1))
    nudge()
    nudge()
    assert heard == [1, 1]
