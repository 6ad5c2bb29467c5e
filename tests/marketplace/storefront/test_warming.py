"""Pages are loaded before anybody asks: bounded, by one process at a time, and never where it would not help."""

import io
from datetime import datetime

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.catalog import services
from marketplace.core import cache
from marketplace.sellers.models import Seller
from marketplace.storefront import warming
from marketplace.storefront.pages.offering import Wish
from marketplace.storefront.pages.product import product_page
from monitoring.jobs.models import LongJob
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def vases(kiln: Seller) -> None:
    shelf = factories.a_category(name="Vases")
    for number in range(3):
        product = factories.a_product(title=f"Vase {number}", owner=kiln, category=shelf)
        factories.an_offer(seller=kiln, variant=factories.a_variant(product), stock=1)
        services.reindex([product.pk])


def test_what_is_popular_is_loaded_before_anybody_asks(vases: None, remembering: cache.Engine, now: datetime) -> None:
    assert warming.warm(now=now) == 5
    with CaptureQueriesContext(connection) as asked:
        product_page("vase-0", Wish(), now=now)
    families = ("catalog_product ", "catalog_offer", "inventory_stockitem", "sellers_shippingoption")
    assert not [query for query in asked.captured_queries if any(table in query["sql"] for table in families)]
    assert LongJob.objects.get(kind="warming").done == 5


def test_there_is_an_end_to_it(vases: None, remembering: cache.Engine, now: datetime) -> None:
    assert warming.warm(now=now, products=1) == 3
    assert warming.warm(now=now, patience=-1.0) == 0


def test_two_do_not_warm_at_once(vases: None, remembering: cache.Engine, now: datetime) -> None:
    with cache.alone("warming", seconds=5.0) as mine:
        assert mine
        assert warming.warm(now=now) == 0
    assert warming.warm(now=now) == 5


def test_nothing_is_warmed_while_redis_is_away(vases: None, remembering: cache.Engine, now: datetime) -> None:
    remembering.link.leave_alone()
    said = io.StringIO()
    call_command("warm_cache", stdout=said)
    assert "Nothing warmed" in said.getvalue()
