"""A year of payments, made in one go and announced to nobody."""

import urllib.error

import pytest
import stripe

from tests.payments.simulator.running import Receiver, Running

PAYMENT = {"amount": 1234, "currency": "EUR", "created": 1_750_000_000, "metadata": {"payment": "p1"}}


def test_past_payments_are_charges_like_any_other(
    simulator: Running, client: stripe.StripeClient, receiver: Receiver
) -> None:
    wanted = [PAYMENT, PAYMENT | {"amount": 99, "metadata": {"payment": "p2"}}]
    made = simulator.control("past", {"payments": wanted})["payment_intents"]
    intent = client.v1.payment_intents.retrieve(made[0])
    assert (intent.status, intent.amount_received, intent.created) == ("succeeded", 1234, 1_750_000_000)
    charges = simulator.control("charges")["charges"]
    assert [(c["amount"], c["metadata"]["payment"], c["payment_intent"]) for c in charges] == [
        (1234, "p1", made[0]),
        (99, "p2", made[1]),
    ]
    assert client.v1.refunds.create({"payment_intent": made[1]}).status == "succeeded"
    simulator.control("drain", {})
    assert [name for name in receiver.types() if not name.startswith(("refund", "charge.refund"))] == []


def test_one_bad_item_makes_none_of_them(simulator: Running) -> None:
    with pytest.raises((urllib.error.HTTPError, AssertionError)):
        simulator.control("past", {"payments": [PAYMENT, PAYMENT | {"amount": -5}]})
    assert simulator.control("charges")["charges"] == []
