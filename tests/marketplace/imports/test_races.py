from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import connections, transaction

from marketplace.catalog.models import Offer, Product, ProductImage
from marketplace.imports import pictures, services
from marketplace.imports.report import Outcome, Report
from marketplace.imports.services import import_products
from marketplace.imports.writing import _set_stock
from marketplace.inventory.models import StockItem, StockMovement
from marketplace.sellers.models import Seller
from tests import factories
from tests.marketplace.imports import files
from tests.marketplace.imports.files import NOW, a_shirt

T = TypeVar("T")


def at_once(work: Callable[[], T], times: int) -> list[T]:
    """Runs the work in so many threads that start together."""
    barrier = Barrier(times)

    def run() -> T:
        try:
            barrier.wait(10)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(times)]]


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_one_file_at_once_write_it_once(
    tmp_path: Path, kiln: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BATCH_PRODUCTS", 5)
    rows = [a_shirt(Handle=f"h{number}", Title="Same", Variant_SKU=f"S{number}") for number in range(20)]
    path = files.shopify(tmp_path, *rows)

    def load() -> Report:
        return import_products(path=path, seller_slug=kiln.slug, currency="EUR", now=NOW)

    for again in (False, True):
        total: Counter[Outcome] = Counter()
        for report in at_once(load, 3):
            assert not report.stopped
            total.update(report.rows)
        assert total == {Outcome.UPDATED if again else Outcome.CREATED: 20, Outcome.UNCHANGED: 40}
        # Nothing but the stall's lock keeps the second round from noting these pictures three times.
        path = files.shopify(tmp_path, *({**row, "Image Src": "https://x.example/1.jpg"} for row in rows))
    assert Product.objects.count() == Offer.objects.count() == StockMovement.objects.count() == 20
    assert ProductImage.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_no_picture_is_claimed_twice(kiln: Seller) -> None:
    product = factories.a_product(owner=kiln)
    for number in range(12):
        ProductImage.objects.create(product=product, source_url=f"https://x.example/{number}.jpg", due_at=NOW)

    def claims() -> list[int]:
        return [claimed.pk for claimed in iter(lambda: pictures.claim(now=NOW), None) if claimed]

    with transaction.atomic():
        held = pictures.claim(now=NOW)
        assert held is not None
        (others,) = at_once(claims, 1)  # neither waits for the held row nor takes it
    found = [held.pk, *others, *(pk for each in at_once(claims, 4) for pk in each)]
    assert len(found) == len(set(found)) == 12


@pytest.mark.django_db
def test_what_buyers_took_hold_of_meanwhile_is_the_least_that_stays(kiln: Seller) -> None:
    offer = factories.an_offer(seller=kiln, stock=9)
    StockItem.objects.filter(pk=offer.pk).update(reserved=4)
    _set_stock({offer.pk: 1}, now=NOW)
    assert StockItem.objects.get(pk=offer.pk).on_hand == 4
