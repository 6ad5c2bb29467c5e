"""A year of orders: placed, paid, shipped and delivered as their age says, with the books and the stock to match."""

import hashlib
import secrets
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from config.embedded.seed.goods import BATCH, Goods
from marketplace.accounts.models import User
from marketplace.core.addresses import PostalAddress
from marketplace.core.ids import ALPHABET
from marketplace.imports.demo import catalogue as demo
from marketplace.inventory.models import StockMovement, StockReservation
from marketplace.orders.models import Order, OrderEvent, OrderGroup, OrderLine
from payments.bodies import payment_body
from payments.models import Payment, PaymentAllocation

CURRENCY = "EUR"
_NAMESPACE = uuid.UUID("6f1d7c8e-52c4-4f43-9e55-0d2a6f0b7c11")


@dataclass
class Rows:
    """What the year comes to, table by table."""

    groups: list[OrderGroup] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    lines: list[OrderLine] = field(default_factory=list)
    events: list[OrderEvent] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    allocations: list[PaymentAllocation] = field(default_factory=list)
    reservations: list[StockReservation] = field(default_factory=list)
    movements: list[StockMovement] = field(default_factory=list)


def number(prefix: str, *parts: object) -> str:
    """The same number for the same parts, in the form of ``core.ids.new_number``."""
    digest = hashlib.sha256(":".join(map(str, parts)).encode()).digest()
    letters = "".join(ALPHABET[byte % 32] for byte in digest[:10])
    return f"{prefix}-{letters[:5]}-{letters[5:]}"


class Year:
    """Turns baskets into rows."""

    def __init__(self, hall: demo.Catalogue, goods: Goods, buyers: list[User], *, now: datetime) -> None:
        self.hall, self.goods, self.buyers, self.now = hall, goods, buyers, now
        self.rows = Rows()
        self.sold: Counter[str] = Counter()
        self.pictures = first_pictures()

    def add(self, index: int, basket: demo.Basket) -> None:
        """One checkout, paid five minutes after it was placed."""
        person, user = self.hall.buyers[basket.buyer], self.buyers[basket.buyer]
        items = sum(line.quantity * line.unit_price_cents for parcel in basket.parcels for line in parcel.lines)
        shipping = sum(parcel.shipping_cents for parcel in basket.parcels)
        paid_at = basket.placed_at + timedelta(minutes=5)
        address = PostalAddress(person.name, person.street, "", person.postcode, person.city, "", person.country)
        group = OrderGroup(
            number=number("A", index, basket.placed_at),
            buyer=user,
            email=user.email,
            shipping_address=address.to_json(),
            currency=CURRENCY,
            items_minor=items,
            shipping_minor=shipping,
            total_minor=items + shipping,
            state=OrderGroup.State.PAID,
            access_token=secrets.token_urlsafe(32),
            cart_fingerprint=hashlib.sha256(f"{index}:{user.email}".encode()).hexdigest(),
            placed_at=basket.placed_at,
            expires_at=basket.placed_at + timedelta(minutes=15),
            paid_at=paid_at,
        )
        payment = Payment(
            id=uuid.uuid5(_NAMESPACE, group.number),
            group=group,
            amount_minor=group.total_minor,
            captured_minor=group.total_minor,
            currency=CURRENCY,
            state=Payment.State.SUCCEEDED,
            due_at=paid_at,
            created_at=basket.placed_at,
            succeeded_at=paid_at,
        )
        payment.request = payment_body(payment, group)
        self.rows.groups.append(group)
        self.rows.payments.append(payment)
        for parcel in basket.parcels:
            self._parcel(group, payment, parcel, index)

    def _parcel(self, group: OrderGroup, payment: Payment, parcel: demo.Parcel, index: int) -> None:
        items = sum(line.quantity * line.unit_price_cents for line in parcel.lines)
        order = Order(
            number=number("P", index, parcel.stall, group.placed_at),
            group=group,
            seller=self.goods.sellers[parcel.stall],
            items_minor=items,
            shipping_minor=parcel.shipping_cents,
            total_minor=items + parcel.shipping_cents,
            placed_at=group.placed_at,
            paid_at=group.paid_at,
            **self._way(parcel, group),
        )
        self.rows.orders.append(order)
        self.rows.allocations.append(PaymentAllocation(payment=payment, order=order, amount_minor=order.total_minor))
        self._events(order)
        for line in parcel.lines:
            self._line(group, order, line)

    def _way(self, parcel: demo.Parcel, group: OrderGroup) -> dict[str, object]:
        """Shipping, its dates, and how far the parcel has come by now."""
        option = next(
            o for s in self.hall.stalls if s.slug == parcel.stall for o in s.shipping if o.code == parcel.shipping_code
        )
        seller = self.goods.sellers[parcel.stall]
        rate = option.rate(demo.country_group(seller.country, group.shipping_address["country"]))
        days = (rate.days_min, rate.days_max) if rate else (3, 6)
        ship_by = workday(group.placed_at.date() + timedelta(days=seller.dispatch_days_max))
        arrives = [workday(ship_by + timedelta(days=extra)) for extra in days]
        shipped_at = datetime.combine(ship_by, group.placed_at.timetz())
        delivered_at = datetime.combine(arrives[1], group.placed_at.timetz())
        values: dict[str, object] = {
            "shipping_name": option.name,
            "ship_by": ship_by,
            "arrives_from": arrives[0],
            "arrives_until": arrives[1],
            "state": Order.State.PAID,
        }
        if shipped_at < self.now:
            tracking = number("T", group.number, parcel.stall).replace("-", "")
            values |= {"state": Order.State.SHIPPED, "shipped_at": shipped_at, "tracking_number": tracking}
        if delivered_at < self.now:
            values |= {"state": Order.State.DELIVERED, "delivered_at": delivered_at}
        return values

    def _events(self, order: Order) -> None:
        seller = f"seller:{order.seller_id}"
        for kind, actor, at in (
            ("placed", "buyer", order.placed_at),
            ("paid", "payment", order.paid_at),
            ("shipped", seller, order.shipped_at),
            ("delivered", "system", order.delivered_at),
        ):
            if at:
                self.rows.events.append(OrderEvent(order=order, kind=kind, actor=actor, created_at=at))

    def _line(self, group: OrderGroup, order: Order, line: demo.BasketLine) -> None:
        offer = self.goods.offers[line.offer_sku]
        product = offer.variant.product
        self.sold[line.offer_sku] += line.quantity
        self.rows.lines.append(
            OrderLine(
                order=order,
                offer=offer,
                title=product.title,
                variant_title=offer.variant.title,
                sku=offer.sku,
                condition=offer.condition,
                product_slug=product.slug,
                image_key=self.pictures.get(product.pk, ""),
                unit_price_minor=line.unit_price_cents,
                quantity=line.quantity,
                total_minor=line.unit_price_cents * line.quantity,
            )
        )
        self.rows.reservations.append(
            StockReservation(
                stock_item_id=offer.pk,
                reference=group.number,
                quantity=line.quantity,
                state=StockReservation.State.COMMITTED,
                created_at=group.placed_at,
                expires_at=group.expires_at,
                closed_at=group.paid_at,
            )
        )
        self.rows.movements.append(
            StockMovement(
                stock_item_id=offer.pk,
                kind=StockMovement.Kind.SOLD,
                quantity=-line.quantity,
                reference=group.number,
                created_at=group.paid_at or group.placed_at,
            )
        )

    def write(self) -> None:
        """Stores every row but the money's, in the order in which they refer to each other."""
        received = [
            StockMovement(
                stock_item_id=self.goods.offers[offer.sku].pk,
                kind=StockMovement.Kind.RECEIVED,
                quantity=offer.stock + self.sold[offer.sku],
                reference="opening",
                created_at=self.goods.offers[offer.sku].created_at,
            )
            for offer in self.hall.offers
            if offer.stock + self.sold[offer.sku]
        ]
        OrderGroup.objects.bulk_create(self.rows.groups, batch_size=BATCH)
        Order.objects.bulk_create(self.rows.orders, batch_size=BATCH)
        OrderLine.objects.bulk_create(self.rows.lines, batch_size=BATCH)
        OrderEvent.objects.bulk_create(self.rows.events, batch_size=BATCH)
        StockReservation.objects.bulk_create(self.rows.reservations, batch_size=BATCH)
        StockMovement.objects.bulk_create([*received, *self.rows.movements], batch_size=BATCH)


def first_pictures() -> dict[int, str]:
    """The key of each product's first picture."""
    from marketplace.catalog.models import ProductImage

    rows = ProductImage.objects.filter(variant=None, position=0).values_list("product_id", "key")
    return dict(rows)


def workday(day: date) -> date:
    """The day, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0)
