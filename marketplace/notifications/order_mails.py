"""The e-mails about a paid order, in words."""

from collections.abc import Iterable
from datetime import date
from urllib.parse import urlencode

from marketplace.catalog.models import Offer
from marketplace.core import money
from marketplace.core.addresses import PostalAddress, country_name
from marketplace.core.errors import NotFound
from marketplace.core.hall import absolute
from marketplace.notifications.mails import MailLine, MailParcel, MailSum, NewOrder, Receipt
from marketplace.orders import queries
from marketplace.orders.models import Order, OrderGroup, OrderLine

_CONDITIONS = {str(value): str(label).lower() for value, label in Offer.Condition.choices}


def receipt(*, number: str) -> tuple[str, Receipt]:
    """The buyer's address and mail; guests get a link that opens the order without an account. Raises NotFound."""
    group = _group(number)
    orders = queries.orders_of_group(group_id=group.pk)
    total = money.text(group.total_minor, group.currency)
    mail = Receipt(
        number=group.number,
        order_url=_order_url(group),
        parcels=tuple(_parcel(order, group.currency) for order in orders),
        sums=_sums(group.items_minor, group.shipping_minor, group.total_minor, group.currency),
        address=_address(group),
        payment_text=f"Paid: {total}, VAT included.",
    )
    return group.email, mail


def new_orders(*, number: str) -> list[tuple[str, NewOrder]]:
    """Address and mail of every stall in the group. Raises NotFound."""
    group = _group(number)
    to = PostalAddress.from_json(group.shipping_address)
    place = ", ".join(part for part in (to.city, country_name(to.country)) if part)
    return [
        (
            order.seller.email,
            NewOrder(
                stall=order.seller.name,
                hue=order.seller.hue,
                number=order.number,
                order_url=absolute(f"/sell/{order.seller.slug}/orders/{order.number}/"),
                buyer_place=place,
                lines=_lines(order.lines.all(), group.currency),
                sums=_sums(order.items_minor, order.shipping_minor, order.total_minor, group.currency),
                address=_address(group),
                ship_by=_day(order.ship_by),
            ),
        )
        for order in queries.orders_of_group(group_id=group.pk)
    ]


def _group(number: str) -> OrderGroup:
    group = OrderGroup.objects.filter(number=number).first()
    if group is None:
        raise NotFound(f"There is no order {number}.")
    return group


def _order_url(group: OrderGroup) -> str:
    token = "" if group.buyer_id else "?" + urlencode({"token": group.access_token})
    return absolute(f"/orders/{group.number}/{token}")


def _parcel(order: Order, currency: str) -> MailParcel:
    return MailParcel(
        stall=order.seller.name,
        hue=order.seller.hue,
        number=order.number,
        lines=_lines(order.lines.all(), currency),
        shipping=order.shipping_name,
        arrives=_days(order.arrives_from, order.arrives_until),
    )


def _lines(lines: Iterable[OrderLine], currency: str) -> tuple[MailLine, ...]:
    return tuple(MailLine(line.title, _note(line), money.text(line.total_minor, currency)) for line in lines)


def _note(line: OrderLine) -> str:
    pieces = f"{line.quantity} pieces" if line.quantity > 1 else "1 piece"
    return ", ".join(part for part in (pieces, line.variant_title, _CONDITIONS.get(line.condition, "")) if part)


def _sums(items: int, shipping: int, total: int, currency: str) -> tuple[MailSum, ...]:
    return (
        MailSum("Things", money.text(items, currency)),
        MailSum("Shipping", money.text(shipping, currency) if shipping else "Free"),
        MailSum("Total, VAT included", money.text(total, currency), total=True),
    )


def _address(group: OrderGroup) -> tuple[str, ...]:
    return tuple(PostalAddress.from_json(group.shipping_address).lines())


def _day(when: date) -> str:
    return f"{when:%a} {when.day} {when:%b}"


def _days(first: date, last: date) -> str:
    return _day(first) if first == last else f"{_day(first)} to {_day(last)}"
