"""Idempotency keys, as Stripe keeps them."""

import time
from typing import Any

import pytest
import stripe

from tests.payments.simulator.running import KEY, Running, in_threads

PAY: Any = {
    "amount": 2500,
    "currency": "eur",
    "payment_method": "pm_card_visa",
    "confirm": True,
    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
}
FORM = "amount=2500&currency=eur&payment_method={card}&confirm=true&return_url=https://shop.example/"


def post(simulator: Running, path: str, body: str, *, key: str, account: str | None = None) -> Any:
    headers = {
        "Authorization": f"Bearer {KEY}",
        "Idempotency-Key": key,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return simulator.fetch(
        path, method="POST", body=body, headers=headers | ({"Stripe-Account": account} if account else {})
    )


def test_same_key_same_body_gives_the_same_bytes_and_one_charge(simulator: Running) -> None:
    first = post(simulator, "/v1/payment_intents", FORM.format(card="pm_card_visa"), key="k1")
    again = post(simulator, "/v1/payment_intents", FORM.format(card="pm_card_visa"), key="k1")
    assert (first.status, again.status) == (200, 200)
    assert first.body == again.body
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"] != again.headers["Request-Id"]
    assert again.headers["Idempotency-Key"] == "k1"
    assert len(simulator.charges()) == 1


def test_a_decline_is_replayed_with_its_status(client: stripe.StripeClient, simulator: Running) -> None:
    declined = PAY | {"payment_method": "pm_card_chargeDeclined"}
    seen = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refused:
            client.v1.payment_intents.create(declined, {"idempotency_key": "k2"})
        seen.append(refused.value)
    assert seen[0].http_body == seen[1].http_body
    assert seen[1].headers is not None
    assert seen[1].headers["Idempotent-Replayed"] == "true"
    assert len(client.v1.payment_intents.list().data) == 1


def test_a_refusal_by_state_is_replayed_even_when_the_state_has_changed(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.payment_intents.capture(intent.id, {}, {"idempotency_key": "k3"})
        assert refused.value.code == "payment_intent_unexpected_state"
        client.v1.payment_intents.cancel(intent.id) if intent.status != "canceled" else None
        intent = client.v1.payment_intents.retrieve(intent.id)
    assert refused.value.user_message is not None
    assert "status of requires_payment_method" in refused.value.user_message


def test_failed_validation_is_not_remembered(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.create({"amount": 1, "currency": "eur"}, {"idempotency_key": "k4"})
    assert client.v1.payment_intents.create({"amount": 100, "currency": "eur"}, {"idempotency_key": "k4"}).amount == 100


def test_same_key_other_body_is_refused(client: stripe.StripeClient, simulator: Running) -> None:
    client.v1.payment_intents.create(PAY, {"idempotency_key": "k5"})
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as refused:
        client.v1.payment_intents.create(PAY | {"amount": 2501}, {"idempotency_key": "k5"})
    assert refused.value.http_status == 400
    assert refused.value.error is not None
    assert refused.value.error.type == "idempotency_error"
    assert len(simulator.charges()) == 1


def test_same_key_other_endpoint_is_refused(client: stripe.StripeClient) -> None:
    client.v1.customers.create({"email": "a@example.test"}, {"idempotency_key": "k6"})
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}}, {"idempotency_key": "k6"})


def test_a_key_belongs_to_one_account(client: stripe.StripeClient, simulator: Running) -> None:
    account = client.v1.accounts.create({"type": "express", "country": "DE"})
    ids = {
        client.v1.customers.create({"email": "a@example.test"}, {"idempotency_key": "k7"}).id,
        client.v1.customers.create(
            {"email": "a@example.test"}, {"idempotency_key": "k7", "stripe_account": account.id}
        ).id,
    }
    assert len(ids) == 2


def test_a_key_is_forgotten_after_24_hours(client: stripe.StripeClient, simulator: Running) -> None:
    first = client.v1.customers.create({"email": "a@example.test"}, {"idempotency_key": "k8"}).id
    simulator.control("clock", {"advance_s": 24 * 3600 - 60})
    assert client.v1.customers.create({"email": "a@example.test"}, {"idempotency_key": "k8"}).id == first
    simulator.control("clock", {"advance_s": 61})
    assert client.v1.customers.create({"email": "a@example.test"}, {"idempotency_key": "k8"}).id != first


def test_twenty_at_once_make_one_charge(simulator: Running) -> None:
    client = simulator.new_client()
    results = in_threads([lambda: client.v1.payment_intents.create(PAY, {"idempotency_key": "k9"}) for _ in range(20)])
    ids = {result.id for result in results if isinstance(result, stripe.PaymentIntent)}
    refused = [result for result in results if isinstance(result, stripe.StripeError)]
    assert len(ids) == 1
    assert {error.http_status for error in refused} <= {409}
    assert len(simulator.charges()) == 1


def test_a_key_in_flight_is_a_409(simulator: Running) -> None:
    simulator.control("faults", {"kind": "latency", "ms": 400, "match": {"method": "POST"}, "times": 1})
    client = simulator.new_client()
    results = in_threads([lambda: client.v1.payment_intents.create(PAY, {"idempotency_key": "k10"}) for _ in range(2)])
    conflict = [result for result in results if isinstance(result, stripe.StripeError)]
    assert [error.http_status for error in conflict] == [409]
    assert conflict[0].error is not None
    assert conflict[0].error.code == "idempotency_key_in_use"
    assert len(simulator.charges()) == 1


def test_the_sdk_retries_a_conflict_until_it_gets_the_answer(simulator: Running) -> None:
    simulator.control("faults", {"kind": "latency", "ms": 300, "match": {"method": "POST"}, "times": 1})
    client = simulator.new_client(retries=2)
    results = in_threads([lambda: client.v1.payment_intents.create(PAY, {"idempotency_key": "k11"}) for _ in range(2)])
    assert len({result.id for result in results}) == 1
    assert len(simulator.charges()) == 1


def test_a_broken_connection_charges_once(simulator: Running) -> None:
    simulator.control("faults", {"kind": "timeout_after", "seconds": 5, "match": "POST ^/v1/payment_intents$"})
    impatient = simulator.new_client(timeout=0.4)
    began = time.monotonic()
    with pytest.raises(stripe.APIConnectionError):
        impatient.v1.payment_intents.create(PAY, {"idempotency_key": "k12"})
    assert time.monotonic() - began < 3
    assert len(simulator.charges()) == 1
    again = impatient.v1.payment_intents.create(PAY, {"idempotency_key": "k12"})
    assert again.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert again.id == simulator.charges()[0]["payment_intent"]
    assert len(simulator.charges()) == 1


def test_a_client_that_hangs_up_during_the_work_is_charged_once(simulator: Running) -> None:
    simulator.control("faults", {"kind": "latency", "ms": 600, "match": {"method": "POST"}})
    impatient = simulator.new_client(timeout=0.2)
    with pytest.raises(stripe.APIConnectionError):
        impatient.v1.payment_intents.create(PAY, {"idempotency_key": "k13"})
    patient = simulator.new_client(retries=4)
    intent = patient.v1.payment_intents.create(PAY, {"idempotency_key": "k13"})
    assert [charge["payment_intent"] for charge in simulator.charges()] == [intent.id]
