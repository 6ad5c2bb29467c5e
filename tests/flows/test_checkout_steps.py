"""Every step from the cart to the order, looked at in a real browser: wide, narrow, dark, and with mistakes."""

import os
import uuid
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.core import signing
from playwright.sync_api import ConsoleMessage, FrameLocator, Page, expect
from pytest_django.live_server_helper import LiveServer

from marketplace.carts import services as carts
from marketplace.catalog.models import Offer
from marketplace.storefront.guest_cart import COOKIE, SALT
from tests.browser.checks import axe
from tests.payments.simulator.browsing import BrowserThread
from tests.servers import StripeSimulator
from tests.stripe_control import StripeControl

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = "4242424242424242"


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserThread]:
    opened = BrowserThread()
    yield opened
    opened.close()


@pytest.fixture
def cart_id(vase: Offer, record: Offer, clock: datetime) -> uuid.UUID:
    """A guest's cart with goods of two stalls; nothing else is known yet."""
    cart_id = carts.open_cart(user_id=None, cart_id=None, now=clock).pk
    for offer, quantity in {vase: 1, record: 2}.items():
        carts.add_line(cart_id=cart_id, offer_id=offer.pk, quantity=quantity, now=clock)
    return cart_id


@pytest.fixture
def webhooks(stripe: StripeControl, stripe_simulator: StripeSimulator, live_server: LiveServer) -> StripeControl:
    """The provider reports to the site that the browser visits."""
    assert live_server.url == os.environ["SITE_URL"]
    stripe.control("webhook_endpoint", {"url": stripe_simulator.webhook_url})
    return stripe


class Shopper:
    """One page of the browser with the cart's cookie in it."""

    def __init__(self, page: Page, cart_id: uuid.UUID) -> None:
        self.page = page
        self.site = os.environ["SITE_URL"]
        self.complaints: list[str] = []
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        signed = signing.get_cookie_signer(salt=COOKIE + SALT).sign(str(cart_id))
        page.context.add_cookies([{"name": COOKIE, "value": signed, "url": self.site}])

    def hear(self, message: ConsoleMessage) -> None:
        """Errors, but for what the test's own server causes: it serves fonts to our origin only, WhiteNoise to all."""
        font = "figtree.woff2" in message.text or "figtree.woff2" in message.location.get("url", "")
        if message.type == "error" and not font:
            self.complaints.append(message.text)

    def reach_payment(self) -> None:
        """From the address to the payment step, with an eye on each page."""
        page = self.page
        page.goto(f"{self.site}/checkout/")
        page.get_by_label("E-mail").fill("mira@example.test")
        page.get_by_label("Country").select_option("DE")
        page.get_by_label("Full name").fill("Mira Holt")
        page.get_by_label("Street and number").fill("Oranienstr. 12")
        page.get_by_label("Postal code").fill("10999")
        page.get_by_label("Town").fill("Berlin")
        page.get_by_role("button", name="Continue to shipping").click()
        page.wait_for_url("**/checkout/shipping/")
        expect(page.get_by_role("heading", name="Kiln Street")).to_be_visible()
        expect(page.get_by_role("heading", name="Second Groove")).to_be_visible()
        page.get_by_role("button", name="Continue to payment").click()
        page.wait_for_url("**/checkout/payment/*/")

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator('iframe[title="Secure payment input frame"]')

    def type_card(self, number: str) -> None:
        expect(self.frame.get_by_label("Card number")).to_be_visible()
        for label, text in (("Card number", number), ("Expiration date", "1240"), ("Security code", "123")):
            self.frame.get_by_label(label).fill("")
            self.frame.get_by_label(label).press_sequentially(text)

    def pay(self) -> None:
        self.page.get_by_role("button", name="Pay €").click()

    def sees_thanks(self) -> None:
        self.page.wait_for_url("**/orders/*/?paid=1")
        expect(self.page.get_by_role("heading", name="Thank you for your order")).to_be_visible()
        for stall in ("Kiln Street", "Second Groove"):
            expect(self.page.get_by_role("heading", name=stall)).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark"), (320, "light")])
def test_every_step_can_be_read_and_used_by_everybody(
    browser: BrowserThread, webhooks: StripeControl, cart_id: uuid.UUID, width: int, scheme: str
) -> None:
    findings: list[str] = []

    def look(page: Page, name: str) -> None:
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        findings.extend(f"{name}: {line}" for line in axe(page))
        if wide > 0:
            findings.append(f"{name}: {wide} px too wide")

    def work(page: Page) -> None:
        shopper = Shopper(page, cart_id)
        page.goto(f"{shopper.site}/checkout/")
        look(page, "address")
        page.get_by_role("button", name="Continue to shipping").click()
        expect(page.locator("[data-focus]").first).to_be_focused()
        look(page, "address with mistakes")
        shopper.reach_payment()
        expect(shopper.frame.get_by_label("Card number")).to_be_visible()
        look(page, "payment")
        page.get_by_role("link", name="Back", exact=True).click()
        page.wait_for_url("**/checkout/shipping/")
        look(page, "shipping")
        page.get_by_role("button", name="Continue to payment").click()
        page.wait_for_url("**/checkout/payment/*/")
        shopper.type_card(GOOD)
        shopper.pay()
        shopper.sees_thanks()
        look(page, "order")
        assert [line for line in shopper.complaints if "422" not in line] == []

    browser.run(work, viewport={"width": width, "height": 844}, color_scheme=scheme)
    assert findings == []
