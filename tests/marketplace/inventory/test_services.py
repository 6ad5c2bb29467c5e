from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from marketplace.catalog.models import Offer
from marketplace.core.errors import NotFound
from marketplace.inventory import queries, services
from marketplace.inventory.errors import BadQuantity, BelowReserved, OutOfStock, ReferenceUsed, UnknownHold
from marketplace.inventory.models import StockItem, StockMovement, StockReservation
from marketplace.sellers.models import Seller
from tests.conftest import NOW
from tests.factories import an_offer
from tests.marketplace.inventory.listening import listening

LATER = NOW + timedelta(minutes=15)


@pytest.fixture
def heard() -> Iterator[Callable[[], list[object]]]:
    """What has been told about availability."""
    with listening("inventory.availability_changed") as payloads:
        yield payloads


def in_stock(offer: Offer) -> bool:
    return Offer.objects.values_list("in_stock", flat=True).get(pk=offer.pk)


def figures(offer: Offer) -> tuple[int, int]:
    item = StockItem.objects.get(pk=offer.pk)
    return item.on_hand, item.reserved


def test_a_hold_takes_from_what_is_free_and_a_sale_from_what_is_there(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=5)
    services.reserve(reference="A-1", quantities={offer.pk: 3}, now=NOW, expires_at=LATER)
    assert figures(offer) == (5, 3)
    assert queries.free_units(offer_ids=[offer.pk]) == {offer.pk: 2}
    assert queries.held_units(reference="A-1") == {offer.pk: 3}
    services.commit(reference="A-1", now=NOW)
    assert figures(offer) == (2, 0)
    assert StockMovement.objects.get(kind="sold").quantity == -3
    assert queries.imbalances() == []


def test_all_or_nothing_and_every_short_offer_is_named(kiln: Seller) -> None:
    enough, short, none = (an_offer(seller=kiln, stock=stock) for stock in (5, 1, 0))
    with pytest.raises(OutOfStock) as caught:
        services.reserve(reference="A-1", quantities={none.pk: 1, enough.pk: 2, short.pk: 2}, now=NOW, expires_at=LATER)
    assert caught.value.offers == (short.pk, none.pk)
    assert figures(enough) == (5, 0)
    assert not StockReservation.objects.exists()


def test_an_offer_that_was_never_stocked_is_short(kiln: Seller) -> None:
    with pytest.raises(OutOfStock):
        services.reserve(reference="A-1", quantities={987_654_321: 1}, now=NOW, expires_at=LATER)


def test_stock_is_taken_in_the_order_of_offers_one_statement_each(kiln: Seller) -> None:
    offers = [an_offer(seller=kiln, stock=5) for _ in range(3)]
    with CaptureQueriesContext(
        connection,
    ) as captured:
        services.reserve(
            reference="A-1", quantities={offer.pk: 1 for offer in reversed(offers)}, now=NOW, expires_at=LATER
        )
    taken = [query["sql"] for query in captured if "SET reserved" in query["sql"]]
    assert [f"offer_id = {offer.pk} AND" in sql for offer, sql in zip(offers, taken, strict=True)] == [True] * 3


def test_a_reference_holds_once(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=5)
    services.reserve(reference="A-1", quantities={offer.pk: 1}, now=NOW, expires_at=LATER)
    with pytest.raises(ReferenceUsed):
        services.reserve(reference="A-1", quantities={offer.pk: 1}, now=NOW, expires_at=LATER)
    assert figures(offer) == (5, 1)


@pytest.mark.parametrize("quantities", [{}, {1: 0}, {1: -2}])
def test_a_senseless_wish_is_refused(db: None, quantities: dict[int, int]) -> None:
    with pytest.raises(BadQuantity):
        services.reserve(reference="A-1", quantities=quantities, now=NOW, expires_at=LATER)


def test_giving_back_twice_gives_back_once(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=5)
    services.reserve(reference="A-1", quantities={offer.pk: 3}, now=NOW, expires_at=LATER)
    services.reserve(reference="A-2", quantities={offer.pk: 2}, now=NOW, expires_at=LATER)
    services.release(reference="A-1", now=NOW)
    services.release(reference="A-1", now=NOW)
    services.release(reference="never-held", now=NOW)
    assert figures(offer) == (5, 2)


def test_selling_twice_sells_once_and_what_is_sold_is_not_given_back(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=5)
    services.reserve(reference="A-1", quantities={offer.pk: 3}, now=NOW, expires_at=LATER)
    services.commit(reference="A-1", now=NOW)
    services.commit(reference="A-1", now=NOW)
    services.release(reference="A-1", now=NOW)
    assert figures(offer) == (2, 0)
    assert queries.imbalances() == []


def test_nothing_is_sold_without_a_hold(db: None) -> None:
    with pytest.raises(UnknownHold):
        services.commit(reference="A-1", now=NOW)


def test_a_hold_given_back_is_taken_again_when_the_goods_are_still_there(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=3)
    services.reserve(reference="A-1", quantities={offer.pk: 3}, now=NOW, expires_at=LATER)
    services.release(reference="A-1", now=NOW)
    services.commit(reference="A-1", now=LATER)
    assert figures(offer) == (0, 0)
    assert not in_stock(offer)
    assert queries.imbalances() == []


def test_a_hold_given_back_whose_goods_are_sold_changes_nothing(kiln: Seller) -> None:
    gone, there = an_offer(seller=kiln, stock=2), an_offer(seller=kiln, stock=2)
    services.reserve(reference="A-1", quantities={gone.pk: 1, there.pk: 1}, now=NOW, expires_at=LATER)
    services.release(reference="A-1", now=NOW)
    services.reserve(reference="A-2", quantities={gone.pk: 2}, now=NOW, expires_at=LATER)
    with pytest.raises(OutOfStock) as caught:
        services.commit(reference="A-1", now=LATER)
    assert caught.value.offers == (gone.pk,)
    assert figures(gone) == (2, 2)
    assert figures(there) == (2, 0)
    assert queries.imbalances() == []


def test_availability_is_told_only_when_it_crosses_zero(kiln: Seller, heard: Callable[[], list[object]]) -> None:
    offer = an_offer(seller=kiln, stock=2)
    product = offer.variant.product_id
    services.reserve(reference="A-1", quantities={offer.pk: 1}, now=NOW, expires_at=LATER)
    assert heard() == []
    services.reserve(reference="A-2", quantities={offer.pk: 1}, now=NOW, expires_at=LATER)
    assert not in_stock(offer)
    assert heard() == [{"product_ids": [product]}]
    services.commit(reference="A-1", now=NOW)
    assert heard() == [{"product_ids": [product]}], "a sale of held units changes nothing for other buyers"
    services.release(reference="A-2", now=NOW)
    assert in_stock(offer)
    assert heard() == [{"product_ids": [product]}] * 2


def test_a_refused_wish_tells_nothing(kiln: Seller, heard: Callable[[], list[object]]) -> None:
    last, none = an_offer(seller=kiln, stock=1), an_offer(seller=kiln, stock=0)
    with pytest.raises(OutOfStock):
        services.reserve(reference="A-1", quantities={last.pk: 1, none.pk: 1}, now=NOW, expires_at=LATER)
    assert in_stock(last)
    assert heard() == []


def test_goods_arrive(kiln: Seller, heard: Callable[[], list[object]]) -> None:
    offer = an_offer(seller=kiln, stock=0)
    services.receive(offer_id=offer.pk, quantity=4, reference="delivery 7", now=NOW)
    assert figures(offer) == (4, 0)
    assert in_stock(offer)
    assert heard() == [{"product_ids": [offer.variant.product_id]}]
    assert StockMovement.objects.get(kind="received").reference == "delivery 7"


def test_the_first_delivery_makes_the_stock(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=0)
    StockItem.objects.filter(pk=offer.pk).delete()
    services.receive(offer_id=offer.pk, quantity=4, reference="", now=NOW)
    assert figures(offer) == (4, 0)


@pytest.mark.parametrize("quantity", [0, -1, 2**31])
def test_a_senseless_delivery_is_refused(kiln: Seller, quantity: int) -> None:
    offer = an_offer(seller=kiln, stock=1)
    with pytest.raises(BadQuantity):
        services.receive(offer_id=offer.pk, quantity=quantity, reference="", now=NOW)


def test_more_than_the_column_holds_is_refused(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=2**31 - 1)
    with pytest.raises(BadQuantity):
        services.receive(offer_id=offer.pk, quantity=1, reference="", now=NOW)


def test_an_unknown_offer_has_no_stock(db: None) -> None:
    with pytest.raises(NotFound):
        services.receive(offer_id=987_654_321, quantity=1, reference="", now=NOW)


def test_a_count_corrects_the_books(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=5)
    services.set_on_hand(offer_id=offer.pk, on_hand=3, now=NOW)
    services.set_on_hand(offer_id=offer.pk, on_hand=3, now=NOW)
    assert figures(offer) == (3, 0)
    assert [move.quantity for move in StockMovement.objects.filter(kind="corrected")] == [-2]
    assert queries.imbalances() == []


def test_a_count_below_what_is_held_is_refused_and_says_how_many(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=5)
    services.reserve(reference="A-1", quantities={offer.pk: 3}, now=NOW, expires_at=LATER)
    with pytest.raises(BelowReserved, match="at least 3"):
        services.set_on_hand(offer_id=offer.pk, on_hand=2, now=NOW)
    assert figures(offer) == (5, 3)


def test_a_count_of_none_is_refused_below_zero(kiln: Seller) -> None:
    with pytest.raises(BadQuantity):
        services.set_on_hand(offer_id=an_offer(seller=kiln).pk, on_hand=-1, now=NOW)


def test_counts_of_many_leave_out_only_the_refused(kiln: Seller, heard: Callable[[], list[object]]) -> None:
    held, same, down, up, fresh = (an_offer(seller=kiln, stock=stock) for stock in (5, 4, 4, 0, 0))
    StockItem.objects.filter(pk=fresh.pk).delete()
    services.reserve(reference="A-1", quantities={held.pk: 3}, now=NOW, expires_at=LATER)
    counted = services.set_on_hand_many(on_hand={held.pk: 1, same.pk: 4, down.pk: 0, up.pk: 7, fresh.pk: 2}, now=NOW)
    assert counted.changed == {down.pk, up.pk, fresh.pk}
    assert counted.refused == {held.pk: 3}
    assert [figures(offer)[0] for offer in (held, same, down, up, fresh)] == [5, 4, 0, 7, 2]
    appeared, vanished = heard()
    assert appeared == {"product_ids": sorted([up.variant.product_id, fresh.variant.product_id])}
    assert vanished == {"product_ids": [down.variant.product_id]}
    assert queries.imbalances() == []


@pytest.mark.parametrize("size", [2, 40])
def test_counting_costs_the_same_for_any_number(kiln: Seller, size: int) -> None:
    offers = [an_offer(seller=kiln, stock=5) for _ in range(size)]
    with CaptureQueriesContext(connection) as captured:
        services.set_on_hand_many(on_hand={offer.pk: 9 for offer in offers}, now=NOW)
    # begin, lock, update, movements, commit
    assert len(captured) == 5


def test_the_database_itself_refuses_to_oversell(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        StockItem.objects.filter(pk=offer.pk).update(reserved=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        StockItem.objects.filter(pk=offer.pk).update(on_hand=-1)


def test_an_imbalance_is_found(kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=5)
    StockItem.objects.filter(pk=offer.pk).update(reserved=1)
    (found,) = queries.imbalances()
    assert (found.offer_id, found.reserved, found.held) == (offer.pk, 1, 0)
