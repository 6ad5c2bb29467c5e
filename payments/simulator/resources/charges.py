"""Charges: what a card was asked for, granted or refused."""

from payments.simulator import forms
from payments.simulator.call import Call
from payments.simulator.cards import Refusal
from payments.simulator.lists import LIST_PARAMS, page
from payments.simulator.resources import payment_methods
from payments.simulator.shapes import Obj, new_id

UPDATE = frozenset({"description", "metadata", "receipt_email", "transfer_group", "shipping", "fraud_details"})
LIST = LIST_PARAMS | {"customer", "payment_intent", "transfer_group"}


# Fields that are null until something happens.
_NULL_AT_FIRST = (
    "application", "application_fee", "balance_transaction", "destination", "dispute",
    "failure_balance_transaction", "failure_code", "failure_message", "outcome", "receipt_number", "receipt_url",
    "review", "source", "source_transfer", "transfer",
)  # fmt: skip


def _shape(call: Call, intent: Obj, method: Obj) -> Obj:
    identifier = new_id("ch")
    return dict.fromkeys(_NULL_AT_FIRST) | {
        "id": identifier,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application_fee_amount": intent["application_fee_amount"],
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": (intent["statement_descriptor_suffix"] or "AWNING").upper(),
        "captured": False,
        "created": call.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": intent["on_behalf_of"],
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"card": _card(method, intent["amount"]), "type": "card"},
        "receipt_email": intent["receipt_email"],
        "refunded": False,
        "shipping": intent["shipping"],
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "pending",
        "transfer_data": intent["transfer_data"],
        "transfer_group": intent["transfer_group"],
        "_number": method["_number"],
    }


def _card(method: Obj, amount: int) -> Obj:
    names = (
        "brand",
        "country",
        "exp_month",
        "exp_year",
        "fingerprint",
        "funding",
        "last4",
        "regulated_status",
        "wallet",
    )
    shown = {name: method["card"][name] for name in names}
    secured = payment_methods.card_of(method).three_d_secure
    return shown | {
        "amount_authorized": amount,
        "checks": method["card"]["checks"] | {"cvc_check": "pass"},
        "installments": None,
        "mandate": None,
        "network": method["card"]["brand"],
        "three_d_secure": {"result": "authenticated", "version": "2.2.0"} if secured else None,
    }


def authorize(call: Call, intent: Obj, method: Obj) -> Obj:
    """A granted charge, not yet captured; the caller emits its events."""
    charge = _shape(call, intent, method)
    charge |= {"paid": True, "status": "succeeded"}
    charge["outcome"] = {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": "normal",
        "risk_score": 12,
        "seller_message": "Payment complete.",
        "type": "authorized",
    }
    return call.save(charge)


def fail(call: Call, intent: Obj, method: Obj, refusal: Refusal) -> Obj:
    """A refused charge."""
    charge = _shape(call, intent, method)
    charge |= {"status": "failed", "failure_code": refusal.code, "failure_message": refusal.message}
    charge["outcome"] = {
        "advice_code": "try_again_later",
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network",
        "reason": refusal.decline_code or refusal.code,
        "risk_level": "normal",
        "risk_score": 12,
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }
    return call.save(charge)


def release(call: Call, charge: Obj) -> None:
    """Give an authorisation back: Stripe shows it as refunded, no money moved."""
    charge |= {"refunded": True, "amount_refunded": charge["amount"]}
    call.save(charge)
    call.emit("charge.refunded", charge, previous={"amount_refunded": 0, "refunded": False})


def retrieve(call: Call) -> Obj:
    """GET /v1/charges/{id}."""
    return call.load("charge", call.args["id"])


def update(call: Call) -> Obj:
    """POST /v1/charges/{id}."""
    charge = call.load("charge", call.args["id"])
    for name in ("description", "receipt_email", "transfer_group"):
        if name in call.params:
            charge[name] = forms.text(call.params, name)
    for name in ("shipping", "fraud_details"):
        if name in call.params:
            charge[name] = forms.mapping(call.params, name)
    charge["metadata"] = forms.merge_metadata(charge["metadata"], call.params)
    call.save(charge)
    call.emit("charge.updated", charge)
    return charge


def listing(call: Call) -> Obj:
    """GET /v1/charges."""
    fields = {name: forms.text(call.params, name) for name in ("customer", "payment_intent", "transfer_group")}
    return page(call, "charge", "/v1/charges", fields)


def refunds(call: Call) -> Obj:
    """GET /v1/charges/{id}/refunds."""
    charge = call.load("charge", call.args["id"])
    return page(call, "refund", f"/v1/charges/{charge['id']}/refunds", {"charge": charge["id"]})
