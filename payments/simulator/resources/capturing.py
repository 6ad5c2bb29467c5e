"""Capturing and canceling PaymentIntents."""

from payments.simulator import forms
from payments.simulator.call import Call
from payments.simulator.cards import CARDS
from payments.simulator.errors import refused
from payments.simulator.resources import balances, charges, disputes, transfers
from payments.simulator.shapes import Obj, public

CAPTURE = frozenset(
    {"amount_to_capture", "final_capture", "metadata", "statement_descriptor", "statement_descriptor_suffix",
     "application_fee_amount", "transfer_data"}
)  # fmt: skip
CANCEL = frozenset({"cancellation_reason"})
_CANCELABLE = ("requires_payment_method", "requires_capture", "requires_confirmation", "requires_action", "processing")
_REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")


def collect(call: Call, intent: Obj, charge: Obj, amount: int) -> None:
    """Take the money of an authorised charge: balance transaction, transfer to the destination, final states."""
    card = CARDS[charge["_number"]]
    delay = 0 if card.skips_pending else call.settings.settlement_s
    entry = balances.book(
        call,
        "charge",
        amount=amount,
        currency=charge["currency"],
        source=charge["id"],
        fee=balances.processing_fee(amount),
        description=charge["description"],
        available_on=call.now + delay,
    )
    charge |= {"captured": True, "amount_captured": amount, "balance_transaction": entry["id"]}
    charge["amount_refunded"] = charge["amount"] - amount
    intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
    call.save(charge)
    call.save(intent)
    if intent["transfer_data"]:
        charge["transfer"] = transfers.to_destination(call, intent, charge)["id"]
        call.save(charge)


def follow_up(call: Call, charge: Obj) -> None:
    """What some test cards do after the payment."""
    reason = CARDS[charge["_number"]].dispute
    if reason:
        disputes.begin(call, charge, reason=reason, amount=charge["amount_captured"])


def capture(call: Call) -> Obj:
    """POST /v1/payment_intents/{id}/capture: once, whole or a part; the rest is released."""
    intent = call.load("payment_intent", call.args["id"])
    if intent["status"] != "requires_capture":
        raise refused(
            f"This PaymentIntent could not be captured because it has a status of {intent['status']}. Only a "
            "PaymentIntent with one of the following statuses may be captured: requires_capture.",
            code="payment_intent_unexpected_state",
            extra={"payment_intent": public(intent)},
        )
    amount = forms.integer(call.params, "amount_to_capture", minimum=1) or intent["amount_capturable"]
    if amount > intent["amount_capturable"]:
        raise refused(
            f"The remaining capturable amount ({intent['amount_capturable']}) is smaller than the amount you tried to "
            f"capture ({amount}).",
            code="amount_too_large",
            param="amount_to_capture",
        )
    intent["metadata"] = forms.merge_metadata(intent["metadata"], call.params)
    charge = call.load("charge", intent["latest_charge"])
    collect(call, intent, charge, amount)
    call.emit("charge.captured", charge)
    call.emit("payment_intent.succeeded", intent)
    follow_up(call, charge)
    return intent


def cancel_intent(call: Call, intent: Obj, *, reason: str | None) -> Obj:
    """Cancel; an authorisation is released."""
    if intent["status"] not in _CANCELABLE:
        raise refused(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent "
            f"with one of the following statuses may be canceled: {', '.join(_CANCELABLE)}.",
            code="payment_intent_unexpected_state",
            extra={"payment_intent": public(intent)},
        )
    held = intent["status"] == "requires_capture"
    intent |= {"status": "canceled", "canceled_at": call.now, "cancellation_reason": reason, "amount_capturable": 0}
    intent["next_action"], intent["_action"] = None, None
    call.save(intent)
    if held:
        charges.release(call, call.load("charge", intent["latest_charge"]))
    call.emit("payment_intent.canceled", intent)
    return intent


def cancel(call: Call) -> Obj:
    """POST /v1/payment_intents/{id}/cancel."""
    reason = forms.choice(call.params, "cancellation_reason", _REASONS)
    return cancel_intent(call, call.load("payment_intent", call.args["id"]), reason=reason)
