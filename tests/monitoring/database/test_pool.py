import threading
from collections.abc import Iterator

import pytest
from django.db import connections
from psycopg_pool import ConnectionPool, PoolTimeout

from monitoring.database import pool
from tests.conftest import NOW


class Pooled:
    """A connection whose process has a pool."""

    def __init__(self, own: ConnectionPool) -> None:
        self.pool = own


@pytest.fixture
def own(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[ConnectionPool]:
    """A real pool of two connections."""
    parameters = connections["default"].get_connection_params()
    wanted = {name: parameters[name] for name in ("dbname", "user", "password", "host", "port") if parameters.get(name)}
    own = ConnectionPool(kwargs=wanted, min_size=1, max_size=2, timeout=0.2, open=True)
    own.wait(10)
    monkeypatch.setattr(pool, "connections", {"default": Pooled(own)})
    monkeypatch.setattr(pool, "_seen", pool._Seen())
    yield own
    own.close()


def test_a_process_without_a_pool_says_so(db: None) -> None:
    assert pool.pool_state() is None
    pool.measure(NOW)


def test_use_is_counted_while_it_lasts(own: ConnectionPool) -> None:
    with own.connection():
        state = pool.pool_state()
        assert state is not None
        assert (state.limit, state.in_use, state.waiting, state.share) == (2, 1, 0, 0.5)
    after = pool.pool_state()
    assert after is not None
    assert after.in_use == 0


def test_who_waits_makes_it_full_and_is_measured(own: ConnectionPool, monkeypatch: pytest.MonkeyPatch) -> None:
    levels: list[tuple[str, float]] = []
    monkeypatch.setattr(pool.samples, "level", lambda name, value: levels.append((name, value)))
    refused = threading.Event()

    def want() -> None:
        try:
            own.getconn(timeout=0.3)
        except PoolTimeout:
            refused.set()

    with own.connection(), own.connection():
        # The second one may have waited for its connection to be made.
        pool.measure(NOW)
        before = pool.waits_total._value.get(), pool.errors_total.labels("not_got")._value.get()
        levels.clear()
        thread = threading.Thread(target=want)
        thread.start()
        for _ in range(2000):
            if (state := pool.pool_state()) and state.waiting:
                break
            thread.join(0.001)
        assert state is not None
        assert (state.waiting, state.share) == (1, 1.0)
        pool.measure(NOW)
        assert levels == [("pool", 1.0)]
        assert pool.waiting._value.get() == 1
        thread.join(10)
    assert refused.is_set()
    pool.measure(NOW)
    pool.measure(NOW)
    assert pool.waits_total._value.get() == before[0] + 1, "once, however often it is measured"
    assert pool.errors_total.labels("not_got")._value.get() == before[1] + 1
    assert pool.waited_seconds._value.get() >= 0.2


def test_counts_of_a_pool_that_was_opened_again_start_anew() -> None:
    seen = pool._Seen()
    assert [seen.more("waits", count) for count in (5, 7, 2, 3)] == [5, 2, 2, 1]


def test_a_moment_of_growing_is_no_shortage_and_a_pool_that_cannot_grow_is() -> None:
    """Background jobs of an idle hall meet now and then, and the pool opens one connection more for them."""
    growing = pool._state({"pool_max": 4, "pool_size": 1, "requests_waiting": 1})
    calm = pool._state({"pool_max": 4, "pool_size": 2, "pool_available": 2})
    seen = pool._Seen()
    assert [seen.level(state) for state in (growing, calm, growing, growing, calm)] == [0.25, 0.0, 0.25, 1.0, 0.0]


def test_counters_that_are_missing_are_zero() -> None:
    state = pool._state({"pool_max": 4})
    assert (state.limit, state.in_use, state.waited_ms, state.errors) == (4, 0, 0, 0)
