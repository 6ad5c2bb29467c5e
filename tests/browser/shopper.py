"""What a buyer does in a browser, step by step."""

import re

from playwright.sync_api import FrameLocator, Page, expect

GOOD, DECLINED, SECURE = "4242424242424242", "4000000000000002", "4000002760003184"
PATIENCE_MS = 20_000
"""How long to wait for what must come."""
ADDRESS = {
    "E-mail": "mira@example.test",
    "Full name": "Mira Holt",
    "Street and number": "Oranienstr. 12",
    "Postal code": "10999",
    "Town": "Berlin",
}


class Shopper:
    """One page of a browser on this site; works the same with and without JavaScript."""

    def __init__(self, page: Page, site: str) -> None:
        self.page = page
        self.site = site
        page.set_default_timeout(PATIENCE_MS)

    def find(self, words: str, title: str) -> None:
        """Searches by the form of the header and opens the product."""
        self.page.get_by_role("searchbox", name="Search the market").fill(words)
        self.page.get_by_role("button", name="Search").click()
        self.page.get_by_role("link", name=title).click()
        expect(self.page.get_by_role("heading", name=title, level=1)).to_be_visible()

    def add(self, title: str) -> None:
        """Puts the product of this page into the cart."""
        self.page.locator("#add").get_by_role("button", name="Add to cart").click()
        expect(self.page.get_by_text(f"{title} is in your cart.")).to_be_visible()

    def add_by_address(self, *slugs: str) -> None:
        """Puts things into the cart without searching for them."""
        for slug in slugs:
            self.page.goto(f"{self.site}/p/{slug}/")
            self.add(self.page.get_by_role("heading", level=1).inner_text())

    def fill_address(self) -> None:
        """From the cart to the choice of shipping."""
        self.page.goto(f"{self.site}/cart/")
        self.page.get_by_role("link", name="Go to checkout").click()
        for label, text in ADDRESS.items():
            self.page.get_by_label(label).fill(text)
        self.page.get_by_label("Country").select_option("DE")
        self.page.get_by_role("button", name="Continue to shipping").click()
        expect(self.page.get_by_role("heading", name="How should it travel?")).to_be_visible()

    def place_order(self) -> str:
        """From the choice of shipping to the payment; returns the number of the order."""
        self.page.get_by_role("button", name="Continue to payment").click()
        self.page.wait_for_url("**/checkout/payment/*/")
        return self.page.url.rstrip("/").rpartition("/")[2]

    @property
    def card_form(self) -> FrameLocator:
        return self.page.frame_locator('iframe[title="Secure payment input frame"]')

    def type_card(self, number: str) -> None:
        """Into the form of the provider, which has a frame of its own."""
        for label, text in (("Card number", number), ("Expiration date", "1240"), ("Security code", "123")):
            self.card_form.get_by_label(label).fill("")
            self.card_form.get_by_label(label).press_sequentially(text)

    def pay(self) -> None:
        self.page.get_by_role("button", name=re.compile("^Pay €")).click()

    def answer_bank(self, answer: str) -> None:
        """Presses a button of the 3-D Secure step."""
        step = self.page.frame_locator('iframe[title="3-D Secure authentication"]')
        step.get_by_role("button", name=answer).click()

    def sees_thanks(self, *stalls: str) -> None:
        """The order's page, paid, with a parcel of each stall."""
        self.page.wait_for_url("**/orders/*/?paid=1")
        expect(self.page.get_by_role("heading", name="Thank you for your order")).to_be_visible()
        for stall in stalls:
            expect(self.page.get_by_role("heading", name=stall)).to_be_visible()

    def sees_refusal(self, reason: str) -> None:
        """The reason beside the form, and a form that can be used again."""
        expect(self.page.locator("#pay-error")).to_contain_text(reason)
        expect(self.page.locator("#pay-error")).to_be_focused()
        expect(self.page.get_by_role("button", name=re.compile("^Pay €"))).to_be_enabled()
