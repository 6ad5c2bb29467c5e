"""The table of states, and any sequence of actions against a model of it."""

import itertools
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from marketplace.core.db import run_again
from marketplace.core.errors import AwningError, NotFound
from marketplace.inventory import queries as inventory_queries
from marketplace.orders import services
from marketplace.orders.errors import CannotCancel, CannotDeliver, CannotPay, CannotShip, IllegalTransition
from marketplace.orders.models import Order, OrderEvent, OrderGroup
from marketplace.orders.states import GROUP, ORDER, Action, next_state
from tests.conftest import NOW
from tests.factories import a_seller, an_offer
from tests.marketplace.carts.baskets import a_ready_cart

NAMED: dict[Action, type[IllegalTransition]] = {
    Action.PAY: CannotPay,
    Action.CANCEL: CannotCancel,
    Action.SHIP: CannotShip,
    Action.DELIVER: CannotDeliver,
}
LEGAL = {
    ("pending", "pay"): "paid",
    ("cancelled", "pay"): "paid",
    ("pending", "cancel"): "cancelled",
    ("paid", "ship"): "shipped",
    ("shipped", "deliver"): "delivered",
}


@pytest.mark.parametrize(("state", "action"), list(itertools.product(Order.State.values, Action)))
def test_everything_that_is_not_in_the_table_is_refused_by_name(state: str, action: Action) -> None:
    if (state, str(action)) in LEGAL:
        assert next_state(ORDER, state, action) == LEGAL[state, str(action)]
    else:
        with pytest.raises(NAMED[action]) as caught:
            next_state(ORDER, state, action)
        assert caught.value.state == state


def test_a_group_follows_its_orders_as_far_as_money_goes() -> None:
    assert {(state, str(action)): after for (state, action), after in GROUP.items()} == {
        key: after for key, after in LEGAL.items() if key[1] in ("pay", "cancel")
    }


class OrderMachine(RuleBasedStateMachine):
    """Two parcels of one purchase, beside a model that knows the table only."""

    @initialize()
    def place(self) -> None:
        self.sellers = [a_seller(), a_seller()]
        self.offers = [an_offer(seller=seller, stock=1) for seller in self.sellers]
        cart = a_ready_cart(*self.offers)
        group = run_again(lambda: services.place_order(cart_id=cart.pk, buyer_id=None, now=NOW))
        self.group = group.pk
        self.orders = list(Order.objects.filter(group=group).order_by("pk"))
        self.states = ["pending", "pending"]
        self.events = [["placed"], ["placed"]]
        self.clock = NOW

    def tick(self) -> None:
        self.clock += timedelta(minutes=1)

    @rule()
    def pay(self) -> None:
        self.tick()
        changed = services.mark_group_paid(group_id=self.group, now=self.clock)
        assert changed == (self.states[0] in ("pending", "cancelled"))
        if changed:
            self.follow(0, "paid")
            self.follow(1, "paid")

    @rule()
    def cancel(self) -> None:
        self.tick()
        if self.states[0] in ("pending", "cancelled"):
            changed = services.cancel_group(group_id=self.group, reason="expired", now=self.clock)
            assert changed == (self.states[0] == "pending")
            if changed:
                self.follow(0, "cancelled")
                self.follow(1, "cancelled")
        else:
            with pytest.raises(CannotCancel):
                services.cancel_group(group_id=self.group, reason="expired", now=self.clock)

    @rule(index=st.integers(0, 1), stranger=st.booleans())
    def ship(self, index: int, stranger: bool) -> None:
        self.tick()
        seller = self.sellers[1 - index if stranger else index]
        refused = self.refusal(index, "ship", stranger)
        try:
            services.mark_shipped(
                order_id=self.orders[index].pk,
                seller_id=seller.pk,
                carrier="Post",
                tracking="RR1",
                actor="seller:1",
                now=self.clock,
            )
        except AwningError as error:
            assert type(error) is refused  # noqa: PT017 - the model says which
        else:
            assert refused is None
            self.follow(index, "shipped")

    @rule(index=st.integers(0, 1), stranger=st.booleans())
    def deliver(self, index: int, stranger: bool) -> None:
        self.tick()
        seller = self.sellers[1 - index if stranger else index]
        refused = self.refusal(index, "deliver", stranger)
        try:
            services.mark_delivered(
                order_id=self.orders[index].pk, seller_id=seller.pk, actor="seller:1", now=self.clock
            )
        except AwningError as error:
            assert type(error) is refused  # noqa: PT017 - the model says which
        else:
            assert refused is None
            self.follow(index, "delivered")

    def refusal(self, index: int, action: str, stranger: bool) -> type[AwningError] | None:
        """What must be raised: an order that is not the stall's, or never paid, is not there at all."""
        if stranger or self.states[index] in ("pending", "cancelled"):
            return NotFound
        return None if (self.states[index], action) in LEGAL else NAMED[Action(action)]

    def follow(self, index: int, state: str) -> None:
        self.states[index] = state
        self.events[index].append(state)

    @invariant()
    def rows_follow_the_model(self) -> None:
        if not hasattr(self, "orders"):
            return
        for order, state, happened in zip(self.orders, self.states, self.events, strict=True):
            order.refresh_from_db()
            assert order.state == state
            assert (
                list(OrderEvent.objects.filter(order=order).order_by("pk").values_list("kind", flat=True)) == happened
            )
            assert (order.paid_at is not None) == (state in ("paid", "shipped", "delivered"))
            assert (order.cancelled_at is not None) == (state == "cancelled")
        group = OrderGroup.objects.get(pk=self.group)
        assert (group.state == "paid") == (self.states[0] in ("paid", "shipped", "delivered"))
        assert inventory_queries.imbalances() == []


def test_any_sequence_of_actions_follows_the_table(db: None) -> None:
    run_state_machine_as_test(
        OrderMachine,
        settings=settings(
            max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
