"""Refunds, whole and partial."""

from payments.simulator import forms
from payments.simulator.call import Call
from payments.simulator.cards import CARDS
from payments.simulator.errors import invalid, refused
from payments.simulator.lists import LIST_PARAMS, page
from payments.simulator.resources import balances, money, transfers
from payments.simulator.shapes import Obj, new_id

CREATE = frozenset(
    {"charge", "payment_intent", "amount", "reason", "metadata", "reverse_transfer", "refund_application_fee", "currency",
     "instructions_email"}
)  # fmt: skip
UPDATE = frozenset({"metadata"})
LIST = LIST_PARAMS | {"charge", "payment_intent"}
_FAILS_AFTER_S = 1


def _charge_to_refund(call: Call) -> Obj:
    identifier = forms.text(call.params, "charge")
    if intent_id := forms.text(call.params, "payment_intent"):
        intent = call.refer("payment_intent", intent_id, param="payment_intent")
        if intent["status"] != "succeeded":
            raise refused(
                f"This PaymentIntent ({intent_id}) does not have a successful charge to refund.",
                code="payment_intent_unexpected_state",
                param="payment_intent",
            )
        identifier = intent["latest_charge"]
    if not identifier:
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    charge = call.refer("charge", identifier, param="charge")
    if not charge["captured"]:
        raise refused(
            f"Charge {charge['id']} has not been captured: cancel its PaymentIntent instead.",
            code="charge_not_captured",
        )
    return charge


def _amount(call: Call, charge: Obj) -> int:
    left = charge["amount"] - charge["amount_refunded"]
    if charge["refunded"] or left <= 0:
        raise refused(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if charge["disputed"] and call.load("dispute", charge["dispute"])["is_charge_refundable"] is False:
        raise refused(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    amount = forms.integer(call.params, "amount", minimum=1) or left
    if amount > left:
        unit = charge["currency"]
        limit = "charge amount" if left == charge["amount"] else "unrefunded amount on charge"
        raise refused(
            f"Refund amount ({money.written(amount, unit)}) is greater than {limit} ({money.written(left, unit)})",
            param="amount",
        )
    return amount


def create(call: Call) -> Obj:
    """POST /v1/refunds."""
    reason = forms.choice(call.params, "reason", ("duplicate", "fraudulent", "requested_by_customer"))
    charge = _charge_to_refund(call)
    amount = _amount(call, charge)
    refund: Obj = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "destination_details": {
            "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
            "type": "card",
        },
        "metadata": forms.merge_metadata({}, call.params),
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    if forms.boolean(call.params, "reverse_transfer"):
        refund["transfer_reversal"] = _reverse(call, charge, refund)
    entry = balances.book(call, "refund", amount=-amount, currency=charge["currency"], source=refund["id"])
    refund["balance_transaction"] = entry["id"]
    _finish(call, charge, refund)
    return refund


def _reverse(call: Call, charge: Obj, refund: Obj) -> str:
    if not charge["transfer"]:
        raise refused(
            "Cannot reverse transfer: the charge has no associated transfer (it was not made with transfer_data). Reverse "
            "separate transfers with POST /v1/transfers/:id/reversals.",
            param="reverse_transfer",
        )
    transfer = call.load("transfer", charge["transfer"])
    # A partial refund takes back the same share of the transfer.
    share = transfer["amount"] * refund["amount"] // charge["amount_captured"]
    amount = min(share, transfer["amount"] - transfer["amount_reversed"])
    return str(transfers.reverse(call, transfer, amount, source_refund=refund["id"])["id"])


def _finish(call: Call, charge: Obj, refund: Obj) -> None:
    previous = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] += refund["amount"]
    charge["refunded"] = charge["amount_refunded"] >= charge["amount"]
    call.save(refund)
    call.save(charge)
    call.emit("charge.refunded", charge, previous=previous)
    call.emit("refund.created", refund)
    if CARDS[charge["_number"]].refund_fails:
        call.store.set_timer("fail_refund", refund["id"], call.account, call.now + _FAILS_AFTER_S)


def fail(call: Call, refund: Obj) -> Obj:
    """The bank returned the refund: the money comes back to the platform."""
    if refund["status"] == "failed":
        return refund
    entry = balances.book(
        call, "refund_failure", amount=refund["amount"], currency=refund["currency"], source=refund["id"]
    )
    refund |= {
        "status": "failed",
        "failure_reason": "expired_or_canceled_card",
        "failure_balance_transaction": entry["id"],
    }
    charge = call.load("charge", refund["charge"])
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    call.save(refund)
    call.save(charge)
    for kind in ("refund.updated", "refund.failed", "charge.refund.updated"):
        call.emit(kind, refund, previous={"status": "succeeded"})
    return refund


def retrieve(call: Call) -> Obj:
    """GET /v1/refunds/{id}."""
    return call.load("refund", call.args["id"])


def update(call: Call) -> Obj:
    """POST /v1/refunds/{id}."""
    refund = call.load("refund", call.args["id"])
    previous = {"metadata": refund["metadata"]}
    refund["metadata"] = forms.merge_metadata(refund["metadata"], call.params)
    call.save(refund)
    for kind in ("refund.updated", "charge.refund.updated"):
        call.emit(kind, refund, previous=previous)
    return refund


def listing(call: Call) -> Obj:
    """GET /v1/refunds."""
    fields = {name: forms.text(call.params, name) for name in ("charge", "payment_intent")}
    return page(call, "refund", "/v1/refunds", fields)
