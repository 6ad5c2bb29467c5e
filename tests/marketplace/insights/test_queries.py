"""What the views hold, refreshed inside the test's own transaction."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.utils import timezone

from marketplace.catalog.models import Offer
from marketplace.catalog.services import reindex
from marketplace.insights import queries, services
from marketplace.insights.queries import WHOLE_MARKET, PriceSpread
from marketplace.orders.models import Order
from marketplace.sellers.models import Seller
from tests.factories import a_category, a_product, a_seller, a_variant, an_offer
from tests.marketplace.insights.selling import SHIPPING, a_group, a_sale, ask

# Windows are counted from the database's own clock.
NOW = timezone.now()
TODAY = NOW.date()


def days(seller: Seller, *, currency: str = "EUR") -> list[queries.DaySales]:
    services.refresh_all(now=NOW)
    return queries.seller_days(
        seller_id=seller.pk, first=date(2026, 1, 1) - timedelta(days=3650), last=TODAY, currency=currency
    )


def test_sales_are_summed_per_stall_and_day(kiln: Seller, groove: Seller) -> None:
    vase, record = an_offer(seller=kiln, price_minor=1000), an_offer(seller=groove, price_minor=5000)
    a_sale(vase, paid_at=NOW, quantity=2)
    a_sale(vase, paid_at=NOW, state=Order.State.DELIVERED)
    a_sale(vase, paid_at=NOW - timedelta(days=3), state=Order.State.SHIPPED)
    a_sale(record, paid_at=NOW)
    assert days(kiln) == [
        queries.DaySales(TODAY - timedelta(days=3), 1, 1, 1000 + SHIPPING),
        queries.DaySales(TODAY, 2, 3, 3000 + 2 * SHIPPING),
    ]


def test_a_day_ends_at_midnight_utc(kiln: Seller) -> None:
    vase = an_offer(seller=kiln, price_minor=1000)
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    a_sale(vase, paid_at=midnight - timedelta(microseconds=1))
    a_sale(vase, paid_at=midnight)
    assert [day.day for day in days(kiln)] == [date(2026, 2, 28), date(2026, 3, 1)]


def test_what_was_not_paid_or_taken_back_is_no_sale(kiln: Seller) -> None:
    vase = an_offer(seller=kiln)
    a_sale(vase, paid_at=None)
    a_sale(vase, paid_at=NOW, state=Order.State.CANCELLED)
    assert days(kiln) == []
    assert queries.most_wanted(limit=5) == ()


def test_another_currency_is_not_added_up(kiln: Seller) -> None:
    vase = an_offer(seller=kiln, price_minor=1000)
    a_sale(vase, paid_at=NOW, currency="USD")
    a_sale(vase, paid_at=NOW)
    assert [day.sales_minor for day in days(kiln)] == [1000 + SHIPPING]
    assert [day.orders for day in days(kiln, currency="USD")] == [1]
    found = queries.market()
    assert found is not None
    assert found.sales_30 == {"EUR": 1000 + SHIPPING, "USD": 1000 + SHIPPING}


def test_a_refund_is_taken_off_the_days_sales_by_the_size_of_each_order(kiln: Seller, groove: Seller) -> None:
    group = a_group(total_minor=4000, paid_at=NOW)
    vase, record = an_offer(seller=kiln, price_minor=3000 - SHIPPING), an_offer(seller=groove, price_minor=510)
    a_sale(vase, paid_at=NOW, group=group)
    a_sale(record, paid_at=NOW, group=group)
    services.refund_done(reference="r1", group_id=group.pk, amount_minor=1000, reason="returned", now=NOW)
    services.refund_done(reference="r1", group_id=group.pk, amount_minor=1000, reason="returned", now=NOW)
    assert [day.sales_minor for day in days(kiln)] == [2250]
    assert [day.sales_minor for day in days(groove)] == [750]


def test_money_that_bought_nothing_takes_nothing_off(kiln: Seller) -> None:
    order = a_sale(an_offer(seller=kiln, price_minor=1000), paid_at=NOW)
    services.refund_done(reference="r1", group_id=order.group_id, amount_minor=1490, reason="goods_gone", now=NOW)
    assert [day.sales_minor for day in days(kiln)] == [1490]


@pytest.mark.parametrize("late", [False, True])
def test_a_refund_that_failed_counts_for_nothing_in_either_order(kiln: Seller, late: bool) -> None:
    order = a_sale(an_offer(seller=kiln, price_minor=1000), paid_at=NOW)

    def done() -> None:
        services.refund_done(reference="r1", group_id=order.group_id, amount_minor=500, reason="returned", now=NOW)

    def failed() -> None:
        services.refund_failed(reference="r1", group_id=order.group_id, now=NOW)

    for told in (failed, done) if late else (done, failed):
        told()
    assert [day.sales_minor for day in days(kiln)] == [1490]


def test_popularity_weighs_recent_sales_and_reaches_the_search(kiln: Seller) -> None:
    ages = {"new": 1, "month": 45, "half": 200, "old": 400}
    offers = {name: an_offer(seller=kiln, product=a_product(title=name, owner=kiln)) for name in ages}
    for name, age in ages.items():
        a_sale(offers[name], paid_at=NOW - timedelta(days=age), quantity=2)
    products = {name: offer.variant.product_id for name, offer in offers.items()}
    reindex(products.values())
    services.refresh_all(now=NOW)
    found = dict(ask("SELECT product_id, popularity FROM catalog_searchentry"))
    assert {name: found[pk] for name, pk in products.items()} == {"new": 20, "month": 6, "half": 2, "old": 0}
    assert ask("SELECT units, units_30 FROM insights_product ORDER BY popularity DESC")[:2] == [(2, 2), (2, 0)]
    assert queries.most_wanted(limit=5) == (products["new"],)


def test_most_wanted_names_what_can_be_bought_now(kiln: Seller) -> None:
    few, many, gone = (an_offer(seller=kiln, stock=stock) for stock in (5, 5, 0))
    for offer, units in ((few, 1), (many, 3), (gone, 9)):
        a_sale(offer, paid_at=NOW, quantity=units)
    reindex(offer.variant.product_id for offer in (few, many, gone))
    services.refresh_all(now=NOW)
    assert queries.most_wanted(limit=5) == (many.variant.product_id, few.variant.product_id)
    assert queries.most_wanted(limit=1) == (many.variant.product_id,)


def test_prices_are_spread_over_the_category_and_those_above(kiln: Seller) -> None:
    ceramics = a_category(name="Ceramics")
    vases = a_category(name="Vases", parent=ceramics)
    other = a_category(name="Ceramics extra")
    for price, shelf in ((1000, vases), (2000, vases), (3000, ceramics), (9000, other)):
        an_offer(seller=kiln, product=a_product(owner=kiln, category=shelf), price_minor=price)
    services.refresh_all(now=NOW)
    found: dict[int, PriceSpread] = {}
    for pk in (vases.pk, ceramics.pk, WHOLE_MARKET):
        spread = queries.price_spread(pk)
        assert spread is not None
        found[pk] = spread
    assert (found[vases.pk].low, found[vases.pk].high, found[vases.pk].in_stock) == (1000, 2000, 2)
    assert (found[ceramics.pk].low, found[ceramics.pk].median, found[ceramics.pk].high) == (1000, 2000, 3000)
    assert found[ceramics.pk].bars[0] == found[ceramics.pk].bars[10] == found[ceramics.pk].bars[19] == 1
    assert sum(found[WHOLE_MARKET].bars) == found[WHOLE_MARKET].in_stock == 4


def test_only_what_can_be_bought_is_in_the_spread(kiln: Seller) -> None:
    shelf = a_category(name="Vases")
    product = a_product(owner=kiln, category=shelf)
    variant = a_variant(product)
    an_offer(seller=kiln, variant=variant, price_minor=500, stock=0)
    an_offer(seller=kiln, variant=variant, price_minor=700, status=Offer.Status.PAUSED)
    an_offer(seller=a_seller(status=Seller.Status.SUSPENDED), variant=variant, price_minor=800)
    an_offer(seller=kiln, variant=variant, price_minor=1500)
    an_offer(seller=kiln, product=a_product(owner=kiln, category=shelf), price_minor=100, stock=0)
    services.refresh_all(now=NOW)
    spread = queries.price_spread(shelf.pk)
    assert spread is not None
    assert (spread.low, spread.high, spread.products, spread.in_stock) == (1500, 1501, 2, 1)


def test_the_market_is_counted(kiln: Seller, groove: Seller) -> None:
    vase, record = an_offer(seller=kiln, price_minor=1000), an_offer(seller=groove, stock=0)
    a_sale(vase, paid_at=NOW)
    a_sale(record, paid_at=NOW - timedelta(days=40))
    services.refresh_all(now=NOW)
    found = queries.market()
    assert found is not None
    assert (found.stalls, found.products, found.products_in_stock) == (2, 2, 1)
    assert (found.orders_30, found.orders_before, found.sales_30) == (1, 1, {"EUR": 1490})


def test_the_market_is_net_of_refunds_as_the_stalls_are(kiln: Seller) -> None:
    recent, older = (a_sale(an_offer(seller=kiln, price_minor=1000), paid_at=NOW - timedelta(days=d)) for d in (1, 40))
    for order, minor in ((recent, 490), (older, 1490)):
        services.refund_done(
            reference=f"r-{order.pk}", group_id=order.group_id, amount_minor=minor, reason="requested", now=NOW
        )
    services.refresh_all(now=NOW)
    found = queries.market()
    assert found is not None
    assert (found.sales_30, found.sales_before) == ({"EUR": 1000}, {"EUR": 0})


def test_random_sales_and_refunds_sum_as_by_hand(kiln: Seller, groove: Seller) -> None:
    draw = random.Random(7)
    offers = [an_offer(seller=seller, price_minor=draw.randint(1, 5000)) for seller in (kiln, groove) for _ in range(3)]
    expected: dict[tuple[int, date], list[int]] = defaultdict(lambda: [0, 0, 0])
    for number in range(60):
        paid_at = NOW - timedelta(minutes=draw.randint(0, 5 * 24 * 60))
        chosen, quantity = [draw.choice(offers[:3]), draw.choice(offers[3:])], draw.randint(1, 4)
        totals = [offer.price_minor * quantity + SHIPPING for offer in chosen]
        group = a_group(total_minor=sum(totals), paid_at=paid_at)
        for offer in chosen:
            a_sale(offer, paid_at=paid_at, quantity=quantity, group=group)
        refund = draw.choice([0, 0, draw.randint(1, sum(totals)), sum(totals)])
        if refund:
            services.refund_done(
                reference=f"r-{number}", group_id=group.pk, amount_minor=refund, reason="requested", now=NOW
            )
        for offer, total in zip(chosen, totals, strict=True):
            share = int(Decimal(refund * total / Decimal(sum(totals))).quantize(Decimal(1), ROUND_HALF_UP))
            row = expected[offer.seller_id, paid_at.astimezone(UTC).date()]
            row[:] = [row[0] + 1, row[1] + quantity, row[2] + total - share]
    services.refresh_all(now=NOW)
    for seller in (kiln, groove):
        found = queries.seller_days(seller_id=seller.pk, first=date(2000, 1, 1), last=date(2100, 1, 1), currency="EUR")
        assert {(seller.pk, row.day): [row.orders, row.units, row.sales_minor] for row in found} == {
            key: row for key, row in expected.items() if key[0] == seller.pk
        }
        assert all(row.sales_minor >= 0 for row in found)
