"""Reads of orders: the buyer's, a guest's by token, and a stall's behind one door. Lists go on from a cursor."""

import base64
import binascii
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Generic, TypeVar

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from marketplace.core.errors import NotFound
from marketplace.core.ids import normal_number
from marketplace.orders.errors import BadCursor
from marketplace.orders.models import Order, OrderEvent, OrderGroup, OrderLine

R = TypeVar("R", Order, OrderGroup)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page in a list that runs from new to old."""

    placed_at: datetime
    pk: int

    def text(self) -> str:
        """As a URL carries it."""
        return base64.urlsafe_b64encode(f"{self.placed_at.isoformat()}|{self.pk}".encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """The cursor that ``text`` wrote. Raises BadCursor."""
        try:
            when, _, pk = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition("|")
            placed_at = datetime.fromisoformat(when)
            # The database knows no moment outside the years 1 to 9999, in UTC.
            cursor = cls(placed_at.astimezone(UTC), int(pk))
        except (ValueError, binascii.Error, OverflowError):
            raise BadCursor from None
        if placed_at.tzinfo is None or not 0 <= cursor.pk < 2**63:
            raise BadCursor
        return cursor


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """``after`` is the cursor of the next page, None on the last."""

    rows: tuple[R, ...]
    after: Cursor | None


def group_for_buyer(*, number: str, buyer_id: int) -> OrderGroup:
    """A group of this account, by the number as a person types it. Raises NotFound, also for other people's."""
    group = OrderGroup.objects.filter(number=normal_number(number), buyer_id=buyer_id).first()
    if group is None:
        raise NotFound("There is no such order.")
    return group


def group_by_token(*, number: str, token: str) -> OrderGroup:
    """A guest's group for whoever holds its token, compared in constant time. Raises NotFound."""
    group = OrderGroup.objects.filter(number=normal_number(number), buyer__isnull=True).first()
    # An unknown number is compared too: the time says nothing about which numbers exist.
    expected = group.access_token if group else secrets.token_urlsafe(32)
    if not secrets.compare_digest(expected.encode(), token.encode()) or group is None:
        raise NotFound("There is no such order.")
    return group


def orders_of_group(*, group_id: int) -> list[Order]:
    """The group's orders with stall, lines and events, in three queries."""
    events = Prefetch("events", OrderEvent.objects.order_by("pk"))
    lines = Prefetch("lines", OrderLine.objects.order_by("pk"))
    orders = Order.objects.filter(group_id=group_id).select_related("seller").order_by("pk")
    return list(orders.prefetch_related(lines, events))


def buyer_groups(
    *, buyer_id: int, states: Collection[str] = (), after: Cursor | None = None, limit: int = 20
) -> Page[OrderGroup]:
    """An account's groups with orders, stalls and lines, newest first, in three queries; ``states`` narrows them."""
    groups = OrderGroup.objects.filter(buyer_id=buyer_id)
    if states:
        groups = groups.filter(state__in=states)
    orders = Prefetch("orders", Order.objects.select_related("seller").order_by("pk"))
    lines = Prefetch("orders__lines", OrderLine.objects.order_by("pk"))
    return _page(groups.prefetch_related(orders, lines), after, limit)


def of_seller(seller_id: int) -> "QuerySet[Order]":
    """The one door to a stall's orders: what is somebody else's, or was never paid, is not there."""
    return Order.objects.filter(seller_id=seller_id, paid_at__isnull=False)


def seller_order(*, seller_id: int, number: str) -> Order:
    """An order of this stall with its group, lines and events. Raises NotFound."""
    events = Prefetch("events", OrderEvent.objects.order_by("pk"))
    lines = Prefetch("lines", OrderLine.objects.order_by("pk"))
    orders = of_seller(seller_id).filter(number=normal_number(number)).select_related("group", "seller")
    order = orders.prefetch_related(lines, events).first()
    if order is None:
        raise NotFound("There is no such order.")
    return order


def seller_orders(
    *, seller_id: int, state: str = "", search: str = "", after: Cursor | None = None, limit: int = 25
) -> Page[Order]:
    """A stall's orders with group and lines, newest first, in two queries.

    ``state`` is an Order.State or "" for all; ``search`` finds the start of a number, the recipient, a title or a SKU.
    """
    orders = of_seller(seller_id)
    if state:
        orders = orders.filter(state=state)
    if words := search.strip():
        orders = orders.filter(_matches(words))
    lines = Prefetch("lines", OrderLine.objects.order_by("pk"))
    return _page(orders.select_related("group").prefetch_related(lines), after, limit)


def seller_to_ship(*, seller_id: int, limit: int) -> list[Order]:
    """A stall's paid orders with group and lines, those that must leave first come first. Two queries."""
    lines = Prefetch("lines", OrderLine.objects.order_by("pk"))
    waiting = of_seller(seller_id).filter(state=Order.State.PAID).select_related("group").prefetch_related(lines)
    return list(waiting.order_by("ship_by", "pk")[:limit])


def seller_leaving(*, seller_id: int, until: date) -> int:
    """How many of a stall's paid orders are to be sent by that day. One query."""
    return of_seller(seller_id).filter(state=Order.State.PAID, ship_by__lte=until).count()


def seller_counts(*, seller_id: int) -> Mapping[str, int]:
    """How many of a stall's orders are in each state, those with none included. One query."""
    counted = of_seller(seller_id).order_by().values("state").annotate(orders=Count("pk"))
    found = dict(counted.values_list("state", "orders"))
    return {state: found.get(state, 0) for state in Order.State.values if state != Order.State.PENDING}


def _matches(words: str) -> Q:
    number = normal_number(words)
    line = OrderLine.objects.filter(Q(title__icontains=words) | Q(sku__icontains=words), order=OuterRef("pk"))
    return (
        Q(number__startswith=number)
        | Q(group__number__startswith=number)
        | Q(group__shipping_address__name__icontains=words)
        | Q(Exists(line))
    )


def _page(rows: "QuerySet[R]", after: Cursor | None, limit: int) -> Page[R]:
    if after is not None:
        rows = rows.filter(placed_at__lte=after.placed_at)
        rows = rows.filter(Q(placed_at__lt=after.placed_at) | Q(pk__lt=after.pk))
    found = list(rows.order_by("-placed_at", "-pk")[: limit + 1])
    shown = tuple(found[:limit])
    more = len(found) > limit
    return Page(shown, Cursor(shown[-1].placed_at, shown[-1].pk) if more else None)
