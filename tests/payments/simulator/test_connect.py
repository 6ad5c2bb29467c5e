"""Connected accounts, transfers, reversals and payouts."""

from typing import Any
from urllib.parse import urlencode

import pytest
import stripe

from tests.payments.simulator.running import Receiver, Running
from tests.payments.simulator.test_idempotency import PAY


@pytest.fixture
def seller(client: stripe.StripeClient, simulator: Running) -> stripe.Account:
    account = client.v1.accounts.create(
        {
            "type": "express",
            "country": "DE",
            "email": "kiln@example.test",
            "capabilities": {"transfers": {"requested": True}},
        }
    )
    simulator.control(f"accounts/{account.id}", {"action": "complete"})
    return client.v1.accounts.retrieve(account.id)


def pay(client: stripe.StripeClient, amount: int = 10_000, **more: Any) -> stripe.Charge:
    intent = client.v1.payment_intents.create(PAY | {"amount": amount, "expand": ["latest_charge"]} | more)
    assert isinstance(intent.latest_charge, stripe.Charge)
    return intent.latest_charge


def available(client: stripe.StripeClient, account: str | None = None) -> int:
    funds = client.v1.balance.retrieve({}, {"stripe_account": account} if account else {}).available
    return sum(entry.amount for entry in funds)


def test_onboarding_on_the_hosted_page(client: stripe.StripeClient, simulator: Running, receiver: Receiver) -> None:
    account = client.v1.accounts.create(
        {"type": "express", "country": "DE", "capabilities": {"transfers": {"requested": True}}}
    )
    assert (account.details_submitted, account.payouts_enabled) == (False, False)
    assert account.capabilities is not None
    assert account.capabilities.transfers == "inactive"
    assert account.requirements is not None
    assert account.requirements.currently_due
    link = client.v1.account_links.create(
        {
            "account": account.id,
            "type": "account_onboarding",
            "refresh_url": "https://shop.example/again",
            "return_url": "https://shop.example/sell",
        }
    )
    assert simulator.fetch(link.url).status == 200
    assert simulator.fetch(link.url).headers["Location"] == "https://shop.example/again"
    form = {"name": "Kiln Street", "email": "k@example.test", "iban": "DE89370400440532013000", "action": "complete"}
    answer = simulator.fetch(link.url, method="POST", body=urlencode(form))
    assert (answer.status, answer.headers["Location"]) == (303, "https://shop.example/sell")
    account = client.v1.accounts.retrieve(account.id)
    assert (account.details_submitted, account.payouts_enabled, account.charges_enabled) == (True, True, True)
    assert account.capabilities is not None
    assert account.capabilities.transfers == "active"
    simulator.drain()
    updated = [webhook.event for webhook in receiver.received if webhook.event["type"] == "account.updated"]
    assert {event["account"] for event in updated} == {account.id}
    assert any(event["data"]["object"]["payouts_enabled"] for event in updated)


def test_later_is_a_choice_and_old_links_lead_to_a_new_one(client: stripe.StripeClient, simulator: Running) -> None:
    account = client.v1.accounts.create({"type": "express", "country": "DE"})
    params: Any = {
        "account": account.id,
        "type": "account_onboarding",
        "refresh_url": "https://shop.example/again",
        "return_url": "https://shop.example/sell",
    }
    link = client.v1.account_links.create(params)
    assert (
        simulator.fetch(link.url, method="POST", body="action=later").headers["Location"] == "https://shop.example/sell"
    )
    assert client.v1.accounts.retrieve(account.id).details_submitted is False
    old = client.v1.account_links.create(params)
    simulator.control("clock", {"advance_s": 301})
    assert simulator.fetch(old.url).headers["Location"] == "https://shop.example/again"


def test_a_transfer_needs_an_active_account_and_money(
    client: stripe.StripeClient, seller: stripe.Account, simulator: Running
) -> None:
    fresh = client.v1.accounts.create({"type": "express", "country": "DE"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.create({"amount": 100, "currency": "eur", "destination": fresh.id})
    assert refused.value.code == "insufficient_capabilities_for_transfer"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.create({"amount": 100, "currency": "eur", "destination": seller.id})
    assert refused.value.code == "balance_insufficient"
    pay(client, 10_000)
    assert available(client) == 10_000 - 175
    transfer = client.v1.transfers.create(
        {"amount": 9_000, "currency": "eur", "destination": seller.id, "metadata": {"order": "1"}}
    )
    assert (available(client), available(client, seller.id)) == (825, 9_000)
    assert transfer.metadata.to_dict() == {"order": "1"}
    assert isinstance(transfer.destination_payment, str)
    payment = client.v1.charges.retrieve(transfer.destination_payment, {}, {"stripe_account": seller.id})
    assert (payment.amount, payment.source_transfer) == (9_000, transfer.id)
    simulator.control(f"accounts/{seller.id}", {"action": "restrict"})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.create({"amount": 100, "currency": "eur", "destination": seller.id})


def test_a_charge_can_be_the_source_up_to_its_amount(client: stripe.StripeClient, seller: stripe.Account) -> None:
    charge = pay(client, 10_000, transfer_group="g-7")
    source: Any = {"currency": "eur", "destination": seller.id, "source_transaction": charge.id}
    first = client.v1.transfers.create(source | {"amount": 6_000})
    assert (first.transfer_group, first.source_transaction) == ("g-7", charge.id)
    with pytest.raises(stripe.InvalidRequestError, match="must not exceed the source amount"):
        client.v1.transfers.create(source | {"amount": 4_001})
    client.v1.transfers.create(source | {"amount": 4_000})
    assert available(client) == -175
    assert len(client.v1.transfers.list({"transfer_group": "g-7"}).data) == 2


def test_money_is_pending_until_it_settles(
    client: stripe.StripeClient, seller: stripe.Account, simulator: Running
) -> None:
    simulator.control("settings", {"settlement_s": 7 * 24 * 3600})
    charge = pay(client, 10_000)
    balance = client.v1.balance.retrieve()
    assert ([entry.amount for entry in balance.available], [entry.amount for entry in balance.pending]) == ([0], [9825])
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.create({"amount": 100, "currency": "eur", "destination": seller.id})
    client.v1.transfers.create(
        {"amount": 8_000, "currency": "eur", "destination": seller.id, "source_transaction": charge.id}
    )
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payouts.create({"amount": 8_000, "currency": "eur"}, {"stripe_account": seller.id})
    assert refused.value.code == "balance_insufficient"
    simulator.control("clock", {"advance_s": 7 * 24 * 3600})
    assert (available(client), available(client, seller.id)) == (1_825, 8_000)
    entry = client.v1.balance_transactions.list({"type": "charge"}).data[0]
    assert (entry.status, entry.net) == ("available", 9_825)


def test_reversals_take_back_what_the_seller_still_has(
    client: stripe.StripeClient, seller: stripe.Account, receiver: Receiver, simulator: Running
) -> None:
    pay(client, 10_000)
    transfer = client.v1.transfers.create({"amount": 5_000, "currency": "eur", "destination": seller.id})
    client.v1.payouts.create({"amount": 4_000, "currency": "eur"}, {"stripe_account": seller.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.reversals.create(transfer.id, {"amount": 1_001})
    assert refused.value.code == "balance_insufficient"
    reversal = client.v1.transfers.reversals.create(transfer.id, {"amount": 600, "metadata": {"why": "return"}})
    assert (reversal.amount, reversal.transfer) == (600, transfer.id)
    transfer = client.v1.transfers.retrieve(transfer.id)
    assert (transfer.amount_reversed, transfer.reversed) == (600, False)
    assert [entry.id for entry in transfer.reversals.data] == [reversal.id]
    assert [entry.id for entry in client.v1.transfers.reversals.list(transfer.id).data] == [reversal.id]
    with pytest.raises(stripe.InvalidRequestError, match="greater than unreversed amount"):
        client.v1.transfers.reversals.create(transfer.id, {"amount": 4_401})
    assert available(client, seller.id) == 400
    simulator.drain()
    assert receiver.types().count("transfer.created") == 1
    assert receiver.types().count("transfer.reversed") == 1


def test_destination_charges_and_refunds_that_reverse_them(client: stripe.StripeClient, seller: stripe.Account) -> None:
    charge = pay(client, 10_000, transfer_data={"destination": seller.id}, application_fee_amount=1_000)
    assert available(client, seller.id) == 9_000
    client.v1.refunds.create({"charge": charge.id, "amount": 5_000, "reverse_transfer": True})
    assert available(client, seller.id) == 4_500
    separate = pay(client, 10_000)
    with pytest.raises(stripe.InvalidRequestError, match="no associated transfer"):
        client.v1.refunds.create({"charge": separate.id, "reverse_transfer": True})
    assert client.v1.charges.retrieve(separate.id).amount_refunded == 0


def test_a_payout_arrives(
    client: stripe.StripeClient, seller: stripe.Account, simulator: Running, receiver: Receiver
) -> None:
    pay(client, 10_000)
    client.v1.transfers.create({"amount": 5_000, "currency": "eur", "destination": seller.id})
    on_seller: Any = {"stripe_account": seller.id}
    payout = client.v1.payouts.create({"amount": 3_000, "currency": "eur", "metadata": {"run": "1"}}, on_seller)
    assert (payout.status, available(client, seller.id)) == ("pending", 2_000)
    simulator.control("clock", {"advance_s": 5})
    assert client.v1.payouts.retrieve(payout.id, {}, on_seller).status == "paid"
    assert [entry.id for entry in client.v1.payouts.list({"status": "paid"}, on_seller).data] == [payout.id]
    assert client.v1.payouts.list().data == []
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payouts.retrieve(payout.id)
    simulator.drain()
    about_payouts = [w.event for w in receiver.received if w.event["type"].startswith("payout.")]
    assert sorted(event["type"] for event in about_payouts) == ["payout.created", "payout.paid"]
    assert {event["account"] for event in about_payouts} == {seller.id}


def test_a_payout_fails_and_the_money_comes_back(
    client: stripe.StripeClient, seller: stripe.Account, simulator: Running
) -> None:
    pay(client, 10_000)
    client.v1.transfers.create({"amount": 5_000, "currency": "eur", "destination": seller.id})
    on_seller: Any = {"stripe_account": seller.id}
    client.v1.accounts.update(
        seller.id,
        {"external_account": {"object": "bank_account", "country": "DE", "currency": "eur",
                              "account_number": "DE62370400440532013001"}},
    )  # fmt: skip
    failing = client.v1.payouts.create({"amount": 3_000, "currency": "eur"}, on_seller)
    simulator.control("clock", {"advance_s": 5})
    failing = client.v1.payouts.retrieve(failing.id, {}, on_seller)
    assert (failing.status, failing.failure_code) == ("failed", "account_closed")
    assert available(client, seller.id) == 5_000
    scripted = client.v1.payouts.create({"amount": 1_000, "currency": "eur"}, on_seller)
    simulator.control(f"payouts/{scripted.id}", {"status": "failed", "failure_code": "no_account"})
    assert client.v1.payouts.retrieve(scripted.id, {}, on_seller).failure_code == "no_account"
    canceled = client.v1.payouts.create({"amount": 1_000, "currency": "eur"}, on_seller)
    assert client.v1.payouts.cancel(canceled.id, {}, on_seller).status == "canceled"
    assert available(client, seller.id) == 5_000


def test_a_restricted_account_gets_no_payout(
    client: stripe.StripeClient, seller: stripe.Account, simulator: Running
) -> None:
    pay(client, 10_000)
    client.v1.transfers.create({"amount": 5_000, "currency": "eur", "destination": seller.id})
    simulator.control(f"accounts/{seller.id}", {"action": "restrict"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payouts.create({"amount": 1_000, "currency": "eur"}, {"stripe_account": seller.id})
    assert refused.value.code == "payouts_not_allowed"


def test_balance_transactions_add_up_to_the_balance(client: stripe.StripeClient, seller: stripe.Account) -> None:
    charge = pay(client, 10_000)
    client.v1.refunds.create({"charge": charge.id, "amount": 1_000})
    transfer = client.v1.transfers.create({"amount": 2_000, "currency": "eur", "destination": seller.id})
    client.v1.transfers.reversals.create(transfer.id, {"amount": 500})
    entries = client.v1.balance_transactions.list({"limit": 100}).data
    assert [entry.type for entry in entries] == ["transfer_refund", "transfer", "refund", "charge"]
    assert sum(entry.net for entry in entries) == available(client) == 10_000 - 175 - 1_000 - 2_000 + 500
    assert [entry.source for entry in client.v1.balance_transactions.list({"source": charge.id}).data] == [charge.id]
    assert client.v1.balance_transactions.retrieve(entries[0].id).amount == 500


def test_accounts_are_listed_and_updated(client: stripe.StripeClient, seller: stripe.Account) -> None:
    client.v1.accounts.update(seller.id, {"metadata": {"seller": "kiln"}, "business_profile": {"name": "Kiln"}})
    listed = client.v1.accounts.list().data
    assert [(account.id, account.metadata.to_dict()) for account in listed if account.metadata] == [
        (seller.id, {"seller": "kiln"})
    ]
    assert client.v1.accounts.login_links.create(seller.id).url.startswith("http")
