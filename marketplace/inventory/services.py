"""Moves stock. Free to sell is on hand less reserved; no path makes it negative, and the CHECK stands behind them all.

Locks are taken on stock rows in the order of their offers, then on nothing but those offers' availability flag, which
only the holder of the stock row writes; what they ask then goes into the history of prices. Whoever also changes offers in
the same transaction does so afterwards.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from marketplace.catalog import facts
from marketplace.catalog.models import Offer
from marketplace.catalog.services import asks
from marketplace.core import cache, events
from marketplace.core.errors import NotFound
from marketplace.core.events import Json
from marketplace.inventory.errors import BadQuantity, BelowReserved, OutOfStock, ReferenceUsed, UnknownHold
from marketplace.inventory.models import StockItem, StockMovement, StockReservation
from marketplace.inventory.queries import NUMBERED, offer_tag

Kind = StockMovement.Kind
State = StockReservation.State

# One statement checks and takes: under READ COMMITTED a waiting buyer's condition is evaluated again on the row that
# the winner left behind. A separate read would let both see the last unit.
_HOLD = """
UPDATE inventory_stockitem SET reserved = reserved + %s
WHERE offer_id = %s AND on_hand - reserved >= %s
RETURNING on_hand - reserved
"""
_CHANGE = """
UPDATE inventory_stockitem AS item
SET on_hand = item.on_hand + change.on_hand, reserved = item.reserved + change.reserved
FROM unnest(%s::bigint[], %s::integer[], %s::integer[]) AS change (offer_id, on_hand, reserved)
WHERE item.offer_id = change.offer_id
RETURNING item.offer_id, item.on_hand - item.reserved
"""
# The largest number the column holds.
_MOST = 2_147_483_647


@dataclass(frozen=True, slots=True)
class _Change:
    """What is added to both figures of one stock row."""

    on_hand: int = 0
    reserved: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """What a count did: offers whose stock changed, and offers refused with the units that buyers hold of them."""

    changed: frozenset[int]
    refused: Mapping[int, int]


def receive(*, offer_id: int, quantity: int, reference: str, now: datetime) -> None:
    """Adds units that have arrived. Raises BadQuantity below 1, NotFound without such an offer."""
    if not 0 < quantity <= _MOST:
        raise BadQuantity("Enter how many units have arrived, at least 1.", fields={"quantity": "At least 1."})
    with transaction.atomic():
        if _lock([offer_id], create=True)[offer_id].on_hand + quantity > _MOST:
            raise BadQuantity("That is more than a stall can hold.", fields={"quantity": "Enter a smaller number."})
        _change({offer_id: _Change(on_hand=quantity)}, now=now)
        _write_down({offer_id: quantity}, kind=Kind.RECEIVED, reference=reference, now=now)


def set_on_hand(*, offer_id: int, on_hand: int, now: datetime) -> None:
    """Says how many units there are, as counted. Raises BelowReserved when buyers hold more in open checkouts."""
    counted = set_on_hand_many(on_hand={offer_id: on_hand}, now=now)
    if counted.refused:
        raise BelowReserved(counted.refused)


def set_on_hand_many(*, on_hand: Mapping[int, int], now: datetime) -> Counted:
    """Says how many units there are of many offers, in a handful of statements whatever their number.

    A count below what buyers hold is left out and reported as refused; the others are written. Call it before other
    changes to the same offers. Raises BadQuantity for negative counts, NotFound when an offer does not exist.
    """
    if any(not 0 <= count <= _MOST for count in on_hand.values()):
        raise BadQuantity("Stock cannot be negative: enter 0 or more.", fields={"on_hand": "Enter 0 or more."})
    with transaction.atomic():
        items = _lock(on_hand, create=True)
        refused = {pk: items[pk].reserved for pk, count in on_hand.items() if count < items[pk].reserved}
        deltas = {
            pk: count - items[pk].on_hand
            for pk, count in on_hand.items()
            if pk not in refused and count != items[pk].on_hand
        }
        _change({pk: _Change(on_hand=delta) for pk, delta in deltas.items()}, now=now)
        _write_down(deltas, kind=Kind.CORRECTED, reference="", now=now)
    return Counted(changed=frozenset(deltas), refused=refused)


def reserve(*, reference: str, quantities: Mapping[int, int], now: datetime, expires_at: datetime) -> None:
    """Holds units of several offers, all or nothing.

    Raises OutOfStock naming every offer that falls short, ReferenceUsed when the reference has held something before,
    BadQuantity for an empty or non-positive wish. Others' holds are never touched, expired or not: a payment may still
    use them.
    """
    if not quantities or any(quantity < 1 for quantity in quantities.values()):
        raise BadQuantity("Ask for at least one unit of at least one thing.")
    with transaction.atomic():
        emptied = _hold_all(quantities)
        rows = [
            StockReservation(
                stock_item_id=pk, reference=reference, quantity=quantity, created_at=now, expires_at=expires_at
            )
            for pk, quantity in sorted(quantities.items())
        ]
        try:
            with transaction.atomic():
                StockReservation.objects.bulk_create(rows)
        except IntegrityError as error:
            raise ReferenceUsed(f"Units are already held for {reference}.") from error
        _keep_availability(emptied, in_stock=False, now=now)


def commit(*, reference: str, now: datetime) -> None:
    """Turns a hold into a sale; committing again changes nothing.

    A hold that was given back meanwhile is taken again from what is free. Raises OutOfStock when that is too little,
    with nothing changed, and UnknownHold when nothing was ever held under the reference.
    """
    with transaction.atomic():
        holds = _lock_holds(reference)
        if not holds:
            raise UnknownHold(f"Nothing was ever held for {reference}.")
        if all(hold.state == State.COMMITTED for hold in holds):
            return
        items = _lock([hold.stock_item_id for hold in holds])
        lost = [hold for hold in holds if hold.state == State.RELEASED]
        short = [hold.stock_item_id for hold in lost if items[hold.stock_item_id].free < hold.quantity]
        if short:
            raise OutOfStock(short)
        changes = {
            hold.stock_item_id: _Change(
                on_hand=-hold.quantity, reserved=0 if hold.state == State.RELEASED else -hold.quantity
            )
            for hold in holds
        }
        _change(changes, now=now)
        sold = {hold.stock_item_id: -hold.quantity for hold in holds}
        _write_down(sold, kind=Kind.SOLD, reference=reference, now=now)
        _close(holds, State.COMMITTED, now=now)


def release(*, reference: str, now: datetime) -> None:
    """Gives held units back; releasing again, or releasing what was sold or never held, changes nothing."""
    with transaction.atomic():
        holds = [hold for hold in _lock_holds(reference) if hold.state == State.ACTIVE]
        if holds:
            _lock([hold.stock_item_id for hold in holds])
            _change({hold.stock_item_id: _Change(reserved=-hold.quantity) for hold in holds}, now=now)
            _close(holds, State.RELEASED, now=now)


def _hold_all(quantities: Mapping[int, int]) -> list[int]:
    """Takes each offer in sorted order, so that buyers of the same things queue up instead of blocking in a ring.

    Returns the offers of which nothing is left. Raises OutOfStock after trying them all; the caller's block undoes what
    was taken.
    """
    short: list[int] = []
    emptied: list[int] = []
    fewest: dict[int, int] = {}
    with connection.cursor() as cursor:
        for pk, quantity in sorted(quantities.items()):
            cursor.execute(_HOLD, [quantity, pk, quantity])
            left = cursor.fetchone()
            if left is None:
                short.append(pk)
                continue
            fewest[pk] = left[0]
            if left[0] == 0:
                emptied.append(pk)
    if short:
        raise OutOfStock(short)
    _show(fewest)
    return emptied


def _lock(offer_ids: Iterable[int], *, create: bool = False) -> dict[int, StockItem]:
    """The stock rows, locked in the order of their offers; ``create`` adds those that are missing."""
    wanted = sorted(set(offer_ids))
    items = _locked_items(wanted)
    missing = [pk for pk in wanted if pk not in items]
    if missing and create:
        known = set(Offer.objects.filter(pk__in=missing).values_list("pk", flat=True))
        unknown = [pk for pk in missing if pk not in known]
        if unknown:
            raise NotFound(f"There is no offer {unknown[0]}.")
        StockItem.objects.bulk_create([StockItem(offer_id=pk) for pk in missing], ignore_conflicts=True)
        items = _locked_items(wanted)
    return items


def _locked_items(offer_ids: list[int]) -> dict[int, StockItem]:
    # NO KEY: a foreign key that points here (an order line being written) does not have to wait.
    rows = StockItem.objects.filter(pk__in=offer_ids).order_by("pk").select_for_update(no_key=True)
    return {item.pk: item for item in rows}


def _lock_holds(reference: str) -> list[StockReservation]:
    return list(
        StockReservation.objects.filter(reference=reference).order_by("stock_item_id").select_for_update(of=("self",))
    )


def _change(changes: Mapping[int, _Change], *, now: datetime) -> None:
    """Adds the changes to rows that the caller has locked, and keeps the availability of their offers."""
    if not changes:
        return
    order = sorted(changes)
    with connection.cursor() as cursor:
        cursor.execute(_CHANGE, [order, [changes[pk].on_hand for pk in order], [changes[pk].reserved for pk in order]])
        left = dict(cursor.fetchall())
    before = {pk: left[pk] - changes[pk].on_hand + changes[pk].reserved for pk in order}
    _show({pk: min(before[pk], left[pk]) for pk in order})
    _keep_availability([pk for pk in order if before[pk] <= 0 < left[pk]], in_stock=True, now=now)
    _keep_availability([pk for pk in order if left[pk] <= 0 < before[pk]], in_stock=False, now=now)


def _show(fewest: Mapping[int, int]) -> None:
    """Pages that say how many are left say it anew; ``fewest`` is the smaller number, before or after, per offer."""
    cache.touch(*(offer_tag(pk) for pk, units in fewest.items() if units <= NUMBERED))


def _keep_availability(offer_ids: list[int], *, in_stock: bool, now: datetime) -> None:
    """Flags offers that have just crossed zero and tells who lists their products."""
    if not offer_ids:
        return
    offers = Offer.objects.filter(pk__in=offer_ids)
    offers.update(in_stock=in_stock)
    asks.record(offer_ids, now=now)
    found = offers.order_by("variant__product_id").values_list("variant__product_id", flat=True).distinct()
    products: list[Json] = list(found)
    cache.touch(*(facts.tag(pk) for pk in found))
    events.publish("inventory.availability_changed", {"product_ids": products}, now=now)


def _write_down(quantities: Mapping[int, int], *, kind: str, reference: str, now: datetime) -> None:
    StockMovement.objects.bulk_create(
        StockMovement(stock_item_id=pk, kind=kind, quantity=quantity, reference=reference, created_at=now)
        for pk, quantity in sorted(quantities.items())
    )


def _close(holds: list[StockReservation], state: str, *, now: datetime) -> None:
    StockReservation.objects.filter(pk__in=[hold.pk for hold in holds]).update(state=state, closed_at=now)
