"""Days and trends follow the history: step by step as at once, also for what comes late."""

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from marketplace.prices import queries, rollups, services
from marketplace.prices.models import DailyPrice, PriceTrend
from marketplace.prices.services import PastAsk

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PRODUCT = 5


def a_past(seed: int, count: int = 60) -> list[PastAsk]:
    """Three offers of two variants, 200 days, at times that do not repeat."""
    chance = random.Random(seed)
    minutes = chance.sample(range(200 * 24 * 60), count)
    start = NOW - timedelta(days=200)
    return [
        PastAsk(
            offer := chance.choice((1, 2, 3)),
            10 + offer % 2,
            PRODUCT,
            1,
            chance.randrange(900, 1100, 10),
            chance.random() < 0.8,
            start + timedelta(minutes=minute),
        )
        for minute in sorted(minutes)
    ]


def backfill(rows: Iterable[PastAsk]) -> None:
    with transaction.atomic():
        services.backfill(list(rows))


def everything() -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    return (
        list(DailyPrice.objects.order_by("variant_id", "day").values_list()),
        list(PriceTrend.objects.order_by("product_id").values_list()),
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_change_by_change_comes_to_the_same_as_all_at_once(seed: int) -> None:
    rows = a_past(seed)
    for start in range(0, len(rows), 6):
        part = rows[start : start + 6]
        backfill(part)
        rollups.roll_up([PRODUCT], since=part[0].changed_at.date(), now=part[-1].changed_at)
    rollups.roll_up([PRODUCT], since=TODAY, now=NOW)
    stepwise = everything()
    DailyPrice.objects.all().delete()
    PriceTrend.objects.all().delete()
    rollups.roll_up([PRODUCT], since=rows[0].changed_at.date(), now=NOW)
    assert everything() == stepwise
    rollups.roll_up([PRODUCT], since=rows[0].changed_at.date(), now=NOW)
    assert everything() == stepwise


def test_what_comes_late_corrects_its_day_and_those_after() -> None:
    backfill([PastAsk(1, 10, PRODUCT, 1, 1000, True, NOW - timedelta(days=20))])
    backfill([PastAsk(1, 10, PRODUCT, 1, 900, True, NOW - timedelta(days=2))])
    rollups.roll_up([PRODUCT], since=TODAY - timedelta(days=20), now=NOW)
    backfill([PastAsk(1, 10, PRODUCT, 1, 700, True, NOW - timedelta(days=9))])
    rollups.roll_up([PRODUCT], since=TODAY - timedelta(days=9), now=NOW)
    opened = DailyPrice.objects.order_by("day").values_list("day", "opened", "low", "closed")
    assert list(opened) == [
        (TODAY - timedelta(days=20), None, 1000, 1000),
        (TODAY - timedelta(days=9), 1000, 700, 700),
        (TODAY - timedelta(days=2), 700, 700, 900),
    ]
    trend = PriceTrend.objects.get()
    assert (trend.ask, trend.prior_low, trend.earlier_low, trend.lows[-10:]) == (
        900, 700, 700, [700, 700, 700, 700, 700, 700, 700, 700, 900, 900][-10:],
    )  # fmt: skip


def test_an_earlier_low_before_the_window_is_remembered() -> None:
    backfill([PastAsk(1, 10, PRODUCT, 1, 500, True, NOW - timedelta(days=300))])
    backfill([PastAsk(1, 10, PRODUCT, 1, 900, True, NOW - timedelta(days=250))])
    rollups.roll_up([PRODUCT], since=TODAY - timedelta(days=300), now=NOW)
    backfill([PastAsk(1, 10, PRODUCT, 1, 600, True, NOW)])
    rollups.roll_up([PRODUCT], since=TODAY, now=NOW)
    trend = PriceTrend.objects.get()
    assert (trend.ask, trend.prior_low, trend.earlier_low) == (600, 900, 500)
    assert trend.since == TODAY - timedelta(days=300)


def test_many_products_take_as_many_statements_as_one() -> None:
    for product in (1, 2, 3):
        backfill([PastAsk(product, product, product, 1, 500, True, NOW - timedelta(days=3))])
    with CaptureQueriesContext(connection) as one:
        rollups.roll_up([1], since=TODAY - timedelta(days=3), now=NOW)
    with CaptureQueriesContext(connection) as many:
        rollups.roll_up([1, 2, 3], since=TODAY - timedelta(days=3), now=NOW)
    assert len(one) == len(many)


def test_the_whole_history_is_never_read() -> None:
    backfill(a_past(3))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + rollups._CHANGES, {"ids": [PRODUCT], "start": NOW - timedelta(days=90)})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan" not in plan
    # What lies before the window is looked up by product, what lies in it is looked up in its months alone.
    assert "product_id_changed_at" in plan


def history(offer: int = 1, variant: int = 10, days: int = 365) -> queries.History:
    return queries.history(
        product_id=PRODUCT, variant_id=variant, offer_id=offer, since=TODAY - timedelta(days=days), now=NOW
    )


def test_every_day_to_today_is_told_also_those_without_a_change() -> None:
    assert history() == queries.History()
    backfill([PastAsk(1, 10, PRODUCT, 1, 1000, True, NOW - timedelta(days=40))])
    backfill([PastAsk(1, 10, PRODUCT, 1, 800, True, NOW - timedelta(days=2))])
    rollups.roll_up([PRODUCT], since=TODAY - timedelta(days=40), now=NOW)
    found = history(days=10)
    assert [day.low for day in found.days] == [1000] * 8 + [800] * 3
    assert [day.day for day in found.days] == [TODAY - timedelta(days=back) for back in range(10, -1, -1)]
    assert found.since == TODAY - timedelta(days=40)
    assert len(history().days) == 41
    assert queries.median_of_lows(history().days) == 1000
    assert queries.median_of_lows(found.days) is None


def test_a_reduction_is_one_against_the_true_lowest_of_thirty_days_and_news_for_thirty() -> None:
    def tell(*prices: tuple[int, int]) -> int | None:
        with transaction.atomic():
            backfill([PastAsk(1, 10, PRODUCT, 1, price, True, NOW - timedelta(days=back)) for back, price in prices])
            rollups.roll_up([PRODUCT], since=TODAY - timedelta(days=100), now=NOW)
            answer = queries.reduction(history().offer.present, now=NOW)
            transaction.set_rollback(True)
        return answer

    assert tell((60, 1000), (3, 800)) == 1000
    # Raised a week before it was "reduced": the lowest of the thirty days is what it costs now.
    assert tell((60, 800), (10, 1000), (3, 800)) is None
    assert tell((60, 700), (25, 1000), (3, 800)) is None
    assert tell((60, 700), (34, 1000), (3, 800)) == 1000
    assert tell((60, 1000), (30, 800)) is None
    assert tell((3, 800)) is None
    assert tell((60, 1000)) is None
