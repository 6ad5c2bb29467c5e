"""Checkout Sessions and their hosted page, which needs no JavaScript."""

from typing import Any
from urllib.parse import urlencode

import pytest
import stripe
from playwright.sync_api import Page, expect

from tests.payments.simulator.browsing import BrowserThread
from tests.payments.simulator.running import Fetched, Receiver, Running, in_threads

SESSION: Any = {
    "mode": "payment",
    "line_items": [
        {
            "price_data": {"currency": "eur", "unit_amount": 1250, "product_data": {"name": "Plate <b>deep</b>"}},
            "quantity": 2,
        },
        {"price_data": {"currency": "eur", "unit_amount": 490, "product_data": {"name": "Shipping"}}, "quantity": 1},
    ],
    "payment_intent_data": {"metadata": {"order_group": "g-1"}, "transfer_group": "g-1"},
    "success_url": "https://shop.example/paid?s={CHECKOUT_SESSION_ID}",
    "cancel_url": "https://shop.example/cart",
    "customer_email": "mira@example.test",
    "metadata": {"order_group": "g-1"},
}

CHEAP: Any = {
    "price_data": {"currency": "eur", "unit_amount": 10, "product_data": {"name": "Pin"}},
    "quantity": 1,
}


def submit(simulator: Running, session: stripe.checkout.Session, number: str, **more: str) -> Fetched:
    assert session.url is not None
    form = {"number": number, "expiry": "12/40", "cvc": "123", "email": "mira@example.test", "name": "Mira Holt"} | more
    return simulator.fetch(session.url, method="POST", body=urlencode(form))


@pytest.fixture
def session(client: stripe.StripeClient) -> stripe.checkout.Session:
    return client.v1.checkout.sessions.create(SESSION)


def test_a_session_adds_up(client: stripe.StripeClient, session: stripe.checkout.Session) -> None:
    assert (session.amount_total, session.currency, session.status) == (2990, "eur", "open")
    assert (session.payment_status, session.payment_intent) == ("unpaid", None)
    assert session.id.startswith("cs_test_")
    again = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["line_items"]})
    assert again.line_items is not None
    assert [item.amount_total for item in again.line_items.data] == [2500, 490]
    assert [item.quantity for item in client.v1.checkout.sessions.line_items.list(session.id).data] == [2, 1]


def test_paying_leads_back_and_tells_the_shop(
    client: stripe.StripeClient, session: stripe.checkout.Session, simulator: Running, receiver: Receiver
) -> None:
    assert session.url is not None
    page = simulator.fetch(session.url)
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert b"&lt;b&gt;deep" in page.body
    assert b"<b>deep" not in page.body
    answer = submit(simulator, session, "4242 4242 4242 4242")
    assert (answer.status, answer.headers["Location"]) == (303, f"https://shop.example/paid?s={session.id}")
    simulator.drain()
    assert sorted(receiver.types()) == [
        "charge.succeeded",
        "checkout.session.completed",
        "payment_intent.created",
        "payment_intent.succeeded",
    ]
    done = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    assert isinstance(done.payment_intent, stripe.PaymentIntent)
    assert done.payment_intent.metadata.to_dict() == {"order_group": "g-1"}
    assert simulator.charges()[0]["metadata"] == {"order_group": "g-1"}
    assert simulator.charges()[0]["transfer_group"] == "g-1"
    assert simulator.fetch(session.url).headers["Location"].startswith("https://shop.example/paid")


def test_submissions_at_once_charge_once(session: stripe.checkout.Session, simulator: Running) -> None:
    answers = in_threads([lambda: submit(simulator, session, "4242424242424242") for _ in range(30)])
    assert {answer.status for answer in answers} == {303}
    assert len(simulator.charges()) == 1


@pytest.mark.parametrize(
    ("number", "more", "says"),
    [
        ("4000000000000002", {}, "Your card was declined."),
        ("4242424242424241", {}, "Your card number is incorrect."),
        ("", {}, "Your card number is incomplete."),
        ("4242424242424242", {"expiry": "soon"}, "expiration date is incomplete"),
        ("4242424242424242", {"expiry": "12/20"}, "expiration year is invalid"),
        ("4242424242424242", {"cvc": ""}, "security code is incomplete"),
    ],
)
def test_a_refused_card_is_told_and_can_be_replaced(
    session: stripe.checkout.Session, simulator: Running, number: str, more: dict[str, str], says: str
) -> None:
    answer = submit(simulator, session, number, **more)
    assert (answer.status, says in answer.body.decode().replace("&#x27;", "'")) == (402, True)
    assert b'role="alert"' in answer.body
    assert b'value="Mira Holt"' in answer.body
    assert submit(simulator, session, "4242424242424242").status == 303
    assert len(simulator.charges()) == 1


@pytest.mark.parametrize("outcome", ["approve", "fail"])
def test_three_d_secure_leads_through_the_banks_page(
    client: stripe.StripeClient, session: stripe.checkout.Session, simulator: Running, outcome: str
) -> None:
    step = submit(simulator, session, "4000002760003184")
    assert step.status == 303
    assert "/3d_secure/" in step.headers["Location"]
    back = simulator.fetch(step.headers["Location"], method="POST", body=f"outcome={outcome}")
    landed = simulator.fetch(back.headers["Location"])
    if outcome == "approve":
        # Paid as soon as the bank agreed, even if the buyer closes the window before coming back.
        assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
        assert landed.headers["Location"].startswith("https://shop.example/paid")
    else:
        assert b"unable to authenticate" in landed.body
        assert simulator.charges() == []
        assert submit(simulator, session, "4242424242424242").status == 303
    assert len(simulator.charges()) == 1


def test_a_session_expires(
    client: stripe.StripeClient, session: stripe.checkout.Session, simulator: Running, receiver: Receiver
) -> None:
    assert client.v1.checkout.sessions.expire(session.id).status == "expired"
    assert session.url is not None
    assert simulator.fetch(session.url).status == 410
    with pytest.raises(stripe.InvalidRequestError, match="status of expired"):
        client.v1.checkout.sessions.expire(session.id)
    late = client.v1.checkout.sessions.create(SESSION)
    simulator.control("clock", {"advance_s": 24 * 3600 + 1})
    assert client.v1.checkout.sessions.retrieve(late.id).status == "expired"
    assert submit(simulator, late, "4242424242424242").status == 410
    simulator.drain()
    assert receiver.types() == ["checkout.session.expired"] * 2
    assert simulator.charges() == []


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"mode": "subscription"}, "mode"),
        ({"line_items": []}, "line_items"),
        ({"success_url": "javascript:alert(1)"}, "success_url"),
        ({"expires_at": 1}, "expires_at"),
        ({"payment_intent_data": {"colour": "red"}}, "payment_intent_data"),
        ({"line_items": [CHEAP]}, "amount"),
    ],
)
def test_bad_sessions_are_refused(client: stripe.StripeClient, changes: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.checkout.sessions.create(SESSION | changes)
    assert refused.value.param == param


def test_the_page_works_without_javascript(
    browser: BrowserThread, session: stripe.checkout.Session, simulator: Running
) -> None:
    def work(page: Page) -> None:
        page.route("https://shop.example/**", lambda route: route.fulfill(body="<h1>Thank you</h1>"))
        assert session.url is not None
        page.goto(session.url)
        page.get_by_label("Card number").fill("4000000000000002")
        page.get_by_label("Expiration date").fill("12 / 40")
        page.get_by_label("Security code").fill("123")
        page.get_by_role("button", name="Pay €29.90").click()
        expect(page.get_by_role("alert")).to_have_text("Your card was declined.")
        page.get_by_label("Card number").fill("4000 0027 6000 3184")
        page.get_by_label("Expiration date").fill("12 / 40")
        page.get_by_label("Security code").fill("123")
        page.get_by_role("button", name="Pay €29.90").click()
        page.get_by_role("button", name="Complete authentication").click()
        page.wait_for_url(f"https://shop.example/paid?s={session.id}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") is True

    browser.run(work, java_script_enabled=False, viewport={"width": 320, "height": 640})
    assert len(simulator.charges()) == 1


def test_an_expired_session_takes_no_payment_that_was_under_way(
    client: stripe.StripeClient, session: stripe.checkout.Session, simulator: Running
) -> None:
    step = submit(simulator, session, "4000002760003184")
    client.v1.checkout.sessions.expire(session.id)
    assert simulator.fetch(step.headers["Location"], method="POST", body="outcome=approve").status == 410
    intent = client.v1.payment_intents.list().data[0]
    assert (intent.status, intent.cancellation_reason) == ("canceled", "expired")
    assert simulator.charges() == []


def test_a_slow_payment_completes_the_session_first_and_pays_it_later(
    client: stripe.StripeClient, session: stripe.checkout.Session, simulator: Running, receiver: Receiver
) -> None:
    simulator.control("settings", {"processing_s": 60})
    assert submit(simulator, session, "4242424242424242").status == 303
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"
    simulator.control("clock", {"advance_s": 60})
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    simulator.drain()
    assert "checkout.session.async_payment_succeeded" in receiver.types()
