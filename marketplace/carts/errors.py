"""What can be wrong with a cart."""

from marketplace.core.errors import AwningError, Conflict


class CartClosed(Conflict):
    """The cart has been ordered, or was merged into another."""

    code = "cart_closed"

    def __init__(self) -> None:
        super().__init__("This cart has already been ordered: start a new one.")


class CartFull(Conflict):
    """The cart holds as many different things as it can."""

    code = "cart_full"


class BadQuantity(AwningError):
    """A quantity that no line can have."""

    code = "bad_quantity"
    status = 422


class NotEnoughStock(Conflict):
    """Fewer units are free than were asked for; ``free`` says how many this buyer can have."""

    code = "not_enough_stock"

    def __init__(self, message: str, *, free: int) -> None:
        super().__init__(message, fields={"quantity": message})
        self.free = free


class OfferUnavailable(Conflict):
    """The offer is not for sale now: paused, archived, or its stall is closed."""

    code = "offer_unavailable"

    def __init__(self) -> None:
        super().__init__("This is not for sale any more.")


class OwnOffer(Conflict):
    """Nobody buys from the stall where they work."""

    code = "own_offer"

    def __init__(self) -> None:
        super().__init__("You work at this stall, so you cannot buy from it.")


class BadContact(AwningError):
    """An e-mail address or phone number that cannot be used; ``fields`` says which."""

    code = "bad_contact"
    status = 422


class BadShipping(AwningError):
    """A way of shipping that the stall does not offer to this address; ``fields`` has ``shipping_<seller id>``."""

    code = "bad_shipping"
    status = 422
