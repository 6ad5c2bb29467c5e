"""When a view is refreshed, and what becomes of one that cannot be."""

from datetime import datetime, timedelta
from unittest import mock

import pytest
from django.db import connection, transaction
from prometheus_client import REGISTRY

from marketplace.catalog import facts
from marketplace.catalog.models import Product, SearchEntry
from marketplace.catalog.services import reindex
from marketplace.core import events
from marketplace.core.models import OutboxEvent
from marketplace.core.services import relay
from marketplace.insights import figures, queries, services
from marketplace.insights.matviews import AGES, ALL, CATEGORY, EVERY, MARKET, PRODUCT, SELLER_DAY
from marketplace.insights.services import popularity
from marketplace.sellers.models import Seller
from monitoring.ops import freshness
from tests.conftest import NOW
from tests.factories import an_offer
from tests.marketplace.insights.selling import a_sale, ask, state_of

LATER = NOW + EVERY
EVERYTHING = [view.name for view in ALL]


def test_the_first_round_fills_every_view_and_the_next_finds_nothing_to_do(db: None) -> None:
    assert services.refresh_due(now=NOW) == EVERYTHING
    assert services.refresh_due(now=LATER) == []


def test_a_dirty_view_waits_for_its_five_minutes(db: None) -> None:
    services.refresh_due(now=NOW)
    services.mark_dirty([SELLER_DAY], now=NOW)
    assert services.refresh_due(now=LATER - timedelta(seconds=1)) == []
    assert services.refresh_due(now=LATER) == [SELLER_DAY.name]
    assert services.refresh_due(now=LATER + EVERY) == []


def test_figures_of_the_last_days_are_counted_again_without_any_news(db: None) -> None:
    services.refresh_due(now=NOW)
    assert services.refresh_due(now=NOW + AGES - timedelta(seconds=1)) == []
    assert services.refresh_due(now=NOW + AGES) == [PRODUCT.name, MARKET.name]


def test_a_change_before_the_refresh_is_seen_and_noted(kiln: Seller) -> None:
    services.refresh_due(now=NOW)
    services.sold(now=NOW + timedelta(minutes=1))
    services.sold(now=NOW + timedelta(minutes=2))
    dirty = state_of("seller_day")
    assert dirty.dirty_generation == dirty.refreshed_generation + 2
    assert dirty.dirty_since == NOW + timedelta(minutes=1)
    services.refresh_due(now=LATER)
    clean = state_of("seller_day")
    assert clean.dirty_generation == clean.refreshed_generation
    assert clean.dirty_since is None
    assert clean.refreshed_at == LATER
    assert clean.duration_ms is not None


@pytest.fixture
def broken(db: None) -> None:
    """The sales cannot be refreshed: two rows of the view would be one."""
    services.refresh_due(now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX insights_seller_day_once")


def test_a_failure_keeps_the_contents_and_is_tried_again_after_a_pause(kiln: Seller, broken: None) -> None:
    a_sale(an_offer(seller=kiln), paid_at=NOW)
    services.sold(now=LATER)
    with mock.patch("marketplace.insights.services.refreshing.report") as reported:
        assert services.refresh_due(now=LATER) == [PRODUCT.name, MARKET.name]
    assert reported.call_count == 1
    assert ask("SELECT * FROM insights_seller_day") == []
    failed = state_of("seller_day")
    assert (failed.attempts, failed.failed_at, failed.refreshed_at) == (1, LATER, NOW)
    assert "unique index" in failed.last_error
    assert failed.due_at is not None
    assert LATER < failed.due_at <= LATER + timedelta(seconds=30)
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX insights_seller_day_once ON insights_seller_day (seller_id, day, currency)")
    assert services.refresh_due(now=LATER) == []
    assert services.refresh_due(now=failed.due_at) == [SELLER_DAY.name]
    mended = state_of("seller_day")
    assert (mended.attempts, mended.last_error) == (0, "")
    assert len(ask("SELECT * FROM insights_seller_day")) == 1


def test_popularity_that_could_not_be_handed_on_is_handed_on_in_the_next_round(
    transactional_db: None, kiln: Seller
) -> None:
    offer = an_offer(seller=kiln)
    a_sale(offer, paid_at=datetime.now(tz=NOW.tzinfo))
    product = offer.variant.product
    with (
        mock.patch.object(popularity, "_CHANGED", "SELECT 1 / 0"),
        mock.patch("marketplace.insights.services.refreshing.report") as reported,
    ):
        services.refresh_due(now=NOW)
    assert reported.call_count == 1
    assert services.refresh_due(now=NOW + timedelta(seconds=30)) == []
    product.refresh_from_db()
    assert product.popularity == 10


def test_indexing_anew_keeps_the_popularity(kiln: Seller) -> None:
    offer = an_offer(seller=kiln)
    pk = offer.variant.product_id
    a_sale(offer, paid_at=datetime.now(tz=NOW.tzinfo))
    reindex([pk])
    services.refresh_due(now=NOW)
    reindex([pk])
    assert SearchEntry.objects.get(pk=pk).popularity == 10
    a_sale(an_offer(seller=kiln), paid_at=NOW)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orders_order SET state = 'cancelled'")
    services.refresh_all(now=LATER)
    assert set(Product.objects.values_list("popularity", flat=True)) == {0}


FACTS = {
    "order.paid": {SELLER_DAY.name, PRODUCT.name, MARKET.name},
    facts.PRODUCTS_CHANGED: {CATEGORY.name, MARKET.name},
    facts.AVAILABILITY_CHANGED: {CATEGORY.name, MARKET.name},
    "payments.refund_done": {SELLER_DAY.name, MARKET.name},
    "payments.refund_failed": {SELLER_DAY.name, MARKET.name},
}


@pytest.mark.parametrize("topic", FACTS)
def test_a_fact_makes_its_views_dirty_after_the_commit(kiln: Seller, topic: str) -> None:
    services.refresh_due(now=NOW)
    order = a_sale(an_offer(seller=kiln), paid_at=NOW)
    payload: dict[str, events.Json] = {
        "group": order.group.number,
        "group_id": order.group_id,
        "refund_id": "r1",
        "amount_minor": 5,
        "reason": "returned",
        "product_ids": [],
    }
    with transaction.atomic():
        events.publish(topic, payload, now=NOW)
    assert not dirty()
    OutboxEvent.objects.exclude(handler__startswith="insights.").delete()
    relay(now=NOW)
    assert not OutboxEvent.objects.filter(processed_at=None).exists()
    assert dirty() == FACTS[topic]


def dirty() -> set[str]:
    return {state.name for state in queries.states().values() if state.dirty_since}


def test_operators_see_how_long_a_change_has_waited(db: None) -> None:
    row = {entry.title: entry for entry in freshness._views.values()}[SELLER_DAY.title]
    assert row.age(NOW) is None
    services.refresh_due(now=NOW)
    assert row.age(LATER) == 0
    services.mark_dirty([SELLER_DAY], now=NOW)
    assert row.age(NOW + timedelta(seconds=90)) == 90
    shown = {labels["view"]: value for labels, value in figures._rows("stale")}
    assert set(shown) == set(EVERYTHING)
    assert shown["product"] == 0
    assert {labels["view"] for labels, _ in figures._rows("duration")} == set(EVERYTHING)


def test_refreshes_are_counted(db: None) -> None:
    labels = {"view": "market", "outcome": "done"}
    before = REGISTRY.get_sample_value("awning_view_refreshes_total", labels) or 0
    services.refresh_due(now=NOW)
    assert REGISTRY.get_sample_value("awning_view_refreshes_total", labels) == before + 1
