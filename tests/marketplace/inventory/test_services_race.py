"""Fifty buyers want the same twenty things, of which there are five each."""

import random
import threading
from collections.abc import Mapping
from datetime import timedelta
from functools import partial

import pytest

from marketplace.inventory import queries, services
from marketplace.inventory.errors import OutOfStock
from marketplace.inventory.models import StockItem, StockReservation
from tests.conftest import NOW
from tests.factories import a_product, a_seller, an_offer
from tests.marketplace.inventory.racing import together

BUYERS, THINGS, UNITS = 50, 20, 5
LATER = NOW + timedelta(minutes=15)


def stock_the_shelves(things: int, units: int) -> list[int]:
    seller = a_seller()
    product = a_product(owner=seller)
    return sorted(an_offer(seller=seller, product=product, stock=units).pk for _ in range(things))


def shuffled(pks: list[int], dice: random.Random) -> dict[int, int]:
    return dict.fromkeys(dice.sample(pks, len(pks)), 1)


class Buyer:
    """Tries some things at once, in no particular order, then every thing by itself."""

    def __init__(self, number: int, pks: list[int]) -> None:
        self.number, self.pks = number, pks
        self.dice = random.Random(number)
        self.held = 0
        self.refused = 0
        self.other: list[BaseException] = []

    def __call__(self) -> None:
        wishes = [self.dice.sample(self.pks, 6), *([pk] for pk in self.dice.sample(self.pks, len(self.pks)))]
        for index, wish in enumerate(wishes):
            try:
                services.reserve(
                    reference=f"{self.number}-{index}",
                    quantities=shuffled(wish, self.dice),
                    now=NOW,
                    expires_at=LATER,
                )
                self.held += len(wish)
            except OutOfStock:
                self.refused += 1
            except BaseException as error:  # noqa: BLE001 - the test looks at what else went wrong
                self.other.append(error)


def test_fifty_buyers_sell_out_twenty_things_exactly(transactional_db: None) -> None:
    pks = stock_the_shelves(THINGS, UNITS)
    buyers = [Buyer(number, pks) for number in range(BUYERS)]
    assert together(*buyers) == []
    assert [error for buyer in buyers for error in buyer.other] == [], "no deadlock, no time-out, no violated CHECK"
    assert sum(buyer.held for buyer in buyers) == THINGS * UNITS
    assert sum(buyer.refused for buyer in buyers) > 0
    assert list(StockItem.objects.values_list("on_hand", "reserved")) == [(UNITS, UNITS)] * THINGS
    assert queries.imbalances() == []


def test_one_hot_thing_goes_to_exactly_as_many_as_there_are(transactional_db: None) -> None:
    (pk,) = stock_the_shelves(1, UNITS)
    lost: list[OutOfStock] = []

    def buy(number: int) -> None:
        try:
            services.reserve(reference=f"B-{number}", quantities={pk: 1}, now=NOW, expires_at=LATER)
        except OutOfStock as error:
            lost.append(error)

    assert together(*(partial(buy, number) for number in range(BUYERS))) == []
    assert StockReservation.objects.count() == UNITS
    assert len(lost) == BUYERS - UNITS


def test_without_the_conditional_update_the_last_unit_is_promised_twice(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same race with a read in front of the write, so that the tests above could fail."""
    (pk,) = stock_the_shelves(1, 1)
    both_have_looked = threading.Barrier(2, timeout=10)

    def look_then_write(quantities: Mapping[int, int]) -> list[int]:
        item = StockItem.objects.get(pk=pk)
        both_have_looked.wait()
        if item.free < quantities[pk]:
            raise OutOfStock([pk])
        item.reserved += quantities[pk]
        item.save()
        return []

    monkeypatch.setattr(services, "_hold_all", look_then_write)

    def buy(number: int) -> None:
        services.reserve(reference=f"B-{number}", quantities={pk: 1}, now=NOW, expires_at=LATER)

    assert together(lambda: buy(1), lambda: buy(2)) == []
    assert StockReservation.objects.count() == 2, "two buyers hold the one unit there is"
    assert [found.held for found in queries.imbalances()] == [2]


def test_a_sale_and_a_release_of_one_hold_have_one_winner(transactional_db: None) -> None:
    pks = stock_the_shelves(3, UNITS)
    for round_ in range(10):
        reference = f"R-{round_}"
        services.reserve(reference=reference, quantities=dict.fromkeys(pks, 1), now=NOW, expires_at=LATER)
        raised = together(
            partial(services.commit, reference=reference, now=NOW),
            partial(services.release, reference=reference, now=NOW),
            partial(services.commit, reference=reference, now=NOW),
        )
        assert all(isinstance(error, OutOfStock) for error in raised)
        if StockItem.objects.filter(on_hand=0).exists():
            break
    assert queries.imbalances() == []
    sold = StockReservation.objects.filter(state=StockReservation.State.COMMITTED).count()
    assert sum(StockItem.objects.values_list("on_hand", flat=True)) == len(pks) * UNITS - sold
