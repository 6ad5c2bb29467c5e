"""PaymentIntents by the real SDK."""

from typing import Any

import pytest
import stripe

from tests.payments.simulator.running import Receiver, Running

NO_REDIRECTS = {"enabled": True, "allow_redirects": "never"}


def paid(client: stripe.StripeClient, card: str = "pm_card_visa", **more: Any) -> stripe.PaymentIntent:
    params: Any = {
        "amount": 2500,
        "currency": "eur",
        "payment_method": card,
        "confirm": True,
        "automatic_payment_methods": NO_REDIRECTS,
    }
    return client.v1.payment_intents.create(params | more)


def test_an_intent_waits_for_a_card_then_for_confirmation_then_is_paid(
    client: stripe.StripeClient, simulator: Running
) -> None:
    intent = client.v1.payment_intents.create(
        {"amount": 1999, "currency": "eur", "automatic_payment_methods": {"enabled": True}, "metadata": {"order": "7"}}
    )
    assert (intent.status, intent.livemode, intent.object) == ("requires_payment_method", False, "payment_intent")
    assert intent.client_secret is not None
    assert intent.client_secret.startswith(intent.id + "_secret_")
    intent = client.v1.payment_intents.update(intent.id, {"payment_method": "pm_card_visa"})
    assert intent.status == "requires_confirmation"
    intent = client.v1.payment_intents.confirm(
        intent.id, {"return_url": "https://shop.example/done", "expand": ["latest_charge.balance_transaction"]}
    )
    assert (intent.status, intent.amount_received) == ("succeeded", 1999)
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert charge.metadata.to_dict() == {"order": "7"}
    assert isinstance(charge.balance_transaction, stripe.BalanceTransaction)
    assert (charge.balance_transaction.fee, charge.balance_transaction.net) == (55, 1944)
    assert [charge["amount"] for charge in simulator.charges()] == [1999]


def test_a_confirmation_that_could_redirect_needs_a_return_url(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="return_url") as refused:
        paid(client, automatic_payment_methods={"enabled": True})
    assert refused.value.param == "return_url"
    assert client.v1.payment_intents.list().data == []


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
    ],
)
def test_a_refused_card_is_a_402_and_a_recorded_attempt(
    client: stripe.StripeClient, simulator: Running, card: str, code: str, decline_code: str
) -> None:
    with pytest.raises(stripe.CardError) as refused:
        paid(client, card)
    error = refused.value
    assert (error.http_status, error.code) == (402, code)
    assert error.error is not None
    assert (error.error.type, error.error.decline_code) == ("card_error", decline_code)
    assert error.error.payment_intent is not None
    intent = client.v1.payment_intents.retrieve(error.error.payment_intent.id)
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.decline_code == decline_code
    failed = client.v1.charges.list({"payment_intent": intent.id}).data
    assert [(charge.status, charge.paid, charge.failure_code) for charge in failed] == [("failed", False, code)]
    assert simulator.charges() == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("4242424242424241", "incorrect_number"),
        ("42424242", "incorrect_number"),
        ("4111111111111111", "card_declined"),
        ("4000000000000002", None),
        ("4242424242424242", None),
    ],
)
def test_a_typed_number_is_checked(client: stripe.StripeClient, number: str, code: str | None) -> None:
    card: Any = {"number": number, "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    if code is None:
        assert client.v1.payment_methods.create({"type": "card", "card": card}).card.last4 == number[-4:]  # type: ignore[union-attr]
        return
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_methods.create({"type": "card", "card": card})
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"exp_year": 2020}, "invalid_expiry_year"),
        ({"exp_month": 13}, "invalid_expiry_month"),
        ({"cvc": "12"}, "invalid_cvc"),
    ],
)
def test_a_typed_card_is_checked(client: stripe.StripeClient, wrong: dict[str, Any], code: str) -> None:
    card: Any = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"} | wrong
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_methods.create({"type": "card", "card": card})
    assert refused.value.code == code


@pytest.mark.parametrize("number", ["4000002500003155", "4000002760003184"])
@pytest.mark.parametrize("outcome", ["approve", "fail"])
def test_three_d_secure_is_a_page_that_leads_back(
    client: stripe.StripeClient, simulator: Running, number: str, outcome: str
) -> None:
    card: Any = {"number": number, "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    method = client.v1.payment_methods.create({"type": "card", "card": card})
    intent = paid(
        client, method.id, automatic_payment_methods={"enabled": True}, return_url="https://shop.example/back?o=1"
    )
    assert intent.status == "requires_action"
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None
    url = intent.next_action.redirect_to_url.url
    assert url is not None
    assert simulator.charges() == []
    assert b"Complete authentication" in simulator.fetch(url).body
    assert simulator.fetch(url[:-4] + "none").status == 410
    assert simulator.fetch(url[:-4] + "none", method="POST", body="outcome=approve").status == 410
    assert simulator.charges() == []
    back = simulator.fetch(url, method="POST", body=f"outcome={outcome}")
    assert back.status == 303
    word = {"approve": "succeeded", "fail": "failed"}[outcome]
    assert back.headers["Location"].startswith(f"https://shop.example/back?o=1&payment_intent={intent.id}&")
    assert back.headers["Location"].endswith(f"redirect_status={word}")
    intent = client.v1.payment_intents.retrieve(intent.id)
    if outcome == "approve":
        assert (intent.status, len(simulator.charges())) == ("succeeded", 1)
    else:
        assert (intent.status, simulator.charges()) == ("requires_payment_method", [])
        assert intent.last_payment_error is not None
        assert intent.last_payment_error.code == "payment_intent_authentication_failure"
    assert simulator.fetch(url, method="POST", body="outcome=approve").status == 410
    assert len(simulator.charges()) == (outcome == "approve")


def test_three_d_secure_without_the_buyer_is_a_decline(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.CardError) as refused:
        paid(client, "pm_card_authenticationRequired", off_session=True)
    assert refused.value.code == "authentication_required"


def test_manual_capture_of_a_part_releases_the_rest(client: stripe.StripeClient, simulator: Running) -> None:
    intent = paid(client, capture_method="manual")
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 2500, 0)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 2501})
    assert refused.value.code == "amount_too_large"
    intent = client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 1000})
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("succeeded", 0, 1000)
    charge = simulator.charges()[0]
    assert (charge["amount"], charge["amount_captured"], charge["amount_refunded"]) == (2500, 1000, 0)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.capture(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"


def test_cancel_only_before_the_money_moved(client: stripe.StripeClient) -> None:
    open_intent = client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    canceled = client.v1.payment_intents.cancel(open_intent.id, {"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    held = paid(client, capture_method="manual")
    assert client.v1.payment_intents.cancel(held.id).status == "canceled"
    assert client.v1.balance_transactions.list().data == []
    done = paid(client)
    for intent in (done, canceled):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.payment_intents.cancel(intent.id)
        assert refused.value.code == "payment_intent_unexpected_state"
        assert refused.value.error is not None
        assert refused.value.error.payment_intent is not None
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.confirm(canceled.id, {"payment_method": "pm_card_visa"})
    assert refused.value.code == "payment_intent_unexpected_state"


def test_what_is_paid_cannot_change_but_its_metadata_can(client: stripe.StripeClient) -> None:
    intent = paid(client, metadata={"a": "1", "b": "2"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.update(intent.id, {"amount": 1})
    assert refused.value.code == "payment_intent_unexpected_state"
    intent = client.v1.payment_intents.update(intent.id, {"metadata": {"a": "", "c": "3"}, "transfer_group": "G1"})
    assert intent.metadata.to_dict() == {"b": "2", "c": "3"}
    assert intent.transfer_group == "G1"


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"currency": "eur"}, "parameter_missing", "amount"),
        ({"amount": 1000}, "parameter_missing", "currency"),
        ({"amount": "ten", "currency": "eur"}, "parameter_invalid_integer", "amount"),
        ({"amount": 0, "currency": "eur"}, "parameter_invalid_integer", "amount"),
        ({"amount": 49, "currency": "eur"}, "amount_too_small", "amount"),
        ({"amount": 100_000_000, "currency": "eur"}, "amount_too_large", "amount"),
        ({"amount": 1000, "currency": "zzz"}, None, "currency"),
        ({"amount": 1000, "currency": "eur", "ammount": 1}, "parameter_unknown", "ammount"),
        ({"amount": 1000, "currency": "eur", "payment_method": "pm_none"}, "resource_missing", "payment_method"),
        ({"amount": 1000, "currency": "eur", "return_url": "https://x.example"}, None, "return_url"),
        (
            {
                "amount": 1000,
                "currency": "eur",
                "payment_method": "pm_card_visa",
                "confirm": True,
                "return_url": "js:x",
            },
            "url_invalid",
            "return_url",
        ),
    ],
)
def test_bad_parameters_are_named(
    client: stripe.StripeClient, params: dict[str, Any], code: str | None, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.create(params)  # type: ignore[arg-type]
    assert (refused.value.http_status, refused.value.code, refused.value.param) == (400, code, param)


def test_lists_page_both_ways_and_filter(client: stripe.StripeClient, simulator: Running) -> None:
    made = [client.v1.payment_intents.create({"amount": 100 + n, "currency": "eur"}).id for n in range(7)][::-1]
    first = client.v1.payment_intents.list({"limit": 3})
    assert ([intent.id for intent in first.data], first.has_more) == (made[:3], True)
    second = client.v1.payment_intents.list({"limit": 3, "starting_after": made[2]})
    assert [intent.id for intent in second.data] == made[3:6]
    before = client.v1.payment_intents.list({"limit": 2, "ending_before": made[3]})
    assert ([intent.id for intent in before.data], before.has_more) == (made[1:3], True)
    assert [intent.id for intent in first.auto_paging_iter()] == made
    simulator.control("clock", {"advance_s": 3600})
    late = client.v1.payment_intents.create({"amount": 900, "currency": "eur"})
    young = client.v1.payment_intents.list({"created": {"gte": late.created}})
    assert [intent.id for intent in young.data] == [late.id]
    old = client.v1.payment_intents.list({"created": {"lt": late.created}, "limit": 100})
    assert [intent.id for intent in old.data] == made
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.list({"limit": 101})


def test_search_by_metadata(client: stripe.StripeClient, simulator: Running) -> None:
    wanted = paid(client, metadata={"order": "A'1", "stall": "kiln"})
    other = paid(client, metadata={"order": "A2", "stall": "kiln"})
    client.v1.payment_intents.create({"amount": 700, "currency": "eur", "metadata": {"stall": "kiln"}})

    def found(query: str) -> set[str]:
        return {intent.id for intent in client.v1.payment_intents.search({"query": query}).data}

    assert found(r"metadata['order']:'A\'1'") == {wanted.id}
    assert found("metadata['stall']:'kiln' AND status:'succeeded'") == {wanted.id, other.id}
    assert found("metadata['order']:'A2' OR amount<800") >= {other.id}
    assert found("-metadata['order']:'A2' AND status:'succeeded'") == {wanted.id}
    assert len(found("metadata['order']:null")) == 1
    with pytest.raises(stripe.InvalidRequestError):
        found("status:'a' AND status:'b' OR status:'c'")
    with pytest.raises(stripe.InvalidRequestError):
        found("colour:'red'")
    simulator.control("settings", {"search_lag_s": 60})
    assert found("metadata['order']:'A2'") == set()
    simulator.control("clock", {"advance_s": 61})
    assert found("metadata['order']:'A2'") == {other.id}


def test_search_pages(client: stripe.StripeClient) -> None:
    made = {paid(client, metadata={"k": "v"}).id for _ in range(5)}
    first = client.v1.payment_intents.search({"query": "metadata['k']:'v'", "limit": 2})
    assert {intent.id for intent in first.auto_paging_iter()} == made


def test_a_slow_payment_is_processing_first(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    simulator.control("settings", {"processing_s": 60})
    intent = paid(client)
    assert (intent.status, simulator.charges()) == ("processing", [])
    simulator.control("clock", {"advance_s": 60})
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    simulator.drain()
    assert set(receiver.types()) == {
        "payment_intent.created",
        "payment_intent.processing",
        "charge.succeeded",
        "payment_intent.succeeded",
    }


def test_the_publishable_key_needs_the_secret_and_sees_little(client: stripe.StripeClient, simulator: Running) -> None:
    intent = client.v1.payment_intents.create(
        {"amount": 800, "currency": "eur", "automatic_payment_methods": {"enabled": True}, "metadata": {"order": "9"}}
    )
    path = f"/v1/payment_intents/{intent.id}?key=pk_test_x"
    shown = simulator.fetch(f"{path}&client_secret={intent.client_secret}")
    assert shown.status == 200
    assert shown.headers["Access-Control-Allow-Origin"] == "*"
    assert "metadata" not in shown.json()
    assert simulator.fetch(f"{path}&client_secret=wrong").status == 404
    assert simulator.fetch(path).status == 400
    assert simulator.fetch("/v1/payment_intents?key=pk_test_x").status == 403
    body = (
        f"key=pk_test_x&client_secret={intent.client_secret}&payment_method_data[type]=card"
        "&payment_method_data[card][number]=4242424242424242&payment_method_data[card][exp_month]=1"
        "&payment_method_data[card][exp_year]=40&payment_method_data[card][cvc]=123"
    )
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    confirmed = simulator.fetch(f"/v1/payment_intents/{intent.id}/confirm", method="POST", body=body, headers=form)
    assert confirmed.json()["status"] == "succeeded"
    assert "latest_charge" not in confirmed.json()
    asked = simulator.fetch("/v1/payment_intents/pi_x/confirm", method="OPTIONS")
    assert (asked.status, "POST" in asked.headers["Access-Control-Allow-Methods"]) == (204, True)


def test_another_amount_makes_the_banks_step_void(client: stripe.StripeClient, simulator: Running) -> None:
    intent = paid(client, "pm_card_authenticationRequired", return_url="https://shop.example/", capture_method="manual")
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None
    assert intent.next_action.redirect_to_url.url is not None
    changed = client.v1.payment_intents.update(intent.id, {"amount": 9000})
    assert (changed.status, changed.next_action) == ("requires_confirmation", None)
    url = intent.next_action.redirect_to_url.url
    assert simulator.fetch(url, method="POST", body="outcome=approve").status == 410
    assert simulator.charges() == []


def test_nested_nonsense_is_a_bad_request_not_a_crash(client: stripe.StripeClient, simulator: Running) -> None:
    wrong: list[tuple[Any, Any]] = [
        (client.v1.payment_intents.create, {"amount": {"a": "1"}, "currency": "eur"}),
        (client.v1.payment_intents.create, {"amount": 500, "currency": "eur", "metadata": "x"}),
        (client.v1.payment_intents.create, {"amount": 500, "currency": "eur", "metadata": {"a": {"b": "c"}}}),
        (client.v1.payment_intents.create, {"amount": 500, "currency": "eur", "payment_method_types": "card"}),
        (
            client.v1.checkout.sessions.create,
            {"mode": "payment", "success_url": "https://x.example", "line_items": ["x"]},
        ),
        (client.v1.accounts.create, {"capabilities": {"transfers": "yes"}}),
        (client.v1.events.list, {"created": {"after": 1}}),
    ]
    for act, params in wrong:
        with pytest.raises(stripe.InvalidRequestError):
            act(params)
    form = {"Authorization": "Bearer sk_test_simulator_tests", "Content-Type": "application/x-www-form-urlencoded"}
    for body in ("a=1&a[b]=2", "[]=1", "a[[b]]=1&=2", "a" + "[b]" * 40 + "=1", "%ff=%fe", "&".join(["a[]=1"] * 3000)):
        assert simulator.fetch("/v1/payment_intents", method="POST", body=body, headers=form).status == 400
