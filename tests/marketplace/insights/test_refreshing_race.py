"""Refreshes beside writers and beside each other, on connections of their own."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, connections
from django.utils import timezone

from marketplace.insights import queries, services
from marketplace.insights.matviews import ALL, EVERY, SELLER_DAY
from marketplace.orders.models import Order
from marketplace.sellers.models import Seller
from tests.conftest import NOW
from tests.factories import an_offer
from tests.marketplace.insights.selling import a_sale, ask, state_of
from tests.marketplace.inventory.racing import together

LATER = NOW + EVERY
TODAY = timezone.now()


@contextmanager
def beside(call: Callable[[], object]) -> Iterator[None]:
    """Runs the call in a thread with its own connection, and waits for its end."""

    def run() -> None:
        try:
            call()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join(timeout=20)
    assert not thread.is_alive()


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, "it did not happen"


def refresh_waits() -> bool:
    """Whether the REFRESH has begun and waits for the table that ``refresh_under_way`` holds."""
    return bool(ask("SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'orders_orderline'::regclass"))


@pytest.fixture
def sold(transactional_db: None, kiln: Seller) -> Order:
    """An order that waits for its payment, and views that know all there is."""
    services.refresh_all(now=NOW)
    order = a_sale(an_offer(seller=kiln, price_minor=1000), paid_at=None)
    services.mark_dirty([SELLER_DAY], now=NOW)
    return order


@contextmanager
def refresh_under_way() -> Iterator[None]:
    """Inside, a refresh of the sales has taken its picture of the tables, and waits."""
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE orders_orderline IN ACCESS EXCLUSIVE MODE")
        with beside(partial(services.refresh, SELLER_DAY, now=LATER)):
            try:
                until(refresh_waits)
                yield
            finally:
                other.rollback()
    finally:
        other.close()


def pay(order: Order) -> None:
    """A buyer pays while somebody refreshes, and the outbox tells it."""
    Order.objects.filter(pk=order.pk).update(state=Order.State.PAID, paid_at=TODAY)
    services.sold(now=LATER)


def sales_of(order: Order) -> list[int]:
    found = queries.seller_days(
        seller_id=order.seller_id, first=TODAY.date(), last=TODAY.date(), currency=order.group.currency
    )
    return [day.sales_minor for day in found]


def test_a_change_during_the_refresh_stays_dirty_and_is_in_the_next(sold: Order) -> None:
    with refresh_under_way(), beside(partial(pay, sold)):
        pass
    state = state_of("seller_day")
    assert state.refreshed_at == LATER
    assert sales_of(sold) == []
    assert state.dirty_generation > state.refreshed_generation
    assert state.dirty_since == LATER
    assert services.refresh_due(now=LATER + EVERY, views=[SELLER_DAY]) == [SELLER_DAY.name]
    assert sales_of(sold) == [1490]


def test_nobody_who_writes_waits_for_a_refresh(sold: Order) -> None:
    """Neither the order nor the mark: the refresh is still waiting when both are done."""
    done = threading.Event()

    def paid_and_told() -> None:
        pay(sold)
        done.set()

    with refresh_under_way():
        with beside(paid_and_told):
            assert done.wait(1.5)
        assert refresh_waits()


def test_readers_see_the_old_contents_during_a_refresh(sold: Order, kiln: Seller) -> None:
    a_sale(an_offer(seller=kiln, price_minor=1000), paid_at=TODAY)
    services.refresh_all(now=NOW)
    services.mark_dirty([SELLER_DAY], now=NOW)
    seen: list[list[int]] = []
    with refresh_under_way():
        with beside(lambda: seen.append(sales_of(sold))):
            pass
        assert refresh_waits(), "the reader had to wait for it"
    assert seen == [[1490]]


def test_eight_workers_at_once_refresh_each_view_once(transactional_db: None) -> None:
    services.refresh_all(now=NOW)
    services.mark_dirty(ALL, now=NOW)
    done: list[str] = []
    raised = together(*[lambda: done.extend(services.refresh_due(now=LATER)) for _ in range(8)])
    assert raised == []
    assert sorted(done) == sorted(view.name for view in ALL)


def test_a_second_worker_leaves_a_refresh_under_way_alone(sold: Order) -> None:
    seen: list[bool] = []
    with refresh_under_way():
        begin = time.monotonic()
        with beside(lambda: seen.append(services.refresh(SELLER_DAY, now=LATER))):
            pass
        assert time.monotonic() - begin < 1.5, "it waited for the other one"
    assert seen == [False]
    assert state_of("seller_day").attempts == 0


def test_marks_from_all_sides_are_all_counted(transactional_db: None) -> None:
    services.mark_dirty(ALL, now=NOW)
    before = {state.name: state_of(state.name).dirty_generation for state in queries.states().values()}

    def mark(turn: int) -> None:
        for _ in range(10):
            services.mark_dirty(ALL if turn % 2 else ALL[::-1], now=NOW)

    assert together(*[partial(mark, turn) for turn in range(4)]) == []
    assert {name: state_of(name).dirty_generation - count for name, count in before.items()} == dict.fromkeys(
        before, 40
    )


def test_a_view_without_contents_reads_as_empty_and_is_filled(transactional_db: None, kiln: Seller) -> None:
    order = a_sale(an_offer(seller=kiln, price_minor=1000), paid_at=TODAY)
    with connection.cursor() as cursor:
        for view in ALL:
            cursor.execute(f"REFRESH MATERIALIZED VIEW {view.table} WITH NO DATA")
    assert sales_of(order) == []
    assert queries.market() is None
    assert queries.price_spread() is None
    assert queries.most_wanted(limit=3) == ()
    assert services.refresh_due(now=NOW) == [view.name for view in ALL]
    assert sales_of(order) == [1490]


def test_a_view_whose_state_was_restored_without_its_contents_is_filled(transactional_db: None) -> None:
    services.refresh_all(now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("REFRESH MATERIALIZED VIEW insights_market WITH NO DATA")
    later = NOW + timedelta(minutes=5)
    assert services.refresh_due(now=later) == ["market"]
    assert queries.market() is not None
    assert services.refresh_due(now=later + timedelta(minutes=5)) == []


def test_limits_of_a_refresh_end_with_it(transactional_db: None) -> None:
    before = ask("SHOW statement_timeout"), ask("SHOW lock_timeout")
    services.mark_dirty([SELLER_DAY], now=NOW)
    assert services.refresh(SELLER_DAY, now=NOW + timedelta(days=1))
    assert (ask("SHOW statement_timeout"), ask("SHOW lock_timeout")) == before
    assert ask("SELECT * FROM pg_locks WHERE locktype = 'advisory'") == []
