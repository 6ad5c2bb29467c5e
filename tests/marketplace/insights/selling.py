"""Sales of any day, written as they stand after they were paid for."""

from datetime import datetime
from itertools import count
from typing import Any

from django.db import connection

from marketplace.catalog.models import Offer
from marketplace.insights.models import ViewState
from marketplace.orders.models import Order, OrderGroup, OrderLine
from tests.marketplace.carts.baskets import VIENNA

_number = count(1)
SHIPPING = 490


def a_group(*, total_minor: int, paid_at: datetime | None, currency: str = "EUR") -> OrderGroup:
    number = next(_number)
    return OrderGroup.objects.create(
        number=f"A-SOLD-{number:05d}",
        email="mira@example.test",
        shipping_address=VIENNA.to_json(),
        currency=currency,
        items_minor=total_minor,
        shipping_minor=0,
        total_minor=total_minor,
        state=OrderGroup.State.PAID if paid_at else OrderGroup.State.PENDING,
        access_token="token",
        cart_fingerprint=f"{number}",
        placed_at=paid_at or datetime(2026, 1, 1).astimezone(),
        expires_at=paid_at or datetime(2026, 1, 1).astimezone(),
        paid_at=paid_at,
    )


def a_sale(
    offer: Offer,
    *,
    paid_at: datetime | None,
    quantity: int = 1,
    state: str = Order.State.PAID,
    group: OrderGroup | None = None,
    currency: str = "EUR",
) -> Order:
    """An order of one line; shipping is 4.90. Without ``paid_at`` it waits for its payment."""
    items = offer.price_minor * quantity
    group = group or a_group(total_minor=items + SHIPPING, paid_at=paid_at, currency=currency)
    order = Order.objects.create(
        number=f"P-SOLD-{next(_number):05d}",
        group=group,
        seller_id=offer.seller_id,
        state=state if paid_at else Order.State.PENDING,
        items_minor=items,
        shipping_minor=SHIPPING,
        total_minor=items + SHIPPING,
        shipping_name="Standard",
        arrives_from=group.placed_at.date(),
        arrives_until=group.placed_at.date(),
        ship_by=group.placed_at.date(),
        placed_at=group.placed_at,
        paid_at=paid_at,
    )
    OrderLine.objects.create(
        order=order,
        offer=offer,
        title=offer.variant.product.title,
        sku=offer.sku,
        condition=offer.condition,
        product_slug=offer.variant.product.slug,
        unit_price_minor=offer.price_minor,
        quantity=quantity,
        total_minor=items,
    )
    return order


def state_of(name: str) -> ViewState:
    return ViewState.objects.get(name=name)


def ask(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())
