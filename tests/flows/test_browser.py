"""A guest buys from two stalls in a real browser, with every card there is."""

import os
import uuid
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

import pytest
from django.core import signing
from playwright.sync_api import ConsoleMessage, FrameLocator, Page, expect
from pytest_django.live_server_helper import LiveServer

from marketplace.carts import services as carts
from marketplace.catalog.models import Offer
from marketplace.core import sweeps
from marketplace.orders.models import OrderGroup
from marketplace.storefront.guest_cart import COOKIE, SALT
from payments.models import InboxEvent, Payment
from tests.browser.checks import axe
from tests.flows.outcome import assert_one_charge
from tests.payments.simulator.browsing import BrowserThread
from tests.servers import StripeSimulator
from tests.shopping import payment_of
from tests.stripe_control import StripeControl

pytestmark = pytest.mark.django_db(transaction=True)

GOOD, DECLINED, SECURE = "4242424242424242", "4000000000000002", "4000002760003184"


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


def test_the_success_card_buys_from_two_stalls(
    browser: BrowserThread, webhooks: StripeControl, cart_id: uuid.UUID, clock: datetime
) -> None:
    def work(page: Page) -> None:
        shopper = Shopper(page, cart_id)
        shopper.reach_payment()
        shopper.type_card(GOOD)
        shopper.pay()
        shopper.sees_thanks()
        assert shopper.complaints == []

    browser.run(work)
    webhooks.drain()
    sweeps.run_all(clock)
    group = assert_one_charge(webhooks, clock)
    assert group.orders.count() == 2
    assert InboxEvent.objects.filter(type="payment_intent.succeeded", processed_at__isnull=False).count() == 1


def test_a_double_click_on_pay_charges_once(
    browser: BrowserThread, webhooks: StripeControl, cart_id: uuid.UUID, clock: datetime
) -> None:
    def work(page: Page) -> None:
        shopper = Shopper(page, cart_id)
        shopper.reach_payment()
        shopper.type_card(GOOD)
        page.get_by_role("button", name="Pay €").dblclick()
        shopper.sees_thanks()

    browser.run(work)
    sweeps.run_all(clock)
    assert_one_charge(webhooks, clock)


def test_a_declined_card_can_be_replaced(
    browser: BrowserThread, webhooks: StripeControl, cart_id: uuid.UUID, clock: datetime
) -> None:
    def work(page: Page) -> None:
        shopper = Shopper(page, cart_id)
        shopper.reach_payment()
        shopper.type_card(DECLINED)
        shopper.pay()
        expect(page.get_by_role("alert").filter(has_text="declined")).to_be_visible()
        assert webhooks.charges() == []
        expect(page.get_by_role("button", name="Pay €")).to_be_enabled()
        page.reload()
        shopper.type_card(GOOD)
        shopper.pay()
        shopper.sees_thanks()

    browser.run(work)
    sweeps.run_all(clock)
    assert_one_charge(webhooks, clock)


def test_three_d_secure_failed_and_then_completed(
    browser: BrowserThread, webhooks: StripeControl, cart_id: uuid.UUID, clock: datetime
) -> None:
    def work(page: Page) -> None:
        shopper = Shopper(page, cart_id)
        shopper.reach_payment()
        shopper.type_card(SECURE)
        shopper.pay()
        step = page.frame_locator('iframe[title="3-D Secure authentication"]')
        step.get_by_role("button", name="Fail authentication").click()
        expect(page.locator("#pay-error")).to_be_visible()
        assert webhooks.charges() == []
        shopper.type_card(SECURE)
        shopper.pay()
        step.get_by_role("button", name="Complete authentication").click()
        shopper.sees_thanks()

    browser.run(work)
    sweeps.run_all(clock)
    assert_one_charge(webhooks, clock)


def test_without_javascript_the_providers_page_takes_the_card(
    browser: BrowserThread, webhooks: StripeControl, cart_id: uuid.UUID, clock: datetime
) -> None:
    def work(page: Page) -> None:
        shopper = Shopper(page, cart_id)
        shopper.reach_payment()
        page.get_by_role("button", name="Pay on the provider’s page").click()
        page.wait_for_url(f"{webhooks.url}/pay/*")
        page.get_by_label("Card number").fill(DECLINED)
        page.get_by_label("Expiration date").fill("12 / 40")
        page.get_by_label("CVC").or_(page.get_by_label("Security code")).fill("123")
        page.get_by_role("button", name="Pay").click()
        expect(page.get_by_text("declined").first).to_be_visible()
        page.get_by_label("Card number").fill(GOOD)
        page.get_by_label("Expiration date").fill("12 / 40")
        page.get_by_label("CVC").or_(page.get_by_label("Security code")).fill("123")
        page.get_by_role("button", name="Pay").click()
        page.wait_for_url(f"{shopper.site}/**")
        shopper.sees_thanks()

    browser.run(work, java_script_enabled=False)
    sweeps.run_all(clock)
    group = assert_one_charge(webhooks, clock)
    assert payment_of(group).flow == Payment.Flow.HOSTED


def test_changing_the_cart_gives_the_order_up(
    browser: BrowserThread, webhooks: StripeControl, cart_id: uuid.UUID, vase: Offer
) -> None:
    def work(page: Page) -> None:
        shopper = Shopper(page, cart_id)
        shopper.reach_payment()
        page.get_by_role("button", name="Change the cart").click()
        page.wait_for_url(lambda address: urlsplit(address).path == "/cart/")

    browser.run(work)
    assert OrderGroup.objects.get().state == OrderGroup.State.CANCELLED
    assert webhooks.intents()[0]["status"] == "canceled"


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
