"""Every page of the hall in a real browser: wide and narrow, light and dark."""

import pytest
from django.test import override_settings
from playwright.sync_api import Browser

from tests.browser.checks import check_page, check_quiet
from tests.browser.market import Market

pytestmark = pytest.mark.django_db

PUBLIC = {
    "home": "/",
    "search": "/search/?q=vase",
    "search, narrowed": "/search/?q=vase&glaze=Celadon&condition=new&price_min=20&in_stock=1&sort=price",
    "search, second page": "/search/?q=vase&page=2",
    "search, nothing found": "/search/?q=zeppelin",
    "search, typo": "/search/?q=vsae",
    "search, bad filters": "/search/?q=vase&price_min=90&price_max=10&category=nonsense&stall=nobody",
    "category": "/c/ceramics/",
    "product": "/p/vase-1/",
    "product with variants": "/p/bowl/",
    "product sold out": "/p/jug/",
    "product without a picture": "/p/night-ferry/",
    "stall": "/stall/kiln-street/",
    "stall with nothing": "/stall/empty-shelf/",
    "stalls": "/stalls/",
    "empty cart": "/cart/",
    "delivery country": "/deliver-to/?next=/p/bowl/",
    "sign in": "/account/login/",
    "sign up": "/account/signup/",
    "password reset": "/account/password/reset/",
    "password reset, sent": "/account/password/reset/done/",
    "buyer protection": "/buyer-protection/",
    "help": "/help/",
    "selling": "/selling/",
}


@pytest.mark.parametrize("path", PUBLIC.values(), ids=PUBLIC)
def test_a_page_for_everybody(chromium: Browser, market: Market, path: str) -> None:
    check_page(chromium, market.site + path)


CARTS = {
    "full cart": ("full", "/cart/"),
    "changed cart": ("changed", "/cart/"),
    "checkout, address": ("full", "/checkout/"),
    "checkout, shipping": ("addressed", "/checkout/shipping/"),
}


@pytest.mark.parametrize(("cart", "path"), CARTS.values(), ids=CARTS)
def test_a_page_of_a_guest(chromium: Browser, market: Market, cart: str, path: str) -> None:
    check_page(chromium, market.site + path, cookies=market.browsers[cart])


def test_the_payment_page(chromium: Browser, market: Market) -> None:
    path = f"/checkout/payment/{market.pending.number}/"
    check_page(chromium, market.site + path, cookies=market.browsers["waiting"])


BUYERS = {
    "orders": "/orders/",
    "order": "/orders/{order}/",
    "order, just paid": "/orders/{order}/?paid=1",
    "account": "/account/",
    "e-mail addresses": "/account/email/",
    "password": "/account/password/change/",
    "sign out": "/account/logout/",
    "open a stall": "/sell/open/",
    "home, signed in": "/",
}


@pytest.mark.parametrize("path", BUYERS.values(), ids=BUYERS)
def test_a_page_of_a_buyer(chromium: Browser, market: Market, path: str) -> None:
    address = path.format(order=market.paid.number)
    check_page(chromium, market.site + address, cookies=market.browsers["buyer"])


SELLERS = {
    "orders": "orders/",
    "orders, none found": "orders/?q=zeppelin",
    "listings": "products/",
    "order to pack": "orders/{to_pack}/",
    "order on its way": "orders/{sent}/",
}


@pytest.mark.parametrize("path", SELLERS.values(), ids=SELLERS)
def test_a_page_of_a_seller(chromium: Browser, market: Market, path: str) -> None:
    sent, to_pack = market.paid.orders.order_by("pk")
    address = f"/sell/{{stall}}/{path}".format(
        stall=(to_pack if "to_pack" in path else sent).seller.slug, sent=sent.number, to_pack=to_pack.number
    )
    check_page(chromium, market.site + address, cookies=market.browsers["seller"])


FAILURES = {"400": 400, "403": 403, "csrf": 403, "410": 410, "429": 429, "500": 500, "503": 503}


@pytest.mark.parametrize(("name", "status"), FAILURES.items())
def test_a_failure_has_a_page(chromium: Browser, market: Market, name: str, status: int) -> None:
    with override_settings(ROOT_URLCONF="tests.browser.failing_urls"):
        check_page(chromium, f"{market.site}/failing/{name}/", status=status)


@pytest.mark.parametrize(("path", "status"), [("/nowhere/", 404), ("/p/nothing/", 404), ("/p/lamp/", 410)])
def test_what_is_not_there_says_so(chromium: Browser, market: Market, path: str, status: int) -> None:
    check_page(chromium, market.site + path, status=status)


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/orders/order/", "/admin/catalog/product/", "/admin/payments/payment/"]
)
def test_the_admin_runs_without_errors(chromium: Browser, market: Market, path: str) -> None:
    check_quiet(chromium, market.site + path, cookies=market.browsers["operator"])
