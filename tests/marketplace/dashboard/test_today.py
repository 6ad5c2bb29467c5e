"""The seller's first page."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.insights import services
from marketplace.orders.models import Order
from marketplace.sellers.models import Seller
from tests.factories import a_product, an_offer
from tests.marketplace.insights.selling import a_sale

NOW = timezone.now()
PATH = "/sell/kiln-street/today/"
DAY = timedelta(days=1)


@pytest.fixture
def jonas(kiln: Seller, client: Client) -> Client:
    client.force_login(User.objects.get(email="jonas@example.test"))
    return client


def page(client: Client, path: str = PATH) -> str:
    services.refresh_all(now=timezone.now())
    answer = client.get(path)
    assert answer.status_code == 200
    return unescape(" ".join(answer.content.decode().split()))


def test_the_way_to_sell_leads_to_today(jonas: Client) -> None:
    answer = jonas.get("/sell/")
    assert (answer.status_code, answer["Location"]) == (302, PATH)


def test_somebody_elses_day_does_not_exist(groove: Seller, jonas: Client) -> None:
    assert jonas.get("/sell/second-groove/today/").status_code == 404
    assert Client().get(PATH).status_code == 302


def test_the_numbers_of_thirty_days_stand_beside_those_before(jonas: Client, kiln: Seller, groove: Seller) -> None:
    vase = an_offer(seller=kiln, price_minor=10_000 - 490)
    for ago, number in ((1, 3), (31, 2), (70, 5)):
        for _ in range(number):
            a_sale(vase, paid_at=NOW - ago * DAY, state=Order.State.DELIVERED)
    a_sale(an_offer(seller=groove, price_minor=99_000), paid_at=NOW)
    shown = page(jonas)
    assert "<span>Sales, last 30 days</span><strong>€300</strong>" in shown
    assert "50% on the 30 days before" in shown
    assert '<span class="vh">up </span>' in shown
    assert "<span>Orders</span><strong>3</strong>" in shown
    assert "average €100" in shown
    assert shown.count("<rect ") == 1
    assert "As of " in shown


def test_fewer_sales_are_said_in_words_too(jonas: Client, kiln: Seller) -> None:
    vase = an_offer(seller=kiln, price_minor=1000)
    a_sale(vase, paid_at=NOW, state=Order.State.DELIVERED)
    for _ in range(4):
        a_sale(vase, paid_at=NOW - 31 * DAY, state=Order.State.DELIVERED)
    shown = page(jonas)
    assert '<span class="vh">down </span>75% on the 30 days before' in shown
    assert "delta-up" in shown


def test_a_stall_without_sales_is_told_so(jonas: Client) -> None:
    shown = page(jonas)
    assert "Nothing sold in the last 30 days." in shown
    assert "nothing in the 30 days before" in shown
    assert "Nothing waits to be shipped." in shown
    assert "Running low" in shown
    assert "<rect" not in shown
    assert "Needs you" not in shown


def test_what_must_leave_first_comes_first(jonas: Client, kiln: Seller) -> None:
    for title, due in (("Late jar", -2), ("Today's bowl", 0), ("Tomorrow's cup", 1), ("Later plate", 9)):
        sale = a_sale(an_offer(seller=kiln, product=a_product(title=title, owner=kiln)), paid_at=NOW)
        Order.objects.filter(pk=sale.pk).update(ship_by=NOW.date() + due * DAY)
    shown = page(jonas)
    assert "2 parcels should leave today. Everything else can wait." in shown
    assert "<strong>2 parcels</strong> leave today" in shown
    places = [shown.index(text) for text in ("Late jar", "Late since", "Today's bowl", "Tomorrow's cup", "Later plate")]
    assert places == sorted(places)


def test_what_runs_low_leads_to_its_listing(jonas: Client, kiln: Seller) -> None:
    for title, stock in (("Empty jar", 0), ("Rare bowl", 2), ("Common cup", 50)):
        an_offer(seller=kiln, product=a_product(title=title, owner=kiln), stock=stock, sku=title.split()[0] + " 1")
    shown = page(jonas)
    low = shown[shown.index("Running low") :]
    assert low.index("Empty jar") < low.index("Rare bowl")
    assert 'href="/sell/kiln-street/products/?q=Rare+1"' in low
    assert "Common cup" not in low
    assert "<strong>1 listing</strong> sold out" in shown


@pytest.mark.parametrize("asked", ["7", "30", "year", "nonsense", ""])
def test_every_range_is_a_page(jonas: Client, kiln: Seller, asked: str) -> None:
    a_sale(an_offer(seller=kiln), paid_at=NOW)
    shown = page(jonas, f"{PATH}?range={asked}")
    assert shown.count('aria-current="page">') == 2
    assert "style=" not in shown


def test_the_day_costs_as_many_queries_for_a_large_stall_as_for_a_small_one(jonas: Client, kiln: Seller) -> None:
    def asked() -> int:
        services.refresh_all(now=timezone.now())
        with CaptureQueriesContext(connection) as captured:
            assert jonas.get(PATH).status_code == 200
        return len(captured)

    a_sale(an_offer(seller=kiln, stock=2), paid_at=NOW)
    asked()
    one = asked()
    for _ in range(8):
        a_sale(an_offer(seller=kiln, stock=2), paid_at=NOW)
    assert asked() == one <= 14
