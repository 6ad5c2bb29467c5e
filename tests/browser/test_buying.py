"""A guest buys in a real browser, from the search to the paid order; the provider's list of charges is the oracle."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from marketplace.accounts.models import User
from marketplace.catalog.models import Offer
from marketplace.catalog.services import change_prices, reindex
from marketplace.core import sweeps
from marketplace.orders.models import Order, OrderGroup
from marketplace.sellers.models import Seller
from payments.models import Payment
from tests import factories
from tests.browser.checks import Watched, watched
from tests.browser.market import signed_in
from tests.browser.shopper import DECLINED, GOOD, SECURE, Shopper
from tests.flows.outcome import assert_one_charge
from tests.servers import StripeSimulator
from tests.shopping import BERLIN, a_cart, a_checkout, payment_of
from tests.stripe_control import StripeControl

pytestmark = pytest.mark.django_db(transaction=True)

VASE, RECORD = "Blue bottle vase", "Night Ferry, live"


@pytest.fixture
def clock() -> datetime:
    """The provider lives in real time; a minute ahead, what the hall has just written down is due."""
    return timezone.now() + timedelta(minutes=1)


@pytest.fixture
def goods(kiln: Seller, groove: Seller) -> dict[str, Offer]:
    """A vase of Kiln Street and a record of Second Groove, findable."""
    vase = factories.a_product(title=VASE, slug="vase", owner=kiln)
    record = factories.a_product(title=RECORD, slug="record", owner=groove)
    offers = {
        "vase": factories.an_offer(seller=kiln, product=vase, price_minor=2500, stock=3),
        "record": factories.an_offer(seller=groove, product=record, price_minor=1800, stock=3),
    }
    reindex([vase.pk, record.pk])
    return offers


@pytest.fixture
def stripe(stripe_simulator: StripeSimulator, live_server: LiveServer) -> StripeControl:
    """An empty provider that reports to the site which the browser visits."""
    control = StripeControl(stripe_simulator.url)
    control.control("reset")
    control.control("webhook_endpoint", {"url": stripe_simulator.webhook_url})
    return control


@pytest.fixture
def window(chromium: Browser) -> Iterator[Watched]:
    """A guest's browser."""
    with watched(chromium) as found:
        yield found


@pytest.fixture
def shopper(window: Watched, goods: dict[str, Offer], stripe: StripeControl, live_server: LiveServer) -> Shopper:
    return Shopper(window.page, live_server.url)


def settled(stripe: StripeControl, clock: datetime) -> OrderGroup:
    """The one paid order, after the webhooks have come and the sweeps have run: the second sends what the first wrote."""
    stripe.drain()
    sweeps.run_all(clock)
    sweeps.run_all(clock)
    return assert_one_charge(stripe, clock)


def sees_order(browser: Browser, seller: User, order: Order, site: str) -> None:
    """The seller's list has the order, paid and to be sent."""
    with watched(browser, cookies=signed_in(seller, site)) as found:
        found.page.goto(f"{site}/sell/{order.seller.slug}/orders/")
        row = found.page.get_by_role("row").filter(has_text=order.number)
        expect(row).to_have_count(1)
        expect(row).to_contain_text("To ship")
        assert found.complaints == []


def test_a_guest_buys_from_two_stalls_and_both_sellers_see_their_order(
    chromium: Browser, window: Watched, shopper: Shopper, stripe: StripeControl, clock: datetime
) -> None:
    shopper.page.goto(shopper.site)
    shopper.find("botle vase", VASE)
    shopper.add(VASE)
    shopper.find("night ferry", RECORD)
    shopper.add(RECORD)
    shopper.fill_address()
    shopper.place_order()
    shopper.type_card(GOOD)
    shopper.pay()
    shopper.sees_thanks("Kiln Street", "Second Groove")
    assert window.complaints == []

    group = settled(stripe, clock)
    assert group.total_minor == 2500 + 1800 + 2 * 490
    for order in group.orders.select_related("seller"):
        owner = User.objects.get(memberships__seller=order.seller)
        sees_order(chromium, owner, order, shopper.site)


def test_a_declined_card_keeps_the_page_and_another_one_pays(
    shopper: Shopper, stripe: StripeControl, clock: datetime
) -> None:
    shopper.add_by_address("vase")
    shopper.fill_address()
    number = shopper.place_order()
    shopper.type_card(DECLINED)
    shopper.pay()
    shopper.sees_refusal("declined")
    assert shopper.page.url.endswith(f"/checkout/payment/{number}/")
    assert stripe.charges() == []
    shopper.type_card(GOOD)
    shopper.pay()
    shopper.sees_thanks("Kiln Street")
    assert settled(stripe, clock).number == number


def test_three_d_secure_fails_and_is_then_completed(shopper: Shopper, stripe: StripeControl, clock: datetime) -> None:
    shopper.add_by_address("vase")
    shopper.fill_address()
    shopper.place_order()
    shopper.type_card(SECURE)
    shopper.pay()
    shopper.answer_bank("Fail authentication")
    shopper.sees_refusal("authenticat")
    assert stripe.charges() == []
    shopper.type_card(SECURE)
    shopper.pay()
    shopper.answer_bank("Complete authentication")
    shopper.sees_thanks("Kiln Street")
    settled(stripe, clock)


def test_pressing_twice_makes_one_order_and_one_charge(
    shopper: Shopper, stripe: StripeControl, clock: datetime
) -> None:
    shopper.add_by_address("vase")
    shopper.fill_address()
    form = shopper.page.locator("form:has(button:text('Continue to payment'))")
    # As if no script stood in the way: the same form leaves twice, and a third time later.
    sent = dict(form.evaluate("(form) => [...new FormData(form)]"))
    headers = {"Referer": shopper.page.url}
    twice = [
        shopper.page.request.post(f"{shopper.site}/checkout/", form=sent, headers=headers, max_redirects=0)
        for _ in range(2)
    ]
    assert [answer.status for answer in twice] == [303, 303]
    assert twice[0].headers["location"] == twice[1].headers["location"]
    form.get_by_role("button").dblclick()
    shopper.page.wait_for_url(f"**{twice[0].headers['location']}")
    shopper.type_card(GOOD)
    shopper.page.get_by_role("button", name=re.compile("^Pay €")).dblclick()
    shopper.sees_thanks("Kiln Street")
    assert OrderGroup.objects.count() == 1
    assert len(stripe.intents()) == 1
    settled(stripe, clock)


def test_the_whole_way_works_without_javascript(
    chromium: Browser, goods: dict[str, Offer], stripe: StripeControl, live_server: LiveServer, clock: datetime
) -> None:
    with watched(chromium, javascript=False) as found:
        shopper = Shopper(found.page, live_server.url)
        found.page.goto(shopper.site)
        shopper.find("vase", VASE)
        shopper.add(VASE)
        shopper.find("night", RECORD)
        shopper.add(RECORD)
        shopper.fill_address()
        shopper.place_order()
        found.page.get_by_role("button", name="Pay on the provider’s page").click()
        found.page.wait_for_url(f"{stripe.url}/**")
        for card, landing in ((DECLINED, f"{stripe.url}/**"), (GOOD, "**/orders/*/?paid=1")):
            found.page.get_by_label("Card number").fill(card)
            found.page.get_by_label("Expiration date").fill("12 / 40")
            found.page.get_by_label("Security code").fill("123")
            found.page.get_by_role("button", name=re.compile("^Pay")).click()
            found.page.wait_for_url(landing)
        shopper.sees_thanks("Kiln Street", "Second Groove")
        assert [line for line in found.complaints if stripe.url not in line] == []
    assert payment_of(settled(stripe, clock)).flow == Payment.Flow.HOSTED


def test_going_back_to_change_the_cart_cancels_the_order_placed_before(
    shopper: Shopper, stripe: StripeControl, clock: datetime
) -> None:
    shopper.add_by_address("vase")
    shopper.fill_address()
    first = shopper.place_order()
    shopper.page.get_by_role("link", name="Back to the cart").click()
    shopper.page.get_by_label(f"Quantity of {VASE}").select_option("2")
    expect(shopper.page.get_by_role("heading", name="Cart, 2 things")).to_be_visible()
    shopper.fill_address()
    second = shopper.place_order()
    assert second != first
    assert OrderGroup.objects.get(number=first).state == OrderGroup.State.CANCELLED
    assert sorted(intent["status"] for intent in stripe.intents()) == ["canceled", "requires_payment_method"]
    shopper.type_card(GOOD)
    shopper.pay()
    shopper.sees_thanks("Kiln Street")
    group = settled(stripe, clock)
    assert (group.number, group.total_minor) == (second, 2 * 2500 + 490)


def test_a_new_price_is_shown_on_the_line_and_must_be_accepted(
    shopper: Shopper, goods: dict[str, Offer], stripe: StripeControl, clock: datetime
) -> None:
    shopper.add_by_address("vase")
    shopper.fill_address()
    change_prices({goods["vase"].pk: 2800}, now=timezone.now())
    shopper.page.get_by_role("button", name="Continue to payment").click()
    shopper.page.wait_for_url("**/cart/")
    line = shopper.page.get_by_role("listitem").filter(has_text=VASE)
    expect(line).to_contain_text("Now €28, was €25 when you added it.")
    expect(shopper.page.get_by_role("link", name="Go to checkout")).to_have_count(0)
    assert OrderGroup.objects.count() == 0
    line.get_by_role("button", name="Accept").click()
    expect(line).not_to_contain_text("was €25")
    shopper.fill_address()
    shopper.place_order()
    shopper.type_card(GOOD)
    shopper.pay()
    shopper.sees_thanks("Kiln Street")
    assert settled(stripe, clock).total_minor == 2800 + 490


def test_the_receipts_link_opens_the_order_in_a_fresh_browser(
    chromium: Browser,
    goods: dict[str, Offer],
    stripe: StripeControl,
    live_server: LiveServer,
    clock: datetime,
    mailoutbox: list[EmailMessage],
) -> None:
    group = a_checkout(a_cart({goods["vase"]: 1, goods["record"]: 1}, now=clock), now=clock)
    stripe.pay(payment_of(group).provider_id or "")
    settled(stripe, clock)
    (receipt,) = (mail for mail in mailoutbox if mail.to == ["guest@example.test"])
    (link,) = re.findall(rf"{re.escape(live_server.url)}/orders/\S+", str(receipt.body))
    with watched(chromium) as found:
        found.page.goto(link)
        expect(found.page.get_by_text(group.number)).to_be_visible()
        expect(found.page.get_by_text(BERLIN.name)).to_be_visible()
        assert found.page.url == f"{live_server.url}/orders/{group.number}/"
        assert found.complaints == []
    with watched(chromium) as stranger:
        answer = stranger.page.goto(f"{live_server.url}/orders/{group.number}/")
        assert answer is not None
        assert answer.status == 404
