"""Prices are written in the transaction that changes them, once each, and can never be changed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from marketplace.catalog import tasks
from marketplace.catalog.models import Offer
from marketplace.catalog.services import archive_product, asks, change_prices, publish_product, update_offer
from marketplace.core import partitions
from marketplace.core import services as core
from marketplace.core.db import NoOpenTransaction
from marketplace.inventory import services as inventory
from marketplace.prices import queries, services
from marketplace.prices.models import DailyPrice, PriceHistory
from marketplace.prices.services import Ask, PastAsk
from marketplace.sellers.models import Seller
from marketplace.sellers.services import suspend
from tests.conftest import NOW
from tests.factories import an_offer

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=5)


def past(offer: Offer) -> list[tuple[int, bool]]:
    rows = PriceHistory.objects.filter(offer_id=offer.pk).order_by("changed_at")
    return list(rows.values_list("price_minor", "asking"))


@pytest.fixture
def vase(kiln: Seller) -> Offer:
    """An offer for 25.00 with one unit, and known to the history."""
    offer = an_offer(seller=kiln, price_minor=2500, stock=1)
    with transaction.atomic():
        asks.record([offer.pk], now=NOW - timedelta(days=1))
    return offer


def ask(number: int, price: int = 100, *, asking: bool = True) -> Ask:
    return Ask(number, number, number, 1, price, asking)


def record(asked: list[Ask], *, now: datetime) -> int:
    with transaction.atomic():
        return services.record(asked, now=now)


def backfill(rows: list[PastAsk]) -> None:
    with transaction.atomic():
        services.backfill(rows)


def test_a_price_and_whether_it_can_be_had_are_written_when_they_change(vase: Offer) -> None:
    change_prices({vase.pk: 2300}, now=NOW)
    inventory.reserve(reference="A-1", quantities={vase.pk: 1}, now=LATER, expires_at=LATER)
    inventory.release(reference="A-1", now=LATER + timedelta(minutes=1))
    update_offer(offer_id=vase.pk, status=Offer.Status.PAUSED, now=LATER + timedelta(minutes=2))
    update_offer(offer_id=vase.pk, note="Still here", now=LATER + timedelta(minutes=3))
    assert past(vase) == [(2500, True), (2300, True), (2300, False), (2300, True), (2300, False)]


def test_a_product_taken_down_and_a_stall_closed_ask_nothing(vase: Offer, kiln: Seller) -> None:
    product_id = vase.variant.product_id
    archive_product(product_id=product_id, now=NOW)
    publish_product(product_id=product_id, now=LATER)
    suspend(seller_id=kiln.pk, reason="Papers are missing.", now=LATER + timedelta(minutes=1))
    core.relay(now=LATER + timedelta(minutes=2))
    assert past(vase) == [(2500, True), (2500, False), (2500, True), (2500, False)]


def test_a_change_that_is_undone_leaves_no_trace(vase: Offer) -> None:
    with transaction.atomic():
        change_prices({vase.pk: 1000}, now=NOW)
        assert past(vase) == [(2500, True), (1000, True)]
        transaction.set_rollback(True)
    assert past(vase) == [(2500, True)]


def test_what_nobody_told_is_found_and_written_once(vase: Offer, kiln: Seller) -> None:
    unknown = an_offer(seller=kiln, price_minor=900)
    Offer.objects.filter(pk=vase.pk).update(price_minor=2600)
    assert tasks.record_asks() == 2
    assert tasks.record_asks() == 0
    assert past(vase)[-1] == (2600, True)
    assert past(unknown) == [(900, True)]


def test_a_clock_that_is_behind_does_not_turn_the_order_round() -> None:
    record([ask(1, 100)], now=LATER)
    record([ask(1, 90)], now=NOW)
    record([ask(1, 80)], now=NOW)
    rows = PriceHistory.objects.filter(offer_id=1).order_by("changed_at").values_list("price_minor", "changed_at")
    assert [price for price, _ in rows] == [100, 90, 80]
    assert rows[2][1] == LATER + timedelta(microseconds=2)


@pytest.mark.parametrize("many", [services.MANY - 1, services.MANY])
def test_few_and_many_are_written_alike(many: int) -> None:
    with CaptureQueriesContext(connection) as first:
        assert record([ask(number, 100 + number) for number in range(1, many + 1)], now=NOW) == many
    assert record([ask(number, 100 + number) for number in range(1, many + 1)], now=LATER) == 0
    changed = [ask(number, 100 + number, asking=number != 7) for number in range(1, many + 1)]
    assert record(changed, now=LATER) == 1
    rows = PriceHistory.objects.order_by("changed_at", "offer_id")
    assert rows.count() == many + 1
    last = rows.last()
    assert last is not None
    assert (last.offer_id, last.variant_id, last.product_id, last.seller_id) == (7, 7, 7, 1)
    assert (last.price_minor, last.asking, last.changed_at) == (107, False, LATER)
    # A savepoint and its release, whether the month is there, the history, the fact; COPY takes one more.
    assert len(first) <= 6


def test_copy_keeps_every_bit() -> None:
    at = datetime(1999, 3, 4, 5, 6, 7, 89, tzinfo=UTC)
    row = PastAsk(2**40, 2**41, 2**42, 2**43, 2**44, False, at)
    backfill([row])
    kept = PriceHistory.objects.get()
    fields = ("offer_id", "variant_id", "product_id", "seller_id", "price_minor", "asking", "changed_at")
    assert tuple(getattr(kept, name) for name in fields) == tuple(getattr(row, name) for name in fields)


def test_a_month_that_nobody_made_does_not_stop_a_sale() -> None:
    far = datetime(2031, 5, 17, tzinfo=UTC)
    assert record([ask(1)], now=far) == 1
    assert date(2031, 5, 1) in partitions.months(services.TABLE)


def test_history_outside_a_transaction_is_refused() -> None:
    with pytest.raises(NoOpenTransaction):
        services.record([ask(1)], now=NOW)


@pytest.mark.parametrize("statement", ["UPDATE {} SET price_minor = 1", "DELETE FROM {}", "TRUNCATE {}"])
def test_history_cannot_be_changed_also_by_its_months(statement: str) -> None:
    record([ask(1)], now=NOW)
    for table in ("prices_pricehistory", "prices_pricehistory_y2026m11"):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(table))


def test_a_month_that_goes_leaves_the_last_word_of_each_offer() -> None:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    days = (start, start + timedelta(days=3), start + timedelta(days=9))
    backfill([PastAsk(1, 1, 1, 1, 100 + place, place < 2, day) for place, day in enumerate(days)])
    backfill([PastAsk(2, 1, 1, 1, 77, True, days[0]), PastAsk(2, 1, 1, 1, 66, True, end)])
    partitions.make_months(services.TABLE, [date(2026, 2, 1)])
    # As retention knows it, and twice as after a crash.
    (known,) = [table for table in partitions.registered() if table.table == services.TABLE.table]
    assert known.before_drop is not None
    known.before_drop(start, end)
    known.before_drop(start, end)
    carried = PriceHistory.objects.filter(changed_at=end).order_by("offer_id")
    assert list(carried.values_list("offer_id", "price_minor", "asking")) == [(1, 102, False), (2, 66, True)]


def test_a_price_of_a_clock_that_was_ahead_counts_as_asked() -> None:
    changes = [(NOW - timedelta(days=40), 1000), (NOW + timedelta(hours=1), 800)]
    found = queries._offer([(at.isoformat(), price) for at, price in changes], NOW)
    assert found.present is not None
    assert (found.present.price_minor, found.lowest_30) == (800, 800)


def test_the_relay_computes_the_days(vase: Offer) -> None:
    change_prices({vase.pk: 2100}, now=NOW)
    core.relay(now=NOW)
    row = DailyPrice.objects.get(variant_id=vase.variant_id, day=NOW.date())
    assert (row.opened, row.low, row.closed, row.offers) == (2500, 2100, 2100, 1)
