"""Pours one cart into another; both are locked by the caller."""

from marketplace.carts.limits import MOST_LINES, MOST_UNITS
from marketplace.carts.models import Cart, CartLine
from marketplace.inventory import queries as inventory


def pour(guest: Cart, *, into: Cart) -> None:
    """Adds the guest's lines and answers to the account's cart, in a fixed number of queries.

    ``into`` is changed in memory; the caller saves it.
    """
    wanted = list(guest.lines.filter(removed_at__isnull=True).order_by("added_at", "pk"))
    present = {line.offer_id: line for line in into.lines.all()}
    room = MOST_LINES - sum(line.removed_at is None for line in present.values())
    free = inventory.free_units(offer_ids=[line.offer_id for line in wanted])
    poured: list[CartLine] = []
    for line in wanted:
        mine = present.get(line.offer_id)
        if mine is None or mine.removed_at is not None:
            if not room:
                continue
            room -= 1
        poured.append(_joined(line, mine, into=into, free=free.get(line.offer_id, 0)))
    CartLine.objects.bulk_create(
        poured,
        update_conflicts=True,
        unique_fields=["cart", "offer"],
        update_fields=["quantity", "seen_price_minor", "added_at", "removed_at"],
    )
    into.email = into.email or guest.email
    into.phone = into.phone or guest.phone
    into.shipping_address = into.shipping_address or guest.shipping_address
    into.shipping_choices = guest.shipping_choices | into.shipping_choices


def _joined(line: CartLine, mine: CartLine | None, *, into: Cart, free: int) -> CartLine:
    """The line as it stands in the account's cart: never fewer units than were there, never more than fit."""
    there = mine.quantity if mine is not None and mine.removed_at is None else 0
    most = max(there, min(MOST_UNITS, free), 1)
    kept = mine if mine is not None and there else line
    return CartLine(
        cart=into,
        offer_id=line.offer_id,
        quantity=min(there + line.quantity, most),
        seen_price_minor=kept.seen_price_minor,
        added_at=kept.added_at,
        removed_at=None,
    )
