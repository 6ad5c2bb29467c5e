"""Which action leads from which state to which: everything that is not in the table is refused by name."""

from collections.abc import Mapping
from enum import StrEnum

from marketplace.orders.errors import CannotCancel, CannotDeliver, CannotPay, CannotShip, IllegalTransition
from marketplace.orders.models import Order, OrderGroup


class Action(StrEnum):
    PAY = "pay"
    CANCEL = "cancel"
    SHIP = "ship"
    DELIVER = "deliver"


_Order = Order.State
_Group = OrderGroup.State

# Paying for what was cancelled is money that came late: the goods are sold after all, if they are still there.
ORDER: Mapping[tuple[str, Action], str] = {
    (_Order.PENDING, Action.PAY): _Order.PAID,
    (_Order.CANCELLED, Action.PAY): _Order.PAID,
    (_Order.PENDING, Action.CANCEL): _Order.CANCELLED,
    (_Order.PAID, Action.SHIP): _Order.SHIPPED,
    (_Order.SHIPPED, Action.DELIVER): _Order.DELIVERED,
}
GROUP: Mapping[tuple[str, Action], str] = {
    (_Group.PENDING, Action.PAY): _Group.PAID,
    (_Group.CANCELLED, Action.PAY): _Group.PAID,
    (_Group.PENDING, Action.CANCEL): _Group.CANCELLED,
}
# How an order event names what has happened.
EVENT: Mapping[Action, str] = {
    Action.PAY: "paid",
    Action.CANCEL: "cancelled",
    Action.SHIP: "shipped",
    Action.DELIVER: "delivered",
}
_REFUSED: Mapping[Action, tuple[type[IllegalTransition], str]] = {
    Action.PAY: (CannotPay, "This order is already paid."),
    Action.CANCEL: (CannotCancel, "This order is paid, so it can no longer be cancelled here: refund it instead."),
    Action.SHIP: (CannotShip, "Only a paid order that has not been shipped can be marked as shipped."),
    Action.DELIVER: (CannotDeliver, "Only an order that is on its way can be marked as delivered."),
}


def next_state(table: Mapping[tuple[str, Action], str], state: str, action: Action) -> str:
    """The state that follows. Raises the IllegalTransition of the action."""
    following = table.get((state, action))
    if following is None:
        error, message = _REFUSED[action]
        raise error(state=state, message=message)
    return following
