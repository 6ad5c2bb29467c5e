"""What offers ask, while others change what it hangs on."""

import threading
import time

import pytest
from django.db import connection, transaction

from marketplace.catalog.services import archive_product, asks
from marketplace.prices.models import PriceHistory
from marketplace.sellers.models import Seller
from tests.conftest import NOW
from tests.factories import an_offer

# Not pg_stat_activity: that stands still inside a transaction.
_WAITING = """
SELECT count(*) FROM pg_locks waiting JOIN pg_stat_activity who USING (pid)
WHERE NOT waiting.granted AND who.datname = current_database()
"""


def _in_thread(seller_id: int) -> threading.Thread:
    def run() -> None:
        try:
            asks.record_seller(seller_id, now=NOW)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def _until_it_waits() -> None:
    deadline = time.monotonic() + 30
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_WAITING)
            if cursor.fetchone()[0]:
                return
        assert time.monotonic() < deadline, "nobody waits for the lock"


@pytest.mark.django_db(transaction=True)
def test_a_stall_gone_through_does_not_bring_back_what_is_archived_meanwhile(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=1)
    asks.record_seller(kiln.pk, now=NOW)
    with transaction.atomic():
        archive_product(product_id=offer.variant.product_id, now=NOW)
        thread = _in_thread(kiln.pk)
        _until_it_waits()
    thread.join(30)
    latest = PriceHistory.objects.filter(offer_id=offer.pk).order_by("-changed_at").values_list("asking", flat=True)
    assert list(latest) == [False, True]
