"""Tighter while the hall is busy, by bounded steps, with hysteresis, and never stuck."""

from datetime import datetime, timedelta

import pytest

from monitoring.limits import load
from monitoring.limits.guard import engine
from monitoring.limits.keys import Who
from monitoring.limits.load import BUSY_SECONDS, CALM_SECONDS, STEPS, Load, Pressure, step
from monitoring.limits.store import FACTOR_KEY, StoreAway
from tests.monitoring.limits.making import an_engine, closed_port

PRESSURES = {"p95": Pressure("p95", lambda now: None, high=2.0, low=1.0)}


def run(state: Load, figure: float | None, *, since: float, seconds: float) -> Load:
    """The state after ``seconds`` of a constant figure, looked at every ten."""
    at = since
    while at <= since + seconds:
        state = step(state, {"p95": figure}, PRESSURES, at)
        at += 10
    return state


def test_a_peak_tightens_nothing_and_half_a_minute_does() -> None:
    assert run(Load(), 3.0, since=1000, seconds=BUSY_SECONDS - 10).factor == 1.0
    tightened = run(Load(), 3.0, since=1000, seconds=BUSY_SECONDS)
    assert tightened.factor == 0.75
    assert "p95 at 3.00" in tightened.reason


def test_it_is_bounded_however_long_it_lasts() -> None:
    """The seed multiplied what it had already multiplied, and ended at one request."""
    assert run(Load(), 60.0, since=1000, seconds=24 * 3600).factor == min(STEPS) == 0.25


def test_it_relaxes_slowly_step_by_step_to_one() -> None:
    tight = Load(step=3, changed_at=1000.0, reason="Tightened.")
    assert run(tight, 0.1, since=2000, seconds=CALM_SECONDS - 10).factor == 0.25
    assert run(tight, 0.1, since=2000, seconds=CALM_SECONDS).factor == 0.5
    calm = run(tight, 0.1, since=2000, seconds=3 * CALM_SECONDS + 60)
    assert (calm.factor, calm.reason) == (1.0, "Calm.")


def test_between_the_two_bounds_nothing_moves() -> None:
    half = Load(step=2, changed_at=1000.0, reason="Tightened.")
    assert run(half, 1.5, since=2000, seconds=3600) == half


def test_a_figure_that_swings_does_not_swing_the_limits() -> None:
    state, at = Load(), 1000.0
    for _ in range(100):
        for figure in (3.0, 1.5):
            state = step(state, {"p95": figure}, PRESSURES, at)
            at += 10
    assert state.factor == 1.0


def test_nothing_known_is_calm() -> None:
    assert run(Load(step=1, changed_at=0.0), None, since=1000, seconds=CALM_SECONDS).factor == 1.0


def busy(now: datetime) -> float | None:
    return 9.0


def test_one_process_steers_and_the_limits_of_all_follow(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_pressures", {"p95": Pressure("p95", busy, high=2.0, low=1.0)})
    client = engine().store.client
    for seconds in range(0, 40, 10):
        client.delete(load.TURN_KEY)
        steered = load.steer(client, now + timedelta(seconds=seconds))
        assert load.steer(client, now + timedelta(seconds=seconds)) is None, "another process had the turn"
    assert steered is not None
    assert steered.factor == load.in_force(client) == 0.75
    assert client.ttl(FACTOR_KEY) <= load.FACTOR_SECONDS, "limits relax when nobody steers"
    made = an_engine(anonymous="20/minute", sign_in="20/minute")
    assert sum(made.check(["anonymous"], Who("203.0.113.7")).allowed for _ in range(40)) == 15
    assert sum(made.check(["sign-in"], Who("203.0.113.7")).allowed for _ in range(40)) == 20


@pytest.mark.django_db
def test_the_figures_of_the_hall_are_read(now: datetime) -> None:
    assert load.slowness(now) is None
    assert load.pool_use(now) is None
    assert {pressure.name for pressure in load._pressures.values()} == {"response p95 (s)", "connection pool"}


@pytest.mark.parametrize("written", ["", "{", "[]", '{"step": 99}', '{"other": 1}'])
def test_a_damaged_state_is_a_calm_one(written: str) -> None:
    client = engine().store.client
    client.set(load.STATE_KEY, written)
    assert load.current(client) == Load()


def test_a_store_that_is_away_ends_no_job(now: datetime) -> None:
    store = an_engine(url=closed_port()).store
    assert load.steer_quietly(store, now) is None
    with pytest.raises(StoreAway):
        load.current(store.client)
