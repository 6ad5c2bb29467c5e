"""What a price is about in bitcoin: sensible digits, the moment of its rate, and no word that a kept page makes untrue."""

import re
import socket
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Never

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from marketplace.core import hall
from marketplace.core.cache import collecting
from marketplace.rates.coins import Pair
from marketplace.rates.queries import Entry
from marketplace.rates.tiers import Quoted
from marketplace.sellers.models import Seller
from marketplace.storefront.coin_prices import coin_price, digits
from tests.conftest import NOW
from tests.factories import a_product, an_offer
from tests.known_rates import assume

BTC = Pair("BTC", "EUR")


def rate_of(at: datetime, price: str = "86253.20") -> None:
    assume({BTC: Entry(Quoted(BTC, Decimal(price), at), "coingecko")})


@pytest.mark.parametrize(
    ("minutes", "amount", "when"),
    [
        (0, "About 0.00981 BTC", "at the rate of 09:30 UTC."),
        (5, "About 0.00981 BTC", "at the rate of 09:25 UTC."),
        (12, "About 0.00981 BTC", "at the rate of 09:18 UTC, some minutes old."),
        (40, "About 0.00981 BTC", "at the rate of 08:50 UTC, old and only indicative."),
        (61, "Roughly 0.01 BTC", "by a built-in estimate: no rate is known right now."),
    ],
)
def test_the_line_names_the_moment_of_its_rate(minutes: int, amount: str, when: str) -> None:
    rate_of(NOW - timedelta(minutes=minutes))
    found = coin_price(84_600, now=NOW)
    assert found is not None
    assert (found.amount, found.when) == (amount, when)


@pytest.mark.parametrize(
    ("coins", "text"),
    [
        ("0.0098083", "0.00981"),
        ("12.3456", "12.3"),
        ("1234.5", "1,234"),
        ("123456789", "123,456,789"),
        ("0.00000034", "0.00000034"),
        ("0.0000000001", "0.00000001"),
        ("0.9999", "1.000"),
    ],
)
def test_digits_say_what_can_be_known(coins: str, text: str) -> None:
    assert digits(Decimal(coins), "BTC", 3) == text


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_is_said_about_no_price(amount: int) -> None:
    assert coin_price(amount, now=NOW) is None


def test_a_hall_whose_currency_has_no_rate_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    config = apps.get_app_config("core")
    monkeypatch.setattr(config, "hall", replace(hall.hall(), currency="JPY"))
    assert coin_price(84_600, now=NOW) is None


@pytest.mark.parametrize(("minutes", "fresh_for"), [(0, 300), (12, 180), (40, 1200), (90, 60)])
def test_a_kept_page_is_renewed_when_its_rate_leaves_its_tier(minutes: int, fresh_for: int) -> None:
    rate_of(NOW - timedelta(minutes=minutes))
    with collecting() as page:
        coin_price(84_600, now=NOW)
    assert page.soft_at == NOW.timestamp() + fresh_for
    assert not page.spoiled


def test_product_page_and_cart_show_it_without_touching_the_network(
    client: Client, kiln: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = an_offer(seller=kiln, product=a_product(owner=kiln), price_minor=84_600)
    page = f"/p/{offer.variant.product.slug}/"
    client.post("/cart/add/", {"offer": offer.pk})
    rate_of(timezone.now())
    for path in (page, "/cart/"):
        assert client.get(path).status_code == 200
    opened: list[object] = []

    def closed(self: socket.socket, address: object) -> Never:
        opened.append(address)
        raise OSError("closed")

    monkeypatch.setattr(socket.socket, "connect", closed)
    monkeypatch.setattr(socket.socket, "connect_ex", closed)
    told = client.get(page).content.decode()
    assert "<strong>About 0.00981 BTC</strong> at the rate of" in told
    assert "UTC. To compare: you pay by card." in told
    assert re.search(r"About 0\.0\d+ BTC at the rate of \d\d:\d\d UTC\.</p>", client.get("/cart/").content.decode())
    assert opened == []
