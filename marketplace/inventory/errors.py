"""What can go wrong with stock."""

from collections.abc import Collection, Mapping

from marketplace.core.errors import AwningError, Conflict, NotFound


class OutOfStock(Conflict):
    """Fewer units are free than were asked for; ``offers`` are the ids of every offer that falls short, sorted."""

    code = "out_of_stock"

    def __init__(self, offers: Collection[int], message: str = "") -> None:
        super().__init__(message or "Somebody else was faster: some of these things are no longer available.")
        self.offers = tuple(sorted(offers))


class BelowReserved(Conflict):
    """A count below what buyers hold in open checkouts; ``reserved`` maps each refused offer to its held units."""

    code = "below_reserved"

    def __init__(self, reserved: Mapping[int, int]) -> None:
        held = max(reserved.values())
        super().__init__(
            f"{held} {'is' if held == 1 else 'are'} held for open checkouts: enter at least {held}, or try again later."
        )
        self.reserved = dict(reserved)


class BadQuantity(AwningError):
    """A number of units that makes no sense."""

    code = "bad_quantity"
    status = 422


class ReferenceUsed(Conflict):
    """Units have already been held under this reference."""

    code = "reference_used"


class UnknownHold(NotFound):
    """Nothing was ever held under this reference."""

    code = "unknown_hold"
