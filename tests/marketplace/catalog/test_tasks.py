"""The index follows facts, whoever tells them."""

from typing import cast

import pytest

from marketplace.catalog.facts import PRODUCTS_CHANGED
from marketplace.catalog.models import SearchEntry
from marketplace.catalog.services import archive_product, change_prices, reindex, save_category
from marketplace.core import services as core
from marketplace.inventory import services as inventory
from marketplace.sellers.models import Seller
from marketplace.sellers.services import approve, suspend
from tests.conftest import NOW
from tests.factories import a_category, a_product, an_offer
from tests.marketplace.catalog.listening import told


def deliver() -> None:
    """Delivers facts until there are none: a handler may tell more."""
    while core.relay(now=NOW):
        pass


def test_a_price_and_the_end_of_a_product_reach_the_index(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, price_minor=1000)
    reindex([offer.variant.product_id])
    change_prices({offer.pk: 1500}, now=NOW)
    deliver()
    assert SearchEntry.objects.get().price_minor == 1500
    archive_product(product_id=offer.variant.product_id, now=NOW)
    deliver()
    assert not SearchEntry.objects.exists()


def test_stock_that_runs_out_reaches_the_index(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=1)
    reindex([offer.variant.product_id])
    inventory.set_on_hand(offer_id=offer.pk, on_hand=0, now=NOW)
    deliver()
    assert not SearchEntry.objects.get().in_stock


def test_a_suspended_stall_takes_its_goods_along_and_brings_them_back(kiln: Seller, groove: Seller) -> None:
    ids = [an_offer(seller=kiln).variant.product_id for _ in range(3)]
    stays = an_offer(seller=groove).variant.product_id
    reindex([*ids, stays])
    suspend(seller_id=kiln.pk, reason="Counterfeit goods", now=NOW)
    deliver()
    assert set(SearchEntry.objects.values_list("pk", flat=True)) == {stays}
    approve(seller_id=kiln.pk, now=NOW)
    deliver()
    assert SearchEntry.objects.count() == 4


def test_a_stall_with_many_goods_is_done_in_pieces(kiln: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marketplace.catalog.facts.BATCH", 2)
    for _ in range(5):
        an_offer(seller=kiln)
    Seller.objects.update(status="suspended")
    approve(seller_id=kiln.pk, now=NOW)
    core.relay(now=NOW)
    pieces = [len(cast(dict[str, list[int]], fact)["product_ids"]) for fact in told(PRODUCTS_CHANGED)]
    assert pieces == [2, 2, 1]
    assert SearchEntry.objects.count() == 5


def test_a_shelf_that_moves_is_found_under_its_new_place(kiln: Seller) -> None:
    vases, gifts = a_category(name="Vases"), a_category(name="Gifts")
    product = a_product(owner=kiln, category=a_category(name="Bud vases", parent=vases))
    an_offer(seller=kiln, product=product)
    reindex([product.pk])
    save_category(category_id=vases.pk, name="Vases", parent_id=gifts.pk, now=NOW)
    deliver()
    assert gifts.pk in SearchEntry.objects.get().categories


def test_a_fact_delivered_twice_changes_nothing(kiln: Seller) -> None:
    from marketplace.catalog import tasks

    product_id = an_offer(seller=kiln).variant.product_id
    for _ in range(2):
        tasks.products_changed({"product_ids": [product_id, 987_654]}, NOW)
    tasks.shelves_changed({"category_id": 987_654}, NOW)
    assert SearchEntry.objects.count() == 1
