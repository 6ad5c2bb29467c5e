"""The browser script in a real browser, on a shop of another origin with a strict content security policy."""

from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from playwright.sync_api import FrameLocator, Page, expect

from tests.payments.simulator.browsing import BrowserThread, Shop
from tests.payments.simulator.running import Running


@pytest.fixture
def shop(simulator: Running) -> Iterator[Shop]:
    opened = Shop(simulator.url)
    yield opened
    opened.close()


@pytest.fixture
def intent(client: stripe.StripeClient) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create(
        {"amount": 4200, "currency": "eur", "automatic_payment_methods": {"enabled": True}}
    )


def frame_of(page: Page) -> FrameLocator:
    return page.frame_locator('iframe[title="Secure payment input frame"]')


def type_card(page: Page, number: str, expiry: str = "1240", code: str = "123") -> None:
    frame = frame_of(page)
    frame.get_by_label("Card number").fill("")
    frame.get_by_label("Card number").press_sequentially(number)
    frame.get_by_label("Expiration date").fill("")
    frame.get_by_label("Expiration date").press_sequentially(expiry)
    frame.get_by_label("Security code").fill(code)


def open_shop(page: Page, shop: Shop, intent: stripe.PaymentIntent, *, deferred: bool = True, **more: Any) -> None:
    elements = (
        {"mode": "payment", "amount": intent.amount, "currency": intent.currency}
        if deferred
        else {"clientSecret": intent.client_secret}
    )
    appearance = {"variables": {"colorPrimary": "rgb(14, 90, 69)", "borderRadius": "11px"}}
    shop.config = {
        "elements": elements | {"appearance": appearance},
        "clientSecret": intent.client_secret if deferred else None,
        "redirect": "if_required",
    } | more
    page.goto(shop.url)
    expect(frame_of(page).get_by_label("Card number")).to_be_visible()


def said(page: Page, text: str) -> None:
    expect(page.get_by_role("status")).to_have_text(text)


@pytest.mark.parametrize("deferred", [True, False])
def test_a_card_pays(
    browser: BrowserThread, shop: Shop, intent: stripe.PaymentIntent, simulator: Running, deferred: bool
) -> None:
    def work(page: Page) -> None:
        open_shop(page, shop, intent, deferred=deferred)
        type_card(page, "4242424242424242")
        assert frame_of(page).get_by_label("Card number").input_value() == "4242 4242 4242 4242"
        assert frame_of(page).get_by_label("Expiration date").input_value() == "12 / 40"
        page.get_by_role("button", name="Pay now").click()
        said(page, "paid: succeeded")
        names = page.evaluate("window.seen.map((event) => event.name)")
        assert names[:2] == ["loaderstart", "ready"]
        assert page.evaluate("window.seen.at(-1).complete") is True
        assert page.evaluate("window.violations") == []
        assert page.evaluate("document.documentElement.outerHTML.includes('4242')") is False
        retrieved = page.evaluate(f"stripe.retrievePaymentIntent('{intent.client_secret}')")
        assert retrieved["paymentIntent"]["status"] == "succeeded"

    browser.run(work)
    assert [charge["payment_intent"] for charge in simulator.charges()] == [intent.id]


def test_a_paid_shop_is_left_for_the_return_url(
    browser: BrowserThread, shop: Shop, intent: stripe.PaymentIntent
) -> None:
    def work(page: Page) -> None:
        open_shop(page, shop, intent, redirect="always")
        type_card(page, "4242424242424242")
        page.get_by_role("button", name="Pay now").click()
        page.wait_for_url("**/done?*")
        assert page.url.startswith(f"{shop.url}/done?o=1&payment_intent={intent.id}&payment_intent_client_secret=")
        assert page.url.endswith("&redirect_status=succeeded")

    browser.run(work)


def test_a_declined_card_can_be_replaced(
    browser: BrowserThread, shop: Shop, intent: stripe.PaymentIntent, simulator: Running
) -> None:
    def work(page: Page) -> None:
        open_shop(page, shop, intent, redirect="always")
        type_card(page, "4000000000009995")
        page.get_by_role("button", name="Pay now").click()
        said(page, "error: insufficient_funds")
        assert simulator.charges() == []
        type_card(page, "4242424242424242")
        page.get_by_role("button", name="Pay now").click()
        page.wait_for_url("**/done?*")

    browser.run(work)
    assert len(simulator.charges()) == 1


@pytest.mark.parametrize(
    ("answer", "text", "charges"),
    [
        ("Complete authentication", "paid: succeeded", 1),
        ("Fail authentication", "error: payment_intent_authentication_failure", 0),
        ("Escape", "error: payment_intent_authentication_failure", 0),
    ],
)
def test_three_d_secure_in_a_dialog(
    browser: BrowserThread,
    shop: Shop,
    intent: stripe.PaymentIntent,
    simulator: Running,
    answer: str,
    text: str,
    charges: int,
) -> None:
    def work(page: Page) -> None:
        open_shop(page, shop, intent)
        type_card(page, "4000002760003184")
        page.get_by_role("button", name="Pay now").click()
        dialog = page.get_by_role("dialog", name="3-D Secure authentication")
        expect(dialog).to_be_visible()
        step = page.frame_locator('iframe[title="3-D Secure authentication"]')
        expect(step.get_by_text("€42.00")).to_be_visible()
        if answer == "Escape":
            expect(step.get_by_role("heading", name="Confirm it is you")).to_be_focused()
            page.keyboard.press("Escape")
        else:
            step.get_by_role("button", name=answer).click()
        said(page, text)
        expect(dialog).to_have_count(0)
        assert page.evaluate("window.violations") == []

    browser.run(work)
    assert len(simulator.charges()) == charges


def test_what_is_missing_is_said_in_the_form(
    browser: BrowserThread, shop: Shop, intent: stripe.PaymentIntent, simulator: Running
) -> None:
    def work(page: Page) -> None:
        open_shop(page, shop, intent)
        page.get_by_role("button", name="Pay now").click()
        said(page, "error: incomplete_number")
        number = frame_of(page).get_by_label("Card number")
        expect(number).to_be_focused()
        expect(number).to_have_attribute("aria-invalid", "true")
        expect(frame_of(page).get_by_text("Your card number is incomplete.")).to_be_visible()
        for card, expiry, code in (
            ("4242424242424241", "1240", "invalid_number"),
            ("4242424242424242", "1220", "invalid_expiry"),
            ("4242424242424242", "13", "incomplete_expiry"),
        ):
            type_card(page, card, expiry)
            page.get_by_role("button", name="Pay now").click()
            said(page, f"error: {code}")

    browser.run(work)
    assert simulator.charges() == []


def test_the_form_wears_the_shops_colours_and_fits(
    browser: BrowserThread, shop: Shop, intent: stripe.PaymentIntent
) -> None:
    def work(page: Page) -> None:
        open_shop(page, shop, intent)
        number = frame_of(page).get_by_label("Card number")
        number.focus()
        assert number.evaluate("(field) => getComputedStyle(field).outlineColor") == "rgb(14, 90, 69)"
        assert number.evaluate("(field) => getComputedStyle(field).borderRadius") == "11px"
        frame = page.locator("#element iframe")
        inside = frame_of(page).locator("body").evaluate("(body) => body.scrollHeight")
        assert abs(frame.evaluate("(frame) => frame.offsetHeight") - inside) <= 1
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") is True
        page.evaluate("elements.update({ appearance: { theme: 'night', variables: { borderRadius: '3px' } } })")
        expect(number).to_have_css("border-radius", "3px")
        expect(number).to_have_css("background-color", "rgb(26, 31, 43)")

    browser.run(work, viewport={"width": 320, "height": 700})


def test_confirming_without_submit_or_with_another_amount_is_refused(
    browser: BrowserThread, shop: Shop, intent: stripe.PaymentIntent, simulator: Running
) -> None:
    confirm = f"stripe.confirmPayment({{ elements, clientSecret: '{intent.client_secret}', redirect: 'if_required' }})"

    def work(page: Page) -> None:
        open_shop(page, shop, intent)
        type_card(page, "4242424242424242")
        said_by_script = page.evaluate(f"{confirm}.catch((error) => error.message)")
        assert "elements.submit() must be called" in said_by_script
        page.evaluate("elements.update({ amount: 1 })")
        page.evaluate("elements.submit()")
        assert "is over 4200 eur" in page.evaluate(confirm)["error"]["message"]

    browser.run(work)
    assert simulator.charges() == []


def test_a_wallet_pays(browser: BrowserThread, shop: Shop, intent: stripe.PaymentIntent, simulator: Running) -> None:
    def work(page: Page) -> None:
        open_shop(page, shop, intent, wallet=True)
        wallet = page.frame_locator('iframe[title="Secure wallet payment frame"]')
        wallet.get_by_role("button", name="Pay with test wallet").click()
        said(page, "paid: succeeded")

    browser.run(work)
    assert len(simulator.charges()) == 1


def test_a_broken_connection_is_an_error_and_the_intent_tells_the_truth(
    browser: BrowserThread, shop: Shop, intent: stripe.PaymentIntent, simulator: Running
) -> None:
    def work(page: Page) -> None:
        open_shop(page, shop, intent, redirect="always")
        simulator.control("faults", {"kind": "drop_after", "match": {"method": "POST", "path": "/confirm$"}})
        type_card(page, "4242424242424242")
        page.get_by_role("button", name="Pay now").click()
        # Chromium repeats a request whose connection broke; it then learns that the intent is paid already.
        expect(page.get_by_role("status")).to_contain_text("error: ")
        retrieved = page.evaluate(f"stripe.retrievePaymentIntent('{intent.client_secret}')")
        assert retrieved["paymentIntent"]["status"] == "succeeded"

    browser.run(work)
    assert len(simulator.charges()) == 1
