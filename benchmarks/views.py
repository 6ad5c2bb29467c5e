"""Materialized views: what an order's write costs with the refresh in its transaction and without, and during a refresh.

300,000 orders of a year from 200 stalls. Both ways of writing take turns in one run.
"""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count

from benchmarks.entries import Entry, at_least, at_most, p50, p95

NAMES = ("views.",)
PRODUCTS, ORDERS = 20_000, 300_000
# Rounds of each figure, writes of ours per round.
ROUNDS, WRITES = 5, 60

_HISTORY = """
CREATE TEMP TABLE drawn ON COMMIT DROP AS
SELECT n, offer.id AS offer_id, offer.seller_id, offer.price_minor, now() - (n %% 365) * interval '1 day' AS at
FROM generate_series(1, %(orders)s) AS n
JOIN (SELECT row_number() OVER (ORDER BY id) AS place, id, seller_id, price_minor FROM catalog_offer) offer
  ON offer.place = 1 + (n::bigint * 7919) %% %(offers)s;
INSERT INTO orders_ordergroup (id, number, email, phone, shipping_address, currency, items_minor, shipping_minor,
    total_minor, state, access_token, cart_fingerprint, placed_at, expires_at, paid_at)
SELECT n, 'A-' || n, 'buyer@example.test', '', '{}', 'EUR', price_minor, 0, price_minor, 'paid', '', '', at, at, at FROM drawn;
INSERT INTO orders_order (id, number, group_id, seller_id, state, items_minor, shipping_minor, total_minor, shipping_name,
    arrives_from, arrives_until, ship_by, tracking_carrier, tracking_number, placed_at, paid_at)
SELECT n, 'P-' || n, n, seller_id, 'delivered', price_minor, 0, price_minor, '', at, at, at, '', '', at, at FROM drawn;
INSERT INTO orders_orderline (order_id, offer_id, title, variant_title, sku, condition, product_slug, image_key,
    unit_price_minor, quantity, total_minor)
SELECT n, offer_id, '', '', '', 'new', '', '', price_minor, 1, price_minor FROM drawn;
SELECT setval(pg_get_serial_sequence('orders_ordergroup', 'id'), %(orders)s + 1),
       setval(pg_get_serial_sequence('orders_order', 'id'), %(orders)s + 1);
"""
_INLINE = ("insights_seller_day", "insights_product", "insights_market")


def run() -> dict[str, Entry]:
    """Ratios of 95th percentiles, and beside them how long a refresh of all views takes."""
    from benchmarks.data.catalogue import catalogue_of

    with catalogue_of(PRODUCTS):
        _history()
        write = _writer()
        for _ in range(20):
            write(())
        took = _refreshed()
        return {**_inline(write), **_during(write), **took}


def _history() -> None:
    from django.db import connection, transaction

    from marketplace.catalog.models import Offer
    from marketplace.orders.models import Order

    if Order.objects.exists():
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_HISTORY, {"orders": ORDERS, "offers": Offer.objects.count()})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _writer() -> Callable[[tuple[str, ...]], float]:
    """Writes one paid order with its fact, and refreshes these views in the same transaction; returns milliseconds."""
    from django.db import connection, transaction

    from marketplace.catalog.models import Offer
    from marketplace.core import events
    from marketplace.orders.models import Order, OrderGroup, OrderLine

    offer = Offer.objects.order_by("pk")[0]
    numbers = count(time.time_ns() // 1000)
    price = offer.price_minor

    def write(views: tuple[str, ...]) -> float:
        number, now = next(numbers), datetime.now(UTC)
        money = {"items_minor": price, "shipping_minor": 0, "total_minor": price, "placed_at": now, "paid_at": now}
        begin = time.perf_counter()
        with transaction.atomic():
            group = OrderGroup.objects.create(
                number=f"A-{number}", email="b@example.test", shipping_address={}, currency="EUR",
                state="paid", access_token="", cart_fingerprint="", expires_at=now, **money,
            )  # fmt: skip
            order = Order.objects.create(
                number=f"P-{number}", group=group, seller_id=offer.seller_id, state="paid", shipping_name="",
                arrives_from=now.date(), arrives_until=now.date(), ship_by=now.date(), **money,
            )  # fmt: skip
            OrderLine.objects.create(
                order=order, offer=offer, title="", sku="", condition="new", product_slug="",
                unit_price_minor=price, quantity=1, total_minor=price,
            )  # fmt: skip
            events.publish("order.paid", {"group": group.number}, now=now)
            with connection.cursor() as cursor:
                for view in views:
                    cursor.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {view}")
        return (time.perf_counter() - begin) * 1000

    return write


def _refresh_all() -> None:
    from marketplace.insights import services

    services.refresh_all(now=datetime.now(UTC))


def _refreshed() -> dict[str, Entry]:
    """The first one fills what the history has changed; the second is what a round of beat costs."""
    _refresh_all()
    begin = time.perf_counter()
    _refresh_all()
    told = f"{ORDERS:,} orders, {PRODUCTS:,} products, all views one after the other"
    return {"views.refresh_seconds": at_most(time.perf_counter() - begin, 30, "s", told)}


def _inline(write: Callable[[tuple[str, ...]], float]) -> dict[str, Entry]:
    inline, ours = [], []
    for _ in range(ROUNDS):
        ours += [write(()) for _ in range(WRITES)]
        inline.append(write(_INLINE))
    slow, quick = p95(sorted(inline)), p95(sorted(ours))
    told = f"p95 {slow:,.0f} ms with three views refreshed, {quick:.1f} ms without; p50 {p50(inline):,.0f} and {p50(ours):.1f}"
    return {"views.write_vs_inline": at_least(slow / quick, 100, "times slower inline", told)}


def _during(write: Callable[[tuple[str, ...]], float]) -> dict[str, Entry]:
    """Idle and beside a refresh in turn; the median of the rounds' ratios."""
    ratios, idle_p95, busy_p95 = [], [], []
    for _ in range(ROUNDS):
        idle = sorted(write(()) for _ in range(WRITES))
        busy = sorted(_beside_refresh(write))
        idle_p95.append(p95(idle))
        busy_p95.append(p95(busy))
        ratios.append(p95(busy) / p95(idle))
    told = f"medians of p95: {p50(busy_p95):.1f} ms while refreshing, {p50(idle_p95):.1f} ms idle"
    return {"views.write_during_refresh": at_most(p50(ratios), 4, "× idle", told)}


def _beside_refresh(write: Callable[[tuple[str, ...]], float]) -> Iterator[float]:
    from django.db import connections

    def refresh() -> None:
        try:
            _refresh_all()
        finally:
            connections.close_all()

    thread = threading.Thread(target=refresh)
    thread.start()
    while thread.is_alive():
        yield write(())
    thread.join()
