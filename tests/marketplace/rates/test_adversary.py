"""Eight processes poll three houses that lie, fail, hang and stumble: nothing untrue is kept, and no house is pressed.

A short run; benchmarks/rates.py makes the long one.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from os import environ
from pathlib import Path

import pytest
from django.db import connection, connections

from benchmarks import _judging
from benchmarks._liars import HOUSES, Liars
from benchmarks._pollers import Pollers
from marketplace.rates.coins import PAIRS
from marketplace.rates.models import Rate

SPACING = 0.02


@pytest.fixture
def liars() -> Iterator[Liars]:
    houses = Liars(seed=18)
    yield houses
    houses.close()


@pytest.mark.django_db(transaction=True)
def test_nothing_untrue_is_kept_and_no_house_is_pressed(liars: Liars, tmp_path: Path) -> None:
    name = f"test-{uuid.uuid4().hex}"
    settings = {
        "name": name,
        "bases": {house: liars.url(house) for house in HOUSES},
        "spacing": SPACING,
        "read": 0.5,
        "total": 0.8,
        "lease": 30.0,
        "pause": 0.05,
        "policy": {"rest": 0.1, "longest": 0.1, "probe": 30.0},
    }
    url = environ["DATABASE_URL"].rpartition("/")[0] + f"/{connection.settings_dict['NAME']}"
    connections.close_all()
    pollers = Pollers(8, settings, tmp_path, {"DATABASE_URL": url, "LOG_LEVEL": "CRITICAL"})
    try:
        pollers.go()
        wait_for(lambda: Rate.objects.count() >= len(PAIRS))
        liars.behave("random")
        wait_for(lambda: liars.answers >= 60 and _tried(pollers) >= 2 and Rate.objects.count() > 3 * len(PAIRS))
    finally:
        events = pollers.stop()
    assert [event["who"] for event in events if event["what"] == "escaped"] == []
    assert _judging.invalid() == []
    assert liars.answers <= sum(map(len, _judging.calls(events).values())), "somebody called past the watch"
    assert _judging.closest(events) >= SPACING
    counts, while_open = _judging.probes(events, name)
    assert counts
    assert set(counts) == {1}
    assert while_open == 0


def _tried(pollers: Pollers) -> int:
    """How many calls tried a house again."""
    return sum(event["what"] == "breaker.half_open" for event in pollers.events())


def wait_for(condition: Callable[[], bool], patience: float = 120.0) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
