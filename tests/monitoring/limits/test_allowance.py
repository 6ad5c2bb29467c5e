"""Requests that are counted ahead: never more than the limit in all processes together, and what is not spent goes back."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from monitoring.limits.allowance import KEPT, Allowances
from monitoring.limits.engine import Engine
from monitoring.limits.tiers import ANONYMOUS, BURST
from tests.monitoring.limits.making import StoppedClock, age, an_engine

TIERS = (BURST, ANONYMOUS)
ADDRESS = "203.0.113.7"


def counted(engine: Engine) -> int:
    return max((engine.store.client.llen(key) for key in engine.store.client.scan_iter("limit:anonymous:*")), default=0)


def test_a_calm_visitor_is_asked_for_each_time() -> None:
    engine, clock = an_engine(anonymous="400/minute", burst="400/minute"), StoppedClock()
    ours = Allowances(clock)
    for number in range(1, 6):
        assert ours.spend(engine, TIERS, ADDRESS).source == "store"
        assert counted(engine) == number
        clock.now += KEPT


def test_a_hurried_one_is_counted_ahead_and_asked_for_seldom() -> None:
    engine, clock = an_engine(anonymous="400/minute", burst="400/minute"), StoppedClock()
    ours = Allowances(clock)
    sources = [ours.spend(engine, TIERS, ADDRESS).source for _ in range(200)]
    assert sources.count("store") < 15
    assert counted(engine) >= 200


@pytest.mark.parametrize("limit", [1, 7, 60, 400])
def test_never_more_than_the_limit_whoever_spends_it(limit: int) -> None:
    """Four processes at once, by four threads with allowances of their own."""
    engine = an_engine(anonymous=f"{limit}/minute", burst="1000/minute")
    barrier = Barrier(4)

    def process(_: int) -> int:
        ours = Allowances()
        barrier.wait()
        passed = sum(ours.spend(engine, TIERS, ADDRESS).allowed for _ in range(limit + 5))
        ours.sweep(engine, all_of_them=True)
        return passed

    with ThreadPoolExecutor(4) as pool:
        passed = sum(pool.map(process, range(4)))
    assert passed <= limit
    # What nobody spent came back: it is there to be spent.
    last = Allowances()
    passed += sum(last.spend(engine, TIERS, ADDRESS).allowed for _ in range(limit))
    assert passed == limit
    assert counted(engine) == limit


def test_what_is_not_spent_in_its_time_goes_back() -> None:
    engine, clock = an_engine(anonymous="400/minute", burst="400/minute"), StoppedClock()
    ours = Allowances(clock)
    for _ in range(20):
        ours.spend(engine, TIERS, ADDRESS)
    assert counted(engine) > 20
    clock.now += KEPT
    assert ours.sweep(engine) > 0
    assert counted(engine) == 20
    assert ours.sweep(engine) == 0


def test_what_is_over_is_not_spent() -> None:
    engine, clock = an_engine(anonymous="400/minute", burst="400/minute"), StoppedClock()
    ours = Allowances(clock)
    while ours.spend(engine, TIERS, ADDRESS).source == "store":
        pass
    clock.now += KEPT
    assert ours.spend(engine, TIERS, ADDRESS).source == "store"


def test_what_was_counted_ahead_leaves_the_window_no_sooner_than_if_it_were_spent_last() -> None:
    engine, clock = an_engine(anonymous="16/minute", burst="1000/minute"), StoppedClock()
    ours = Allowances(clock)
    assert sum(ours.spend(engine, TIERS, ADDRESS).allowed for _ in range(30)) == 16
    # A minute after the first: those counted ahead may have been made a quarter of a second later.
    age(engine.store.client, 59.9)
    ahead = Allowances(clock)
    assert not ahead.spend(engine, TIERS, ADDRESS).allowed


def test_another_address_has_none_of_it() -> None:
    engine, clock = an_engine(anonymous="400/minute", burst="400/minute"), StoppedClock()
    ours = Allowances(clock)
    for _ in range(50):
        ours.spend(engine, TIERS, ADDRESS)
    assert ours.spend(engine, TIERS, "203.0.113.8").source == "store"
