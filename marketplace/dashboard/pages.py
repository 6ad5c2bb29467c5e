"""Builds the seller's pages: one function per page, a fixed number of queries each."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.urls import reverse

from marketplace.catalog.models import Offer, Product
from marketplace.core import dates, money
from marketplace.core.addresses import PostalAddress
from marketplace.core.hall import currency
from marketplace.core.page_parts import (
    Act,
    Badge,
    BadgeTone,
    Crumb,
    EmptyState,
    Field,
    Hidden,
    Link,
    Meta,
    Note,
    PageLink,
    SumRow,
    TimelineStep,
)
from marketplace.core.pictures import thumbnail
from marketplace.dashboard.viewmodels import (
    SellerOrderLine,
    SellerOrderPage,
    SellerOrderRow,
    SellerOrdersPage,
    SellerProductRow,
    SellerProductsPage,
    SellerShell,
)
from marketplace.inventory import listings
from marketplace.orders import queries as orders
from marketplace.orders.models import Order, OrderLine
from marketplace.sellers import queries as sellers
from marketplace.sellers.models import Seller

State = Order.State
PER_PAGE = 25
_STATES: Mapping[str, tuple[str, BadgeTone, str]] = {
    State.PAID: ("To ship", "warn", "clock"),
    State.SHIPPED: ("On its way", "info", "truck"),
    State.DELIVERED: ("Delivered", "drop", "check"),
    State.CANCELLED: ("Cancelled", "plain", "x"),
}
_OFFERS: Mapping[str, tuple[str, BadgeTone]] = {
    Offer.Status.ACTIVE: ("For sale", "drop"),
    Offer.Status.PAUSED: ("Paused", "plain"),
    Offer.Status.ARCHIVED: ("Archived", "plain"),
}


def shell(seller: Seller, *, user_id: int, current: str, to_ship: int, search: str = "") -> SellerShell:
    """What stands around every page of a stall. One query, for the person's other stalls."""
    links = (("today", "Today", "store"), ("orders", "Orders", "package"), ("products", "Listings", "tag"))
    found = current if current in ("orders", "products") else "orders"
    return SellerShell(
        stall_name=seller.name,
        hue=seller.hue,
        home_href=reverse("dashboard:today", args=[seller.slug]),
        nav=tuple(
            Link(
                text,
                reverse(f"dashboard:{name}", args=[seller.slug]),
                current=name == current,
                count=str(to_ship) if name == "orders" and to_ship else "",
                icon=icon,
            )
            for name, text, icon in links
        ),
        stall_href=f"/stall/{seller.slug}/" if seller.status == Seller.Status.APPROVED else "",
        search_action=reverse(f"dashboard:{found}", args=[seller.slug]),
        search_label="Search your listings" if found == "products" else "Search your orders",
        search_text=search,
        stalls=tuple(
            Link(name, reverse("dashboard:today", args=[slug]))
            for slug, name in sellers.stalls_of(user_id)
            if slug != seller.slug
        ),
    )


def standing(seller: Seller) -> tuple[Note, ...]:
    """What a stall that does not trade must know."""
    if seller.status == Seller.Status.APPLIED:
        return (Note("Your stall waits for approval. You can prepare it; buyers see it once it is approved.", "info"),)
    if seller.status == Seller.Status.SUSPENDED:
        return (Note("Your stall is suspended: nobody can buy from it. Please write to the operators.", "danger"),)
    return ()


def orders_page(
    seller: Seller, *, state: str, search: str, after: orders.Cursor | None, counts: Mapping[str, int]
) -> SellerOrdersPage:
    """The stall's orders, newest first. Two queries."""
    here = reverse("dashboard:orders", args=[seller.slug])
    page = orders.seller_orders(seller_id=seller.pk, state=state, search=search, after=after, limit=PER_PAGE)
    total = counts[state] if state else sum(counts.values())
    query = {key: value for key, value in (("state", state), ("q", search)) if value}
    following: tuple[PageLink, ...] = ()
    if page.after:
        following = (PageLink("Older orders", f"{here}?{urlencode(query | {'after': page.after.text()})}", rel="next"),)
    return SellerOrdersPage(
        meta=Meta(f"Orders of {seller.name}", robots="noindex"),
        heading="Orders",
        text=_waiting(counts[State.PAID]),
        rows=tuple(_order_row(seller, order) for order in page.rows),
        result_text="" if search else f"{total:,} order{'' if total == 1 else 's'}",
        tabs=_order_tabs(here, counts, state),
        pages=following,
        notes=standing(seller),
        empty=None if page.rows else _no_orders(seller, narrowed=bool(state or search), here=here),
    )


def _waiting(to_ship: int) -> str:
    if not to_ship:
        return "Nothing waits to be shipped."
    return f"{to_ship:,} parcel{' waits' if to_ship == 1 else 's wait'} to be shipped."


def _order_tabs(here: str, counts: Mapping[str, int], state: str) -> tuple[Link, ...]:
    every = Link("All", here, current=not state, count=f"{sum(counts.values()):,}")
    states = (State.PAID, State.SHIPPED, State.DELIVERED)
    return (
        every,
        *(Link(_STATES[s][0], f"{here}?state={s}", current=s == state, count=f"{counts[s]:,}") for s in states),
    )


def _no_orders(seller: Seller, *, narrowed: bool, here: str) -> EmptyState:
    if narrowed:
        return EmptyState("No order matches", "Try another word, or look at all orders.", (Link("All orders", here),))
    text = "They appear here as soon as they are paid. You also get an e-mail for each."
    listing = Link("Your listings", reverse("dashboard:products", args=[seller.slug]))
    return EmptyState("No orders yet", text, (listing,), icon="package")


def state_badge(state: str) -> Badge:
    """A state of an order in the seller's words."""
    return Badge(*_STATES[state])


def _order_row(seller: Seller, order: Order) -> SellerOrderRow:
    lines = list(order.lines.all())
    address = PostalAddress.from_json(order.group.shipping_address)
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    return SellerOrderRow(
        number=order.number,
        href=reverse("dashboard:order", args=[seller.slug, order.number]),
        title=lines[0].title + more,
        placed=dates.moment(order.placed_at),
        state=state_badge(order.state),
        total=money.text(order.total_minor, order.group.currency),
        note=f"to {address.city}, {address.country}",
        picture=thumbnail(lines[0].image_key),
    )


def order_page(seller: Seller, order: Order, *, errors: Mapping[str, str], typed: Mapping[str, str]) -> SellerOrderPage:
    """One order with what may be done now. No queries: ``order`` comes with its group, lines and events."""
    currency = order.group.currency
    address = PostalAddress.from_json(order.group.shipping_address)
    ships = order.state == State.PAID
    here = reverse("dashboard:order", args=[seller.slug, order.number])
    delivered = Act("It has arrived", here, (Hidden("action", "deliver"),), tone="primary", icon="check")
    return SellerOrderPage(
        meta=Meta(f"Order {order.number}", robots="noindex"),
        number=order.number,
        placed=dates.moment(order.placed_at),
        state=state_badge(order.state),
        lines=tuple(_line(line, currency) for line in order.lines.all()),
        sums=(
            SumRow("Things", money.text(order.items_minor, currency)),
            SumRow(order.shipping_name, money.text(order.shipping_minor, currency)),
            SumRow("Total, VAT included", money.text(order.total_minor, currency), total=True),
        ),
        timeline=_timeline(order),
        address=tuple(address.lines()),
        buyer=address.name,
        buyer_email=order.group.email,
        crumbs=(Crumb("Orders", reverse("dashboard:orders", args=[seller.slug])),),
        actions=(delivered,) if order.state == State.SHIPPED else (),
        notes=standing(seller),
        payment_text=f"Paid {dates.moment(order.paid_at)}" if order.paid_at else "",
        ship_action=here if ships else "",
        ship_fields=_ship_fields(errors, typed) if ships else (),
    )


def _ship_fields(errors: Mapping[str, str], typed: Mapping[str, str]) -> tuple[Field, ...]:
    asked = (("carrier", "Carrier", 60), ("tracking", "Tracking number", 80))
    return tuple(
        Field(
            name,
            label,
            value=typed.get(name, ""),
            required=False,
            maxlength=length,
            errors=(errors[name],) if name in errors else (),
            width="half",
        )
        for name, label, length in asked
    )


def _line(line: OrderLine, currency: str) -> SellerOrderLine:
    condition = Offer.Condition(line.condition).label
    return SellerOrderLine(
        title=line.title,
        sku=line.sku,
        quantity=f"{line.quantity:,}",
        unit="piece" if line.quantity == 1 else "pieces",
        unit_price=money.text(line.unit_price_minor, currency),
        total=money.text(line.total_minor, currency),
        href=f"/p/{line.product_slug}/",
        note=", ".join(part for part in (line.variant_title, condition) if part),
        picture=thumbnail(line.image_key),
    )


def _timeline(order: Order) -> tuple[TimelineStep, ...]:
    sent = "Shipped" if order.shipped_at else "To be sent"
    if order.tracking_number:
        tracking = " ".join(part for part in (order.tracking_carrier, order.tracking_number) if part)
        sent = f"Shipped, {tracking}"
    steps = [("Paid", order.paid_at), (sent, order.shipped_at), ("Delivered", order.delivered_at)]
    if order.state == State.CANCELLED:
        steps = [("Paid", order.paid_at), ("Cancelled", order.cancelled_at)]
    current = next((index for index, (_, at) in enumerate(steps) if at is None), -1)
    return tuple(
        TimelineStep(text, dates.moment(at) if at else "", done=at is not None, current=index == current)
        for index, (text, at) in enumerate(steps)
    )


def products_page(
    seller: Seller, *, status: str, search: str, number: int, counts: Mapping[str, int], matching: int
) -> SellerProductsPage:
    """The stall's offers with their stock. One query."""
    here = reverse("dashboard:products", args=[seller.slug])
    rows = listings.listings(
        seller_id=seller.pk, status=status, search=search, offset=(number - 1) * PER_PAGE, limit=PER_PAGE
    )
    query = {key: value for key, value in (("status", status), ("q", search)) if value}
    last = max(1, -(-matching // PER_PAGE))
    return SellerProductsPage(
        meta=Meta(f"Listings of {seller.name}", robots="noindex"),
        heading="Listings",
        rows=tuple(_product_row(row) for row in rows),
        result_text=f"{matching:,} listing{'' if matching == 1 else 's'}",
        tabs=_listing_tabs(here, counts, status),
        pages=_pages(here, query, number, last),
        notes=standing(seller),
        empty=None if rows else _no_listings(narrowed=bool(status or search), here=here),
    )


def _listing_tabs(here: str, counts: Mapping[str, int], status: str) -> tuple[Link, ...]:
    listed = counts["active"] + counts["paused"]
    named = (("active", "For sale"), ("sold_out", "Sold out"), ("paused", "Paused"), ("archived", "Archived"))
    return (
        Link("All", here, current=not status, count=f"{listed:,}"),
        *(Link(text, f"{here}?status={key}", current=key == status, count=f"{counts[key]:,}") for key, text in named),
    )


def _no_listings(*, narrowed: bool, here: str) -> EmptyState:
    if narrowed:
        return EmptyState("No listing matches", "Try another word, or look at all.", (Link("All listings", here),))
    text = "Import a Shopify or WooCommerce export with: manage.py import_products FILE --seller YOUR-STALL"
    return EmptyState("Nothing listed yet", text, icon="tag")


def _pages(here: str, query: dict[str, str], number: int, last: int) -> tuple[PageLink, ...]:
    """Previous, up to five numbers around the open page, next."""
    if last == 1:
        return ()

    def href(page: int) -> str:
        return f"{here}?{urlencode(query | {'page': str(page)})}"

    around = range(max(1, number - 2), min(last, number + 2) + 1)
    links = [PageLink(str(page), href(page), current=page == number) for page in around]
    before = [PageLink("Previous", href(number - 1), rel="prev")] if number > 1 else []
    behind = [PageLink("Next", href(number + 1), rel="next")] if number < last else []
    return (*before, *links, *behind)


def _product_row(row: listings.Listing) -> SellerProductRow:
    free = row.on_hand - row.reserved
    tone: BadgeTone = "danger" if free == 0 else "warn" if free <= 5 else "plain"
    state = Badge(*_OFFERS[row.status])
    if row.product_status != Product.Status.ACTIVE:
        state = Badge(Product.Status(row.product_status).label)
    condition = Offer.Condition(row.condition).label
    return SellerProductRow(
        title=row.title,
        href=f"/p/{row.slug}/",
        sku=row.sku,
        price=money.text(row.price_minor, currency()),
        stock=Badge(f"{free:,} free" if free else "Sold out", tone),
        state=state,
        note=", ".join(part for part in (row.variant, condition) if part),
        held=f"{row.reserved:,} held in checkouts" if row.reserved else "",
        picture=thumbnail(row.image_key),
    )
