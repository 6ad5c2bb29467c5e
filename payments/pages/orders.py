"""The buyer's orders: the list, and one purchase with its parcels."""

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse

from marketplace.core import money
from marketplace.core.addresses import PostalAddress
from marketplace.core.page_parts import (
    Badge,
    BadgeTone,
    Crumb,
    EmptyState,
    Link,
    Meta,
    Note,
    PageLink,
    TimelineStep,
)
from marketplace.core.pictures import thumbnail
from marketplace.orders import queries
from marketplace.orders.models import Order, OrderGroup
from marketplace.storefront import links
from marketplace.storefront.formats import day, days, listed
from payments.models import Payment, Refund
from payments.pages.parts import order_lines, sums
from payments.viewmodels import OrderPage, OrderParcel, OrderRow, OrdersPage

_GROUP_BADGE: dict[str, tuple[BadgeTone, str]] = {
    OrderGroup.State.PENDING: ("warn", "Awaiting payment"),
    OrderGroup.State.CANCELLED: ("plain", "Cancelled"),
}
_ORDER_BADGE: dict[str, tuple[BadgeTone, str]] = {
    Order.State.PENDING: ("warn", "Awaiting payment"),
    Order.State.PAID: ("info", "Being packed"),
    Order.State.SHIPPED: ("info", "On its way"),
    Order.State.DELIVERED: ("drop", "Delivered"),
    Order.State.CANCELLED: ("plain", "Cancelled"),
}


def orders_page(groups: Sequence[OrderGroup], *, after: str) -> OrdersPage:
    """The list, newest first; ``after`` is the cursor of the next page, "" on the last."""
    here = reverse("orders")
    return OrdersPage(
        meta=Meta(title="Your orders", robots="noindex"),
        rows=tuple(_row(group) for group in groups),
        pages=(PageLink("Older orders", f"{here}?after={after}", rel="next"),) if after else (),
        empty=None if groups else EmptyState(
            "No orders yet",
            "What you buy stands here, with every parcel on its way.",
            (Link("Have a look around", links.HOME),),
            "package",
        ),
    )  # fmt: skip


def _row(group: OrderGroup) -> OrderRow:
    orders = list(group.orders.all())
    lines = [line for order in orders for line in order.lines.all()]
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    tone, text = _state(group, orders)
    return OrderRow(
        number=group.number,
        href=reverse("order", args=[group.number]),
        placed=day(group.placed_at),
        total=money.text(group.total_minor, group.currency),
        state=Badge(text, tone),
        stalls=" and ".join(order.seller.name for order in orders),
        items=f"{lines[0].title}{more}" if lines else "",
        pictures=tuple(thumbnail(line.image_key) for line in lines[:4]),
    )


def _state(group: OrderGroup, orders: Sequence[Order]) -> tuple[BadgeTone, str]:
    """A paid purchase is as far as its slowest parcel."""
    parcels = {order.state for order in orders}
    if group.state != OrderGroup.State.PAID:
        return _GROUP_BADGE[group.state]
    slowest = next((state for state in (Order.State.PAID, Order.State.SHIPPED) if state in parcels), "")
    return _ORDER_BADGE[slowest or Order.State.DELIVERED]


def order_page(
    group: OrderGroup, *, payment: Payment | None, refunds: Sequence[Refund], guest: bool, thanks: bool
) -> OrderPage:
    """One purchase; ``thanks`` right after paying."""
    pending = group.state == OrderGroup.State.PENDING
    processing = payment is not None and payment.state == Payment.State.PROCESSING
    return OrderPage(
        meta=Meta(title=f"Order {group.number}", robots="noindex"),
        heading="Thank you for your order" if thanks else "Your order",
        number=group.number,
        placed=day(group.placed_at),
        parcels=tuple(_parcel(order, group) for order in queries.orders_of_group(group_id=group.pk)),
        sums=sums(group.items_minor, group.shipping_minor, group.currency),
        thanks=f"It is paid. The receipt is on its way to {group.email}." if thanks else "",
        crumbs=() if guest else (Crumb("Your orders", reverse("orders")),),
        address=tuple(PostalAddress.from_json(group.shipping_address).lines()),
        email=group.email,
        payment_text=_payment_text(group),
        notes=_notes(group, refunds, processing=processing),
        create_account=Link("Create an account", f"{reverse('account_signup')}?email={group.email}")
        if guest and not pending
        else None,
        pay=Link("Pay now", reverse("checkout_payment", args=[group.number])) if pending and not processing else None,
        poll_href=reverse("order", args=[group.number]) if processing else "",
    )


def _payment_text(group: OrderGroup) -> str:
    if group.paid_at is not None:
        return f"Paid by card on {day(group.paid_at)}"
    return "Not paid yet" if group.state == OrderGroup.State.PENDING else "Not paid"


def _notes(group: OrderGroup, refunds: Sequence[Refund], *, processing: bool) -> tuple[Note, ...]:
    found = []
    if processing:
        found.append(Note("Your bank is working on the payment. We write to you as soon as it is settled."))
    for refund in refunds:
        amount = money.text(refund.amount_minor, group.currency)
        if refund.state == Refund.State.SUCCEEDED:
            found.append(Note(f"{amount} went back to your card. Banks take up to ten days to show it.", "good"))
        elif refund.state != Refund.State.FAILED:
            found.append(Note(f"{amount} is on its way back to your card.", "warn"))
    if group.state == OrderGroup.State.CANCELLED and not refunds:
        found.append(Note("This order was cancelled before it was paid. Nothing was charged.", "warn"))
    return tuple(found)


def _parcel(order: Order, group: OrderGroup) -> OrderParcel:
    tone, text = _ORDER_BADGE[order.state]
    return OrderParcel(
        number=order.number,
        stall_name=order.seller.name,
        stall_href=links.stall(order.seller.slug),
        hue=order.seller.hue,
        state=Badge(text, tone),
        lines=order_lines(order.lines.all(), group.currency),
        subtotal=money.text(order.total_minor, group.currency),
        timeline=_timeline(order),
        shipping=listed((order.shipping_name, order.tracking_carrier, order.tracking_number)),
    )


def _timeline(order: Order) -> tuple[TimelineStep, ...]:
    if order.state == Order.State.CANCELLED:
        return (
            TimelineStep("Ordered", day(order.placed_at), done=True),
            TimelineStep("Cancelled", _when(order.cancelled_at), done=True),
        )
    happened = (
        ("Ordered", order.placed_at),
        ("Paid", order.paid_at),
        ("Sent" if order.shipped_at else "Being packed", order.shipped_at),
    )
    open_at = next((index for index, (_, when) in enumerate(happened) if when is None), len(happened))
    way = tuple(
        TimelineStep(text, _when(when), done=when is not None, current=index == open_at)
        for index, (text, when) in enumerate(happened)
    )
    expected = f"expected {days(order.arrives_from, order.arrives_until)}"
    arrived = order.delivered_at is not None
    return (
        *way,
        TimelineStep(
            "Delivered",
            _when(order.delivered_at) or expected,
            done=arrived,
            current=not arrived and open_at == len(happened),
        ),
    )


def _when(moment: datetime | None) -> str:
    return day(moment) if moment else ""
