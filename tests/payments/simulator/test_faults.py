"""Scripted faults of the API."""

import time
from typing import Any

import pytest
import stripe

from tests.payments.simulator.running import Running
from tests.payments.simulator.test_idempotency import PAY


def test_a_dropped_request_did_nothing(client: stripe.StripeClient, simulator: Running) -> None:
    simulator.control("faults", {"kind": "drop_before", "match": {"method": "POST"}})
    with pytest.raises(stripe.APIConnectionError):
        client.v1.payment_intents.create(PAY)
    assert simulator.charges() == []
    assert client.v1.payment_intents.create(PAY).status == "succeeded"


def test_a_dropped_answer_was_worked_for(client: stripe.StripeClient, simulator: Running) -> None:
    simulator.control("faults", {"kind": "drop_after", "match": {"method": "POST"}})
    with pytest.raises(stripe.APIConnectionError):
        client.v1.payment_intents.create(PAY, {"idempotency_key": "f1"})
    assert len(simulator.charges()) == 1
    assert client.v1.payment_intents.create(PAY, {"idempotency_key": "f1"}).status == "succeeded"
    assert len(simulator.charges()) == 1


def test_an_error_500_is_remembered_as_stripe_does(client: stripe.StripeClient, simulator: Running) -> None:
    simulator.control("faults", {"kind": "error_500"})
    for _ in range(2):
        with pytest.raises(stripe.APIError) as broken:
            client.v1.payment_intents.create(PAY, {"idempotency_key": "f2"})
        assert broken.value.http_status == 500
    assert simulator.charges() == []
    assert client.v1.payment_intents.create(PAY, {"idempotency_key": "f2-new"}).status == "succeeded"


def test_an_error_500_after_the_work_hides_a_charge(client: stripe.StripeClient, simulator: Running) -> None:
    simulator.control("faults", {"kind": "error_500", "after": True})
    with pytest.raises(stripe.APIError):
        client.v1.payment_intents.create(PAY | {"metadata": {"order": "lost"}}, {"idempotency_key": "f3"})
    assert len(simulator.charges()) == 1
    assert len(client.v1.payment_intents.search({"query": "metadata['order']:'lost'"}).data) == 1


def test_an_error_500_that_is_not_remembered_can_be_retried(client: stripe.StripeClient, simulator: Running) -> None:
    simulator.control("faults", {"kind": "error_500", "saved": False})
    with pytest.raises(stripe.APIError):
        client.v1.payment_intents.create(PAY, {"idempotency_key": "f4"})
    assert client.v1.payment_intents.create(PAY, {"idempotency_key": "f4"}).status == "succeeded"


def test_too_many_requests_says_when_to_come_back(client: stripe.StripeClient, simulator: Running) -> None:
    simulator.control("faults", {"kind": "error_429", "retry_after": 7})
    with pytest.raises(stripe.RateLimitError) as refused:
        client.v1.payment_intents.create(PAY, {"idempotency_key": "f5"})
    assert refused.value.headers is not None
    assert refused.value.headers["Retry-After"] == "7"
    assert client.v1.payment_intents.create(PAY, {"idempotency_key": "f5"}).status == "succeeded"


def test_a_rule_takes_only_what_it_matches(client: stripe.StripeClient, simulator: Running) -> None:
    simulator.control(
        "faults", [{"kind": "error_429", "match": {"method": "GET", "path": "^/v1/charges"}, "skip": 1, "times": 2}]
    )
    client.v1.balance.retrieve()
    client.v1.charges.list()
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            client.v1.charges.list()
    client.v1.charges.list()
    rule = simulator.control("faults")["rules"][0]
    assert (rule["seen"], rule["hits"]) == (4, 2)
    assert simulator.control("faults", method="DELETE") == {"removed": 1}


def test_a_rate_hits_about_its_share(client: stripe.StripeClient, simulator: Running) -> None:
    simulator.control("faults", {"kind": "error_429", "rate": 0.5, "times": None})
    for _ in range(60):
        try:
            client.v1.balance.retrieve()
        except stripe.RateLimitError:
            continue
    assert 10 <= simulator.control("faults")["rules"][0]["hits"] <= 50


def test_latency_delays_the_answer(client: stripe.StripeClient, simulator: Running) -> None:
    simulator.control("faults", {"kind": "latency", "ms": 250})
    began = time.monotonic()
    client.v1.balance.retrieve()
    assert time.monotonic() - began >= 0.25


@pytest.mark.parametrize(
    ("path", "script", "says"),
    [
        ("faults", {"kind": "meteor"}, "kind must be one of"),
        ("faults", {"kind": "latency", "sometimes": 1}, "unknown field 'sometimes'"),
        ("faults", {"kind": "latency", "ms": "soon"}, "'ms'"),
        ("faults", {"kind": "latency", "match": {"path": "("}}, "not a regular expression"),
        ("webhooks", {"shuffle": 1}, "unknown webhook mode 'shuffle'"),
        ("webhooks", {"duplicate": 0}, "at least 1"),
        ("settings", {"colour": 1}, "Unknown setting"),
        ("payouts/po_none", {"status": "paid"}, "No such payout"),
    ],
)
def test_a_wrong_script_is_explained(simulator: Running, path: str, script: dict[str, Any], says: str) -> None:
    body = str(script).replace("'", '"')
    answer = simulator.fetch(
        f"/_control/{path}", method="POST", body=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status == 400
    assert says in answer.json()["error"]


def test_the_control_endpoint_wants_json(simulator: Running) -> None:
    """A form on a page from elsewhere cannot reset the simulator."""
    answer = simulator.fetch(
        "/_control/reset", method="POST", body="{}", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status == 400
    assert simulator.fetch("/_control/nothing").status == 404
