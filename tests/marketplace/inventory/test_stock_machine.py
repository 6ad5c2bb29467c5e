"""Any sequence of deliveries, counts, holds, sales and releases keeps invariant I4."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from marketplace.catalog.models import Offer
from marketplace.inventory import queries, services
from marketplace.inventory.errors import BelowReserved, OutOfStock
from marketplace.inventory.models import StockItem
from tests.conftest import NOW
from tests.factories import a_product, a_seller, an_offer

LATER = NOW + timedelta(minutes=15)
THINGS = 3
units = st.integers(min_value=1, max_value=4)
thing = st.integers(min_value=0, max_value=THINGS - 1)
wishes = st.dictionaries(thing, units, min_size=1)


def short_in(call: Callable[[], None]) -> set[int]:
    """The offers that were too few, none when the call went through."""
    try:
        call()
    except OutOfStock as error:
        return set(error.offers)
    return set()


class StockMachine(RuleBasedStateMachine):
    """The stock beside a model of it in two lists and a dictionary."""

    holds = Bundle("holds")

    @initialize(stock=st.lists(st.integers(0, 6), min_size=THINGS, max_size=THINGS))
    def start(self, stock: list[int]) -> None:
        seller = a_seller()
        product = a_product(owner=seller)
        self.offers = [an_offer(seller=seller, product=product, stock=count).pk for count in stock]
        self.on_hand, self.reserved = list(stock), [0] * THINGS
        self.states: dict[str, tuple[dict[int, int], str]] = {}

    def free(self, index: int) -> int:
        return self.on_hand[index] - self.reserved[index]

    @rule(index=thing, count=units)
    def receive(self, index: int, count: int) -> None:
        services.receive(offer_id=self.offers[index], quantity=count, reference="", now=NOW)
        self.on_hand[index] += count

    @rule(index=thing, count=st.integers(0, 8))
    def count(self, index: int, count: int) -> None:
        try:
            services.set_on_hand(offer_id=self.offers[index], on_hand=count, now=NOW)
        except BelowReserved:
            assert count < self.reserved[index]
        else:
            assert count >= self.reserved[index]
            self.on_hand[index] = count

    @rule(target=holds, wish=wishes)
    def reserve(self, wish: dict[int, int]) -> str:
        reference = f"{self.offers[0]}-{len(self.states)}"
        short = {self.offers[index] for index, count in wish.items() if self.free(index) < count}
        quantities = {self.offers[index]: count for index, count in wish.items()}
        refused = short_in(
            lambda: services.reserve(reference=reference, quantities=quantities, now=NOW, expires_at=LATER)
        )
        assert refused == short
        self.states[reference] = (wish, "refused" if refused else "held")
        for index, count in wish.items():
            self.reserved[index] += 0 if refused else count
        return reference

    @rule(reference=holds)
    def release(self, reference: str) -> None:
        services.release(reference=reference, now=NOW)
        wish, state = self.states[reference]
        if state == "held":
            self.states[reference] = (wish, "released")
            for index, count in wish.items():
                self.reserved[index] -= count

    @rule(reference=holds)
    def commit(self, reference: str) -> None:
        wish, state = self.states[reference]
        if state == "refused":
            return
        lost = state == "released"
        short = {self.offers[index] for index, count in wish.items() if lost and self.free(index) < count}
        refused = short_in(lambda: services.commit(reference=reference, now=NOW))
        assert refused == short
        if refused:
            return
        self.states[reference] = (wish, "sold")
        for index, count in wish.items():
            if state != "sold":
                self.on_hand[index] -= count
            if state == "held":
                self.reserved[index] -= count

    @invariant()
    def the_books_agree(self) -> None:
        if not hasattr(self, "offers"):
            return
        rows = StockItem.objects.filter(pk__in=self.offers).order_by("pk")
        assert [(row.on_hand, row.reserved) for row in rows] == list(zip(self.on_hand, self.reserved, strict=True))
        shown = Offer.objects.filter(pk__in=self.offers).order_by("pk").values_list("in_stock", flat=True)
        assert list(shown) == [self.free(index) > 0 for index in range(THINGS)]
        assert queries.imbalances() == []


def test_stock_adds_up_after_any_sequence(db: None) -> None:
    run_state_machine_as_test(
        StockMachine,
        settings=settings(
            max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
