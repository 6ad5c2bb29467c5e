"""What each e-mail says: the variables of `templates/emails/<template>`. All text; addresses of pages are absolute."""

import json
from dataclasses import asdict, dataclass
from typing import ClassVar

from marketplace.core.events import Json


@dataclass(frozen=True, slots=True)
class MailLine:
    """A thing that was sold; ``note`` is quantity, variant and condition."""

    title: str
    note: str
    price: str


@dataclass(frozen=True, slots=True)
class MailSum:
    label: str
    value: str
    total: bool = False


@dataclass(frozen=True, slots=True)
class MailParcel:
    """What one stall sends. ``hue`` is the stall's, 1 to 8."""

    stall: str
    hue: int
    number: str
    lines: tuple[MailLine, ...]
    shipping: str
    arrives: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """To the buyer, once paid."""

    template: ClassVar[str] = "receipt"

    number: str
    order_url: str
    parcels: tuple[MailParcel, ...]
    sums: tuple[MailSum, ...]
    address: tuple[str, ...]
    payment_text: str


@dataclass(frozen=True, slots=True)
class NewOrder:
    """To a stall, once paid: its own order and nothing of the others'."""

    template: ClassVar[str] = "order_placed_seller"

    stall: str
    hue: int
    number: str
    order_url: str
    buyer_place: str
    lines: tuple[MailLine, ...]
    sums: tuple[MailSum, ...]
    address: tuple[str, ...]
    ship_by: str


def values_of(mail: Receipt | NewOrder) -> dict[str, Json]:
    """The mail as the outbox keeps it."""
    values: dict[str, Json] = json.loads(json.dumps(asdict(mail)))
    return values
