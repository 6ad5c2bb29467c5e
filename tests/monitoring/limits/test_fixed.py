"""Fixed windows through django-ratelimit: for what only has to be bounded."""

import pytest

from monitoring.limits.engine import Engine
from monitoring.limits.keys import Who
from monitoring.limits.rates import parse
from monitoring.limits.tiers import Tier
from tests.monitoring.limits.making import an_engine, closed_port


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that the library's counter goes by; a window of its own begins at its start."""
    now = [1_800_000_000.0]
    monkeypatch.setattr("django_ratelimit.core.time.time", lambda: now[0])
    return now


def passed(made: Engine, who: Who, tries: int) -> int:
    return sum(made.check(["beacon"], who).allowed for _ in range(tries))


def test_it_counts_per_network_and_begins_anew(clock: list[float]) -> None:
    made = an_engine(beacon="3/minute")
    assert passed(made, Who("203.0.113.7"), 10) == 3
    assert passed(made, Who("203.0.113.8"), 10) == 3
    refused = made.check(["beacon"], Who("203.0.113.7"))
    assert refused.tier == "beacon"
    assert 1 <= refused.retry_after <= 60
    clock[0] += 61
    assert passed(made, Who("203.0.113.7"), 10) == 3


def test_mapped_addresses_are_not_one_bucket(clock: list[float]) -> None:
    made = an_engine(beacon="2/minute")
    assert [passed(made, Who(f"::ffff:203.0.113.{number}"), 5) for number in (1, 2)] == [2, 2]


def test_looking_counts_nothing(clock: list[float]) -> None:
    made = an_engine(beacon="1/minute")
    assert all(made.check(["beacon"], Who("203.0.113.7"), look=True).allowed for _ in range(3))
    assert passed(made, Who("203.0.113.7"), 3) == 1
    assert not made.check(["beacon"], Who("203.0.113.7"), look=True).allowed


def test_a_cache_that_does_not_answer_lets_beacons_through(monkeypatch: pytest.MonkeyPatch) -> None:
    made = an_engine(url=closed_port())
    calls: list[str] = []

    def away(*_: object, **__: object) -> None:
        calls.append("asked")

    monkeypatch.setattr("monitoring.limits.fixed.get_usage", away)
    assert passed(made, Who("203.0.113.7"), 100) == 100
    assert len(calls) == 1, "the door is shut for the others"


def test_a_fixed_window_stands_alone() -> None:
    with pytest.raises(ValueError, match="stands alone"):
        Tier("beacon", parse("1/minute"), ("address",), "fixed")
    with pytest.raises(ValueError, match="stands alone"):
        Tier("beacon", parse("1/minute;5/hour"), ("address",), "fixed", alone=True)
