"""Why an order cannot be placed or moved on."""

from collections.abc import Mapping

from marketplace.carts.snapshot import Problem
from marketplace.core.errors import AwningError, Conflict


class EmptyCart(Conflict):
    """There is nothing in the cart."""

    code = "empty_cart"

    def __init__(self) -> None:
        super().__init__("Your cart is empty: put something into it first.")


class CartChanged(Conflict):
    """Prices or stock have changed and the buyer has not accepted it; ``problems`` says what, per offer."""

    code = "cart_changed"

    def __init__(self, problems: Mapping[int, Problem], message: str = "") -> None:
        super().__init__(message or "Something in your cart has changed: look at it and accept the change first.")
        self.problems = dict(problems)


class SellerUnavailable(CartChanged):
    """A stall in the cart has closed."""

    code = "seller_unavailable"

    def __init__(self, problems: Mapping[int, Problem], stall: str) -> None:
        super().__init__(problems, f"{stall} is closed at the moment: remove its things from your cart.")


class CheckoutIncomplete(AwningError):
    """An answer is missing; ``missing`` is "email", "address" or "shipping", the first step that lacks it."""

    code = "checkout_incomplete"
    status = 422

    def __init__(self, missing: str, message: str, *, fields: Mapping[str, str]) -> None:
        super().__init__(message, fields=fields)
        self.missing = missing


class OrderPending(Conflict):
    """The cart has changed, or its time is over, since its orders were placed: cancel that group first."""

    code = "order_pending"

    def __init__(self, *, group_id: int, number: str) -> None:
        super().__init__("Your cart has changed since you went to pay: the order is being renewed.")
        self.group_id = group_id
        self.number = number


class OrderReplaced(Conflict):
    """Money came for a cancelled group whose cart has been ordered anew: it goes back."""

    code = "order_replaced"

    def __init__(self, number: str) -> None:
        super().__init__(f"Order {number} was cancelled and replaced by a newer one.")


class IllegalTransition(Conflict):
    """The state does not allow the action; the subclass names the action."""

    code = "illegal_transition"

    def __init__(self, *, state: str, message: str) -> None:
        super().__init__(message)
        self.state = state


class CannotPay(IllegalTransition):
    """The order is paid already."""

    code = "cannot_pay"


class CannotCancel(IllegalTransition):
    """The order is paid: its money must be refunded instead."""

    code = "cannot_cancel"


class CannotShip(IllegalTransition):
    """The order is not paid, or no longer waiting to be shipped."""

    code = "cannot_ship"


class CannotDeliver(IllegalTransition):
    """The order is not on its way."""

    code = "cannot_deliver"


class BadTracking(AwningError):
    """A carrier or tracking number that cannot be used."""

    code = "bad_tracking"
    status = 422


class BadCursor(AwningError):
    """A list was asked to go on from nowhere."""

    code = "bad_cursor"

    def __init__(self) -> None:
        super().__init__("This page of the list does not exist: start from the first.")
