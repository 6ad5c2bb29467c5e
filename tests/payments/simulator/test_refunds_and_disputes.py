"""Money going back: refunds and disputes; and the customers it goes to."""

from typing import Any

import pytest
import stripe

from tests.payments.simulator.running import Receiver, Running
from tests.payments.simulator.test_idempotency import PAY


def pay(client: stripe.StripeClient, card: str = "pm_card_visa", **more: Any) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create(PAY | {"payment_method": card, "amount": 10_000} | more)


def test_partial_refunds_up_to_the_whole(client: stripe.StripeClient, simulator: Running, receiver: Receiver) -> None:
    intent = pay(client)
    first = client.v1.refunds.create(
        {"payment_intent": intent.id, "amount": 2_500, "reason": "requested_by_customer", "metadata": {"line": "3"}}
    )
    assert (first.status, first.amount, first.currency, first.object) == ("succeeded", 2_500, "eur", "refund")
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount on charge") as refused:
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 7_501})
    assert refused.value.param == "amount"
    charge_id = first.charge
    assert isinstance(charge_id, str)
    client.v1.refunds.create({"charge": charge_id})
    charge = client.v1.charges.retrieve(charge_id, {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded) == (10_000, True)
    assert charge.refunds is not None
    assert [refund.amount for refund in charge.refunds.data] == [7_500, 2_500]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 1})
    assert refused.value.code == "charge_already_refunded"
    assert len(client.v1.refunds.list({"payment_intent": intent.id}).data) == 2
    client.v1.refunds.update(first.id, {"metadata": {"line": "4"}})
    assert client.v1.refunds.retrieve(first.id).metadata.to_dict() == {"line": "4"}  # type: ignore[union-attr]
    assert simulator.charges()[0]["amount_refunded"] == 10_000
    simulator.drain()
    types = receiver.types()
    assert (types.count("charge.refunded"), types.count("refund.created"), types.count("refund.updated")) == (2, 2, 1)


def test_what_was_not_paid_cannot_be_refunded(client: stripe.StripeClient) -> None:
    unpaid = client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": unpaid.id})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"charge": "ch_none"})
    assert refused.value.code == "resource_missing"


def test_a_refund_can_fail_later(client: stripe.StripeClient, simulator: Running, receiver: Receiver) -> None:
    intent = pay(client, "pm_card_refundFail")
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    assert refund.status == "succeeded"
    simulator.control("clock", {"advance_s": 2})
    refund = client.v1.refunds.retrieve(refund.id)
    assert (refund.status, refund.failure_reason) == ("failed", "expired_or_canceled_card")
    assert simulator.charges()[0]["amount_refunded"] == 0
    simulator.drain()
    assert "refund.failed" in receiver.types()


def test_the_disputing_card_takes_the_money_back(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    intent = pay(client, "pm_card_createDispute")
    dispute = client.v1.disputes.list({"payment_intent": intent.id}).data[0]
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", "fraudulent", 10_000)
    assert client.v1.charges.retrieve(str(dispute.charge)).disputed is True
    assert client.v1.balance.retrieve().available[0].amount == -175 - 2_000
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_disputed"
    draft = client.v1.disputes.update(dispute.id, {"evidence": {"product_description": "Plate"}, "submit": False})
    assert (draft.status, draft.evidence_details.submission_count) == ("needs_response", 0)
    sent = client.v1.disputes.update(dispute.id, {"evidence": {"shipping_carrier": "DHL"}})
    assert (sent.status, sent.evidence.product_description) == ("under_review", "Plate")
    won = client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert won.status == "won"
    assert client.v1.balance.retrieve().available[0].amount == 10_000 - 175 - 2_000
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.disputes.close(dispute.id)
    simulator.drain()
    assert [name for name in receiver.types() if name.startswith("charge.dispute.") and "updated" not in name] != []
    assert {name for name in receiver.types() if name.startswith("charge.dispute.")} == {
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    }


def test_a_dispute_can_be_opened_and_decided_by_script(client: stripe.StripeClient, simulator: Running) -> None:
    charge = str(pay(client).latest_charge)
    opened = simulator.control("disputes", {"charge": charge, "amount": 4_000, "reason": "product_not_received"})
    assert client.v1.disputes.retrieve(opened["id"]).amount == 4_000
    assert simulator.control(f"disputes/{opened['id']}", {"status": "lost"})["status"] == "lost"
    assert client.v1.balance.retrieve().available[0].amount == 10_000 - 175 - 4_000 - 2_000


def test_accepting_a_dispute_loses_it(client: stripe.StripeClient) -> None:
    pay(client, "pm_card_createDisputeProductNotReceived")
    dispute = client.v1.disputes.list().data[0]
    assert (dispute.reason, client.v1.disputes.close(dispute.id).status) == ("product_not_received", "lost")


def test_an_inquiry_takes_no_money(client: stripe.StripeClient) -> None:
    intent = pay(client, "pm_card_createDisputeInquiry")
    assert client.v1.disputes.list().data[0].status == "warning_needs_response"
    assert client.v1.balance.retrieve().available[0].amount == 9_825
    assert client.v1.refunds.create({"payment_intent": intent.id}).status == "succeeded"


def test_customers_and_their_cards(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"email": "mira@example.test", "metadata": {"user": "5"}})
    client.v1.customers.create({"email": "other@example.test"})
    assert client.v1.customers.update(customer.id, {"name": "Mira"}).name == "Mira"
    assert [found.id for found in client.v1.customers.list({"email": "mira@example.test"}).data] == [customer.id]
    method = client.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer.id})
    assert (method.customer, method.card.brand) == (customer.id, "mastercard")  # type: ignore[union-attr]
    with pytest.raises(stripe.CardError):
        client.v1.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer.id})
    assert [card.id for card in client.v1.customers.payment_methods.list(customer.id).data] == [method.id]
    listed = client.v1.payment_methods.list({"customer": customer.id, "type": "card"}).data
    assert [card.id for card in listed] == [method.id]
    assert pay(client, method.id, customer=customer.id).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="belongs to another customer"):
        pay(client, method.id)
    assert client.v1.payment_methods.detach(method.id).customer is None
    assert client.v1.payment_methods.list({"customer": customer.id}).data == []
    assert client.v1.customers.delete(customer.id).deleted is True
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.retrieve(customer.id)


def test_a_card_is_saved_for_later(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"email": "mira@example.test"})
    pay(client, customer=customer.id, setup_future_usage="off_session")
    assert len(client.v1.payment_methods.list({"customer": customer.id}).data) == 1


def test_expanding_what_cannot_be_expanded_is_refused(client: stripe.StripeClient) -> None:
    intent = pay(client)
    listed = client.v1.payment_intents.list({"expand": ["data.latest_charge"]}).data
    assert isinstance(listed[0].latest_charge, stripe.Charge)
    for path in ("amount", "latest_charge.amount", "nothing"):
        with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
            client.v1.payment_intents.retrieve(intent.id, {"expand": [path]})
