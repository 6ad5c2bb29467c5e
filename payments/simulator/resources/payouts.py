"""Payouts from a balance to a bank account."""

from payments.simulator import forms
from payments.simulator.call import Call
from payments.simulator.errors import missing_param, refused
from payments.simulator.lists import LIST_PARAMS, page
from payments.simulator.resources import balances, money
from payments.simulator.shapes import PLATFORM_ACCOUNT, Obj, new_id

CREATE = frozenset({"amount", "currency", "description", "destination", "metadata", "method", "source_type",
                    "statement_descriptor"})  # fmt: skip
UPDATE = frozenset({"metadata"})
LIST = LIST_PARAMS | {"status", "destination", "arrival_date"}
_FAILURES = {
    "account_closed": "The bank account has been closed.",
    "no_account": "The bank account details on file are probably incorrect. No bank account could be located.",
    "insufficient_funds": "Your Stripe account has insufficient funds to cover the payout.",
    "debit_not_authorized": "Debit transactions are not approved on your bank account.",
    "invalid_currency": "The bank was unable to process this payout because of its currency.",
    "could_not_process": "The bank could not process this payout.",
}
# Stripe's test bank accounts by what becomes of a payout to them (https://docs.stripe.com/connect/testing).
_FAILING_ACCOUNTS = {
    "000111111116": "no_account",
    "000111111113": "account_closed",
    "000222222227": "insufficient_funds",
    "000333333335": "debit_not_authorized",
    "000444444440": "invalid_currency",
    "DE62370400440532013001": "account_closed",
}


def _bank(call: Call) -> tuple[str | None, str]:
    """The bank account's id and number; connected accounts must be allowed payouts."""
    if call.account == PLATFORM_ACCOUNT:
        return "ba_1AwningPlatformBank", ""
    account = call.on_account(PLATFORM_ACCOUNT).load("account", call.account)
    if not account["payouts_enabled"]:
        raise refused("Payouts are not enabled for this account: complete its onboarding.", code="payouts_not_allowed")
    return account["external_accounts"]["data"][0]["id"], account.get("_bank_number", "")


def _shape(call: Call, amount: int, unit: str, destination: str | None) -> Obj:
    return {
        "id": new_id("po"),
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": call.now + call.settings.payout_s,
        "automatic": False,
        "balance_transaction": None,
        "created": call.now,
        "currency": unit,
        "description": forms.text(call.params, "description"),
        "destination": destination,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": forms.merge_metadata({}, call.params),
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "not_applicable",
        "reversed_by": None,
        "source_type": forms.text(call.params, "source_type", default="card"),
        "statement_descriptor": forms.text(call.params, "statement_descriptor"),
        "status": "pending",
        "trace_id": None,
        "type": "bank_account",
    }


def create(call: Call) -> Obj:
    """POST /v1/payouts, for the account of the Stripe-Account header."""
    unit = money.currency(call.params)
    amount = forms.integer(call.params, "amount", minimum=1)
    if amount is None:
        raise missing_param("amount")
    method = forms.choice(call.params, "method", ("standard", "instant"), default="standard")
    destination, number = _bank(call)
    if balances.available(call, unit) < amount:
        raise refused(
            "You have insufficient funds in your Stripe account for this transfer. Your card balance is too low. You can "
            "use the the /v1/balance endpoint to view your Stripe balance (for more details, see stripe.com/docs/api#balance).",
            code="balance_insufficient",
            param="amount",
        )
    payout = _shape(call, amount, unit, destination) | {"method": method, "_number": number}
    payout["balance_transaction"] = _book(call, payout, "payout", -amount)
    call.save(payout)
    call.store.set_timer("arrive", payout["id"], call.account, payout["arrival_date"])
    call.emit("payout.created", payout)
    return payout


def _book(call: Call, payout: Obj, kind: str, amount: int) -> str:
    entry = balances.book(call, kind, amount=amount, currency=payout["currency"], source=payout["id"])
    return str(entry["id"])


def arrive(call: Call, payout: Obj) -> None:
    """The arrival date has come: paid, or failed where the bank account is one that fails."""
    if payout["status"] == "pending":
        failure = _FAILING_ACCOUNTS.get(payout["_number"])
        conclude(call, payout, "failed" if failure else "paid", failure=failure)


def conclude(call: Call, payout: Obj, outcome: str, *, failure: str | None = None) -> Obj:
    """Mark a payout paid, or failed (also after it was paid, as banks do); a failure returns the money."""
    if payout["status"] not in (("pending", "paid") if outcome == "failed" else ("pending",)):
        raise refused(f"Payout {payout['id']} is already {payout['status']}.")
    previous = {"status": payout["status"]}
    payout["status"] = outcome
    if outcome == "failed":
        code = failure if failure in _FAILURES else "could_not_process"
        payout |= {"failure_code": code, "failure_message": _FAILURES[code]}
        payout["failure_balance_transaction"] = _book(call, payout, "payout_failure", payout["amount"])
    call.save(payout)
    call.emit(f"payout.{outcome}", payout, previous=previous)
    return payout


def cancel(call: Call) -> Obj:
    """POST /v1/payouts/{id}/cancel."""
    payout = call.load("payout", call.args["id"])
    if payout["status"] != "pending":
        raise refused(f"Payouts can be canceled only while pending; {payout['id']} is {payout['status']}.",
                      code="payout_not_cancelable")  # fmt: skip
    payout["status"] = "canceled"
    payout["failure_balance_transaction"] = _book(call, payout, "payout_cancel", payout["amount"])
    call.save(payout)
    call.emit("payout.canceled", payout)
    return payout


def retrieve(call: Call) -> Obj:
    """GET /v1/payouts/{id}."""
    return call.load("payout", call.args["id"])


def update(call: Call) -> Obj:
    """POST /v1/payouts/{id}."""
    payout = call.load("payout", call.args["id"])
    payout["metadata"] = forms.merge_metadata(payout["metadata"], call.params)
    call.save(payout)
    call.emit("payout.updated", payout)
    return payout


def listing(call: Call) -> Obj:
    """GET /v1/payouts."""
    fields = {name: forms.text(call.params, name) for name in ("status", "destination")}
    return page(call, "payout", "/v1/payouts", fields)
