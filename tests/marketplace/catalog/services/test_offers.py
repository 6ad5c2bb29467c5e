import pytest
from pytest_django import DjangoAssertNumQueries

from marketplace.catalog import facts
from marketplace.catalog.errors import BadProduct
from marketplace.catalog.models import Offer
from marketplace.catalog.services import PriceChange, change_prices, create_offer, update_offer
from marketplace.core import events, partitions
from marketplace.core.errors import Conflict, NotFound
from marketplace.sellers.models import Seller
from tests.conftest import NOW
from tests.factories import a_product, a_variant, an_offer
from tests.marketplace.catalog.listening import told


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody writes price history."""
    monkeypatch.setattr(events, "_by_topic", {key: list(value) for key, value in events._by_topic.items()})
    monkeypatch.setattr(events, "_by_name", dict(events._by_name))
    events.subscribe(facts.PRICES_CHANGED, "test.prices", lambda payload, now: None)


def test_every_price_passes_the_same_door(kiln: Seller, listening: None) -> None:
    variant = a_variant(a_product(owner=kiln))
    offer = create_offer(seller_id=kiln.pk, variant_id=variant.pk, sku="V-1", price_minor=2400, now=NOW)
    change_prices({offer.pk: 2600}, now=NOW)
    assert told(facts.PRICES_CHANGED) == [
        {"changes": [[offer.pk, None, 2400]]},
        {"changes": [[offer.pk, 2400, 2600]]},
    ]
    assert told(facts.PRODUCTS_CHANGED) == [{"product_ids": [variant.product_id]}] * 2


def test_many_prices_are_one_statement_and_only_what_moved_is_told(
    kiln: Seller, django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (an_offer(seller=kiln, price_minor=1000 + n) for n in range(3))
    monkeypatch.setattr(partitions, "_assured", set())
    # A savepoint, the prices, the asks, the month (once per process), the history, the fact of the history, the fact, the
    # release.
    with django_assert_num_queries(8):
        changes = change_prices({third.pk: 5000, first.pk: 1000, second.pk: 900}, now=NOW)
    assert changes == [
        PriceChange(second.pk, second.variant.product_id, 1001, 900),
        PriceChange(third.pk, third.variant.product_id, 1002, 5000),
    ]
    assert list(Offer.objects.order_by("pk").values_list("price_minor", flat=True)) == [1000, 900, 5000]
    assert change_prices({third.pk: 5000}, now=NOW) == []


@pytest.mark.parametrize("price", [0, -1, 1_000_000_001, 2**70])
def test_one_bad_price_changes_none(kiln: Seller, price: int) -> None:
    good, bad = an_offer(seller=kiln, price_minor=1000), an_offer(seller=kiln, price_minor=1000)
    with pytest.raises(BadProduct, match="above zero"):
        change_prices({good.pk: 2000, bad.pk: price}, now=NOW)
    assert set(Offer.objects.values_list("price_minor", flat=True)) == {1000}


def test_an_sku_is_a_stalls_own(kiln: Seller, groove: Seller) -> None:
    offer = an_offer(seller=kiln, sku="V-1")
    create_offer(seller_id=groove.pk, variant_id=offer.variant_id, sku="V-1", price_minor=100, now=NOW)
    with pytest.raises(Conflict, match="V-1"):
        create_offer(seller_id=kiln.pk, variant_id=offer.variant_id, sku="V-1", price_minor=100, now=NOW)
    other = an_offer(seller=kiln, sku="V-2")
    with pytest.raises(Conflict, match="V-1"):
        update_offer(offer_id=other.pk, sku="V-1", now=NOW)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"sku": " "}, "sku"), ({"condition": "shiny"}, "condition"), ({"status": "gone"}, "status")],
)
def test_a_bad_field_is_named(kiln: Seller, change: dict[str, str], field: str) -> None:
    offer = an_offer(seller=kiln)
    with pytest.raises(BadProduct) as caught:
        update_offer(offer_id=offer.pk, now=NOW, **change)
    assert set(caught.value.fields) == {field}


def test_what_is_not_there_is_not_found(kiln: Seller) -> None:
    with pytest.raises(NotFound):
        create_offer(seller_id=kiln.pk, variant_id=987_654, sku="V-1", price_minor=100, now=NOW)
    with pytest.raises(NotFound):
        update_offer(offer_id=987_654, now=NOW)
