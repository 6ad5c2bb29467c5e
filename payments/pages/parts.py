"""What several pages share: steps, lines, sums and the summary beside the checkout."""

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse

from marketplace.carts.snapshot import CartSnapshot, SnapshotLine, SnapshotParcel
from marketplace.catalog.models import Offer
from marketplace.core import money
from marketplace.core.page_parts import SumRow
from marketplace.core.pictures import thumbnail
from marketplace.orders.models import Order, OrderGroup, OrderLine
from marketplace.storefront import links
from marketplace.storefront.formats import days, listed, picture
from payments.viewmodels import StepLink, Summary, SummaryLine, SummaryParcel


def clock(when: datetime) -> str:
    """ "10:42 UTC"."""
    return f"{when:%H:%M} UTC"


def steps(*, current: int, reached: int) -> tuple[StepLink, ...]:
    """The four steps; ``reached`` is the last one that can be opened (0 is the cart)."""
    all_steps = [
        ("Cart", links.CART),
        ("Address", reverse("checkout")),
        ("Shipping", reverse("checkout_shipping")),
        ("Payment", ""),
    ]
    return tuple(
        StepLink(text, href=href if index <= reached else "", current=index == current)
        for index, (text, href) in enumerate(all_steps)
    )


def line_note(quantity: int, variant: str, condition: str) -> str:
    """ "2 pieces, large, like new"."""
    count = f"{quantity} pieces" if quantity > 1 else "1 piece"
    return listed((count, variant, Offer.Condition(condition).label.lower()))


def cart_summary(snapshot: CartSnapshot, *, now: datetime) -> Summary:
    """What is in the cart, by stall, and what it comes to."""
    return Summary(
        parcels=tuple(_cart_parcel(parcel, snapshot.currency, now=now) for parcel in snapshot.parcels),
        rows=sums(snapshot.items_minor, snapshot.shipping_minor, snapshot.currency),
    )


def _cart_parcel(parcel: SnapshotParcel, currency: str, *, now: datetime) -> SummaryParcel:
    arrival = parcel.shipping.arrival(now) if parcel.shipping else None
    return SummaryParcel(
        stall_name=parcel.seller_name,
        hue=parcel.seller_hue,
        lines=cart_lines(parcel.lines, currency),
        shipping=f"arrives {days(arrival.earliest, arrival.latest)}" if arrival else "",
    )


def cart_lines(lines: Iterable[SnapshotLine], currency: str) -> tuple[SummaryLine, ...]:
    """The lines of a cart's parcel."""
    return tuple(
        SummaryLine(
            title=line.title,
            price=money.text(line.total_minor, currency),
            note=line_note(line.quantity, line.variant_title, line.condition),
            picture=picture(line.image.key, line.image.width, line.image.height) if line.image else None,
        )
        for line in lines
    )


def order_lines(lines: Iterable[OrderLine], currency: str) -> tuple[SummaryLine, ...]:
    """The frozen lines of an order."""
    return tuple(
        SummaryLine(
            title=line.title,
            price=money.text(line.total_minor, currency),
            note=line_note(line.quantity, line.variant_title, line.condition),
            picture=thumbnail(line.image_key),
        )
        for line in lines
    )


def group_summary(group: OrderGroup, orders: Iterable[Order]) -> Summary:
    """What was ordered, by stall, and what it comes to."""
    parcels = tuple(
        SummaryParcel(
            stall_name=order.seller.name,
            hue=order.seller.hue,
            lines=order_lines(order.lines.all(), group.currency),
            shipping=f"arrives {days(order.arrives_from, order.arrives_until)}",
        )
        for order in orders
    )
    return Summary(parcels, sums(group.items_minor, group.shipping_minor, group.currency))


def sums(items_minor: int, shipping_minor: int, currency: str) -> tuple[SumRow, ...]:
    """Things, shipping and the total, value-added tax included."""
    shipping = money.text(shipping_minor, currency) if shipping_minor else "free"
    return (
        SumRow("Things", money.text(items_minor, currency)),
        SumRow("Shipping", shipping),
        SumRow("Total, VAT included", money.text(items_minor + shipping_minor, currency), total=True),
    )
