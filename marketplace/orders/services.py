"""Places orders and moves them on. Every move writes an event, in the transaction that makes it true.

Locks are taken in the order cart (only to place), order group, orders, stock. The payment that callers lock stands
between orders and stock.
"""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from marketplace.accounts import services as accounts
from marketplace.carts import queries as cart_queries
from marketplace.carts import services as carts
from marketplace.carts.errors import CartClosed
from marketplace.carts.models import Cart
from marketplace.core import events
from marketplace.core.addresses import PostalAddress
from marketplace.core.db import require_transaction
from marketplace.core.errors import NotFound
from marketplace.core.events import Json
from marketplace.inventory import services as inventory
from marketplace.orders import figures, placing, queries
from marketplace.orders.errors import BadTracking, OrderPending, OrderReplaced
from marketplace.orders.models import Order, OrderEvent, OrderGroup, OrderLine
from marketplace.orders.states import EVENT, GROUP, ORDER, Action, next_state

State = OrderGroup.State
_LIVE = (State.PENDING, State.PAID)
# The actor of what follows from money, and of what the hall does by itself.
PAYMENT, SYSTEM = "payment", "system"


def place_order(*, cart_id: uuid.UUID, buyer_id: int | None, now: datetime) -> OrderGroup:
    """Places one order per stall of the cart and holds the goods for 15 minutes, inside the caller's transaction.

    The same cart again is the same group. Raises OrderPending when the cart has changed, or the hold has ended, since
    its orders were placed; NotFound for somebody else's cart; CartClosed, EmptyCart, SellerUnavailable, CartChanged,
    CheckoutIncomplete; OutOfStock when somebody else was faster.
    """
    require_transaction("place_order")
    with transaction.atomic():
        cart = carts.lock(cart_id=cart_id)
        if cart.user_id != buyer_id:
            raise NotFound("There is no such cart.")
        snapshot = cart_queries.snapshot(cart_id=cart_id)
        live = OrderGroup.objects.filter(cart=cart, state__in=_LIVE).first()
        if live is not None:
            unchanged = live.cart_fingerprint == placing.fingerprint(cart, snapshot)
            if live.state == State.PAID or (unchanged and live.expires_at > now):
                return live
            raise OrderPending(group_id=live.pk, number=live.number)
        if cart.closed_at is not None:
            raise CartClosed
        group = placing.write(cart, snapshot, now=now)
        # Last, because buyers of the same things wait for each other from here to the commit.
        inventory.reserve(
            reference=group.number,
            quantities={line.offer_id: line.quantity for line in snapshot.lines},
            now=now,
            expires_at=group.expires_at,
        )
        carts.note_hold(cart_id=cart_id, reference=group.number)
        figures.placed()
        events.publish("order.placed", {"group": group.number}, now=now, key=f"order.placed:{group.number}")
        return group


def follow_merge(*, guest_cart_id: uuid.UUID, cart_id: uuid.UUID, now: datetime) -> None:
    """Hands the unpaid orders of a guest's cart to the cart it went into at ``now``, in the transaction of the merge.

    Ordering that cart then renews them. Left behind, they could be paid for as well as the new ones, and their goods would
    look sold out to the person for whom they are held. A cart with live orders of its own keeps those.
    """
    require_transaction("follow_merge")
    if OrderGroup.objects.filter(cart_id=cart_id, state__in=_LIVE).exists():
        return
    left = OrderGroup.objects.filter(cart_id=guest_cart_id, cart__closed_at=now, state=State.PENDING)
    group = left.select_for_update(of=("self",), no_key=True).first()
    if group is not None:
        group.cart_id = cart_id
        group.save(update_fields=["cart"])
        carts.note_hold(cart_id=cart_id, reference=group.number)


def mark_group_paid(*, group_id: int, now: datetime) -> bool:
    """Sells the goods and moves the orders on; False when that has been done before.

    Also for a cancelled group, when money comes late. Raises OutOfStock when its goods were sold meanwhile,
    OrderReplaced when its cart was ordered anew: in both cases nothing has changed, and the money is to be refunded.
    """
    with transaction.atomic():
        group = _lock_group(group_id)
        if group.state == State.PAID:
            return False
        late = group.state == State.CANCELLED
        group.state = next_state(GROUP, group.state, Action.PAY)
        group.paid_at, group.cancelled_at = now, None
        try:
            with transaction.atomic():
                group.save(update_fields=["state", "paid_at", "cancelled_at"])
        except IntegrityError as error:
            # One live group per cart: another one has taken this one's place.
            raise OrderReplaced(group.number) from error
        data: dict[str, Json] = {"late": True} if late else {}
        _move(_lock_orders(group), Action.PAY, actor=PAYMENT, data=data, now=now)
        inventory.commit(reference=group.number, now=now)
        _empty_cart_if_free(group, now=now)
        figures.paid()
        events.publish("order.paid", {"group": group.number}, now=now, key=f"order.paid:{group.number}")
        return True


def cancel_group(*, group_id: int, reason: str, now: datetime) -> bool:
    """Cancels unpaid orders and gives their goods back; False when that has been done before. Raises CannotCancel.

    Only for whoever knows that no payment can succeed any more.
    """
    with transaction.atomic():
        group = _lock_group(group_id)
        if group.state == State.CANCELLED:
            return False
        group.state = next_state(GROUP, group.state, Action.CANCEL)
        group.cancelled_at = now
        group.save(update_fields=["state", "cancelled_at"])
        _move(_lock_orders(group), Action.CANCEL, actor=SYSTEM, data={"reason": reason}, now=now)
        inventory.release(reference=group.number, now=now)
        figures.cancelled()
        events.publish("order.cancelled", {"group": group.number, "reason": reason}, now=now)
        return True


def mark_shipped(*, order_id: int, seller_id: int, carrier: str, tracking: str, actor: str, now: datetime) -> Order:
    """A stall has sent its parcel. ``carrier`` and ``tracking`` may be "", but not the carrier alone.

    Raises NotFound for other stalls' orders, CannotShip, BadTracking.
    """
    carrier, tracking = _checked_tracking(carrier, tracking)
    with transaction.atomic():
        order = _lock_sellers_order(order_id, seller_id)
        data: dict[str, Json] = {"carrier": carrier, "tracking": tracking}
        order.tracking_carrier, order.tracking_number = carrier, tracking
        _move([order], Action.SHIP, actor=actor, data=data, now=now)
        events.publish("order.shipped", {"order": order.number}, now=now, key=f"order.shipped:{order.number}")
        return order


def mark_delivered(*, order_id: int, seller_id: int, actor: str, now: datetime) -> Order:
    """The parcel has arrived. Raises NotFound for other stalls' orders, CannotDeliver."""
    with transaction.atomic():
        order = _lock_sellers_order(order_id, seller_id)
        _move([order], Action.DELIVER, actor=actor, data={}, now=now)
        events.publish("order.delivered", {"order": order.number}, now=now, key=f"order.delivered:{order.number}")
        return order


def empty_paid_cart(*, number: str, now: datetime) -> None:
    """Takes what was paid out of its cart, if ``mark_group_paid`` had to leave it there; safe to repeat."""
    cart_id = OrderGroup.objects.filter(number=number, state=State.PAID).values_list("cart_id", flat=True).first()
    if cart_id is not None:
        with transaction.atomic():
            carts.lock(cart_id=cart_id)
            _empty_cart(OrderGroup.objects.select_for_update(no_key=True).get(number=number), now=now)


def keep_address(*, number: str, now: datetime) -> None:
    """Keeps the address of a paid group in its buyer's account; guests have none."""
    group = OrderGroup.objects.filter(number=number, buyer__isnull=False).first()
    if group is not None and group.buyer_id is not None:
        accounts.keep_address(
            user_id=group.buyer_id,
            address=PostalAddress.from_json(group.shipping_address),
            phone=group.phone,
            now=now,
        )


def _empty_cart_if_free(group: OrderGroup, *, now: datetime) -> None:
    """Empties the cart unless another transaction holds it: that one may wait for our group, so we must not wait for it.

    The subscriber of ``order.paid`` empties what is left here.
    """
    if group.cart_id is None:
        return
    free = Cart.objects.filter(pk=group.cart_id).select_for_update(no_key=True, skip_locked=True)
    if free.first() is not None:
        _empty_cart(group, now=now)


def _empty_cart(group: OrderGroup, *, now: datetime) -> None:
    """What was put into the cart while it was being paid stays there; the group then stands for a cart of its own."""
    if group.cart_id is None:
        return
    lines = OrderLine.objects.filter(order__group=group).values_list("offer_id", "quantity")
    own = carts.take_out_bought(cart_id=group.cart_id, bought=dict(lines), now=now)
    if own is not None:
        OrderGroup.objects.filter(pk=group.pk).update(cart_id=own)


def _lock_group(group_id: int) -> OrderGroup:
    group = OrderGroup.objects.filter(pk=group_id).select_for_update(no_key=True).first()
    if group is None:
        raise NotFound("There is no such order.")
    return group


def _lock_orders(group: OrderGroup) -> list[Order]:
    return list(Order.objects.filter(group=group).order_by("pk").select_for_update(no_key=True))


def _lock_sellers_order(order_id: int, seller_id: int) -> Order:
    order = queries.of_seller(seller_id).filter(pk=order_id).select_for_update(of=("self",), no_key=True).first()
    if order is None:
        raise NotFound("There is no such order.")
    return order


def _move(orders: Iterable[Order], action: Action, *, actor: str, data: Mapping[str, Json], now: datetime) -> None:
    """Moves locked orders to their next state and writes down what happened."""
    happened = EVENT[action]
    moved = list(orders)
    written: list[OrderEvent] = []
    for order in moved:
        before = order.state
        order.state = next_state(ORDER, before, action)
        setattr(order, f"{happened}_at", now)
        if action == Action.PAY:
            order.cancelled_at = None
        written.append(
            OrderEvent(order=order, kind=happened, actor=actor, data={"from": before, **data}, created_at=now)
        )
    fields = ["state", f"{happened}_at", "cancelled_at", "tracking_carrier", "tracking_number"]
    Order.objects.bulk_update(moved, list(dict.fromkeys(fields)))
    OrderEvent.objects.bulk_create(written)


def _checked_tracking(carrier: str, tracking: str) -> tuple[str, str]:
    carrier, tracking = carrier.strip(), tracking.strip()
    wrong: dict[str, str] = {}
    if len(carrier) > 60:
        wrong["carrier"] = "Shorten this to 60 characters."
    if len(tracking) > 80:
        wrong["tracking"] = "Shorten this to 80 characters."
    if tracking and not carrier:
        wrong["carrier"] = "Say which carrier the tracking number belongs to."
    if wrong:
        raise BadTracking("Please check the tracking.", fields=wrong)
    return carrier, tracking
