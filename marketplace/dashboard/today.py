"""The seller's first page: to-dos, the numbers of 30 days, the sales chart, parcels that leave next, what runs low."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from urllib.parse import quote_plus

from django.urls import reverse

from marketplace.core import dates, money
from marketplace.core.addresses import PostalAddress
from marketplace.core.hall import currency
from marketplace.core.page_parts import Badge, Link, Meta
from marketplace.core.pictures import thumbnail
from marketplace.dashboard import sales_chart
from marketplace.dashboard.pages import standing
from marketplace.dashboard.viewmodels import LowRow, ShipRow, Tile, TodayPage, Todo
from marketplace.insights import queries as insights
from marketplace.insights.matviews import SELLER_DAY
from marketplace.inventory import listings
from marketplace.orders import queries as orders
from marketplace.orders.models import Order
from marketplace.sellers.models import Seller

SHOWN = 5
_WINDOW = timedelta(days=30)


def build(seller: Seller, *, name: str, chosen: str, counts: Mapping[str, int], now: datetime) -> TodayPage:
    """Seven queries, whatever the stall's size."""
    today = now.date()
    here = reverse("dashboard:today", args=[seller.slug])
    days = insights.seller_days(
        seller_id=seller.pk,
        first=min(sales_chart.first_day(today), today - 2 * _WINDOW),
        last=today,
        currency=currency(),
    )
    leaving = orders.seller_leaving(seller_id=seller.pk, until=today)
    waiting = counts[Order.State.PAID]
    shown = orders.seller_to_ship(seller_id=seller.pk, limit=SHOWN) if waiting else []
    return TodayPage(
        meta=Meta(f"Today at {seller.name}", robots="noindex"),
        heading=f"Hello, {name.split()[0]}" if name.strip() else "Today",
        text=_what_waits(leaving, waiting),
        todo=_todo(seller, leaving=leaving, waiting=waiting),
        tiles=_tiles(days, today),
        chart=sales_chart.chart(
            days,
            chosen=chosen if chosen in sales_chart.RANGES else sales_chart.DEFAULT,
            today=today,
            as_of=insights.refreshed_at(SELLER_DAY),
            currency=currency(),
            here=here,
        ),
        to_ship=tuple(_ship_row(seller, order, today) for order in shown),
        all_to_ship=_all_to_ship(seller, waiting),
        low=tuple(_low_row(seller, *row) for row in listings.running_low(seller_id=seller.pk)),
        notes=standing(seller),
    )


def _parcels(number: int) -> str:
    return f"{number:,} parcel{'' if number == 1 else 's'}"


def _what_waits(leaving: int, waiting: int) -> str:
    if leaving:
        rest = " Everything else can wait." if waiting > leaving else ""
        return f"{_parcels(leaving)} should leave today.{rest}"
    return f"{_parcels(waiting)} to pack, none today." if waiting else "Nothing waits to be shipped."


def _todo(seller: Seller, *, leaving: int, waiting: int) -> tuple[Todo, ...]:
    """Only what is there to be done, each with the way to it."""
    to_ship = f"{reverse('dashboard:orders', args=[seller.slug])}?state={Order.State.PAID}"
    sold_out = listings.counts(seller_id=seller.pk)["sold_out"]
    found = []
    if waiting:
        verb = "leaves" if (leaving or waiting) == 1 else "leave"
        text = f"{verb} today" if leaving else "to pack"
        found.append(Todo(_parcels(leaving or waiting), text, to_ship, "package"))
    if sold_out:
        listed = f"{reverse('dashboard:products', args=[seller.slug])}?status=sold_out"
        word = "listing" if sold_out == 1 else "listings"
        found.append(Todo(f"{sold_out:,} {word}", "sold out", listed, "circle-alert"))
    return tuple(found)


def _tiles(days: Sequence[insights.DaySales], today: date) -> tuple[Tile, ...]:
    recent = [day for day in days if today - _WINDOW < day.day <= today]
    before = [day for day in days if today - 2 * _WINDOW < day.day <= today - _WINDOW]
    sales, sales_before = sum(day.sales_minor for day in recent), sum(day.sales_minor for day in before)
    number, units = sum(day.orders for day in recent), sum(day.units for day in recent)
    average = f"average {money.short(_whole(sales // number), currency())}" if number else "none yet"
    pieces = f"{units / number:.1f} per order" if number else ""
    return (
        _change(sales, sales_before),
        Tile("Orders", f"{number:,}", average),
        Tile("Things sold", f"{units:,}", pieces),
    )


def _whole(minor: int) -> int:
    """Averages are not to the cent."""
    one = money.to_minor(Decimal(1), currency())
    return round(minor / one) * one


def _change(sales: int, before: int) -> Tile:
    label, value = "Sales, last 30 days", money.short(_whole(sales), currency())
    if before <= 0:
        return Tile(label, value, "nothing in the 30 days before")
    change = round(100 * (sales - before) / before)
    if not change:
        return Tile(label, value, "as in the 30 days before")
    note = f"{abs(change):,}% on the 30 days before"
    return Tile(label, value, note, "up", "down") if change > 0 else Tile(label, value, note, "down", "up")


def _ship_row(seller: Seller, order: Order, today: date) -> ShipRow:
    lines = list(order.lines.all())
    address = PostalAddress.from_json(order.group.shipping_address)
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    return ShipRow(
        number=order.number,
        href=reverse("dashboard:order", args=[seller.slug, order.number]),
        title=lines[0].title + more,
        note=f"to {address.city}, {address.country}",
        by=_ship_by(order.ship_by, today),
        total=money.text(order.total_minor, order.group.currency),
        picture=thumbnail(lines[0].image_key),
    )


def _ship_by(day: date, today: date) -> Badge:
    if day < today:
        return Badge(f"Late since {dates.short_day(day)}", "danger", "clock")
    if day == today:
        return Badge("Today", "danger", "clock")
    if day == today + timedelta(days=1):
        return Badge("Tomorrow", "warn", "clock")
    return Badge(dates.short_day(day), "plain", "clock")


def _all_to_ship(seller: Seller, waiting: int) -> Link | None:
    if waiting <= SHOWN:
        return None
    return Link(f"All {waiting:,}", f"{reverse('dashboard:orders', args=[seller.slug])}?state={Order.State.PAID}")


def _low_row(seller: Seller, sku: str, title: str, variant: str, free: int) -> LowRow:
    listed = reverse("dashboard:products", args=[seller.slug])
    left = Badge(f"{free:,} left", "warn") if free > 0 else Badge("Sold out", "danger")
    return LowRow(f"{title}, {variant}" if variant else title, f"{listed}?q={quote_plus(sku)}", left)
