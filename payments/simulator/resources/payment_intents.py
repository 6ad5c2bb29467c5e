"""PaymentIntents: create, read, update, list; confirming and capturing have modules of their own."""

import re

from payments.simulator import forms
from payments.simulator.call import Call
from payments.simulator.errors import ApiError, invalid, no_such, refused
from payments.simulator.lists import LIST_PARAMS, page
from payments.simulator.resources import confirming, money
from payments.simulator.shapes import Obj, new_id, public

SHARED = frozenset(
    {"payment_method", "payment_method_data", "payment_method_options", "receipt_email", "setup_future_usage",
     "shipping", "mandate_data", "payment_method_types"}
)  # fmt: skip
CONFIRMING = SHARED | {"return_url", "off_session", "error_on_requires_action", "use_stripe_sdk", "capture_method",
                       "expected_payment_method_type"}  # fmt: skip
EDITABLE = SHARED | {"amount", "currency", "customer", "description", "metadata", "statement_descriptor",
                     "statement_descriptor_suffix", "transfer_data", "transfer_group", "application_fee_amount",
                     "capture_method"}  # fmt: skip
CREATE = EDITABLE | CONFIRMING | {"automatic_payment_methods", "confirm", "confirmation_method", "on_behalf_of"}
LIST = LIST_PARAMS | {"customer"}
PUBLISHABLE_HIDES = frozenset(
    {"metadata", "customer", "customer_account", "latest_charge", "transfer_group", "transfer_data", "on_behalf_of",
     "application", "application_fee_amount", "amount_received", "amount_capturable", "review",
     "statement_descriptor", "statement_descriptor_suffix", "payment_method_options"}
)  # fmt: skip


# Fields that are null until something happens.
_NULL_AT_FIRST = (
    "application", "application_fee_amount", "automatic_payment_methods", "canceled_at", "cancellation_reason",
    "currency", "customer", "customer_account", "description", "excluded_payment_method_types",
    "last_payment_error", "latest_charge", "next_action", "on_behalf_of", "payment_method",
    "payment_method_configuration_details", "processing", "receipt_email", "review", "setup_future_usage",
    "shipping", "source", "statement_descriptor", "statement_descriptor_suffix", "transfer_data", "transfer_group",
    "_action",
)  # fmt: skip


def _blank(call: Call) -> Obj:
    identifier = new_id("pi")
    return dict.fromkeys(_NULL_AT_FIRST) | {
        "id": identifier,
        "object": "payment_intent",
        "amount": 0,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "capture_method": "automatic_async",
        "client_secret": new_id(f"{identifier}_secret", 25),
        "confirmation_method": "automatic",
        "created": call.now,
        "livemode": False,
        "metadata": {},
        "payment_method_options": {
            "card": {"installments": None, "network": None, "request_three_d_secure": "automatic"}
        },
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
    }


def _descriptor(call: Call, name: str) -> str | None:
    value = forms.text(call.params, name)
    if value is not None and (len(value) > 22 or not re.search("[A-Za-z]", value) or re.search(r"[<>\\'\"*]", value)):
        raise invalid(
            f"The {name} must be at most 22 characters, contain a letter and none of < > \\ ' \" *.", param=name
        )
    return value


def _assign(call: Call, intent: Obj) -> None:
    """Write the editable parameters that were given."""
    params = call.params
    if "amount" in params or "currency" in params:
        intent["currency"] = money.currency(params, default=intent["currency"])
        intent["amount"] = money.amount(params, intent["currency"], default=intent["amount"])
    for name in ("description", "receipt_email", "transfer_group"):
        if name in params:
            intent[name] = forms.text(params, name)
    for name in ("statement_descriptor", "statement_descriptor_suffix"):
        if name in params:
            intent[name] = _descriptor(call, name)
    if "shipping" in params:
        intent["shipping"] = forms.mapping(params, "shipping") or None
    if customer := forms.text(params, "customer"):
        intent["customer"] = call.refer("customer", customer, param="customer")["id"]
    if usage := forms.choice(params, "setup_future_usage", ("on_session", "off_session")):
        intent["setup_future_usage"] = usage
    if types := forms.sequence(params, "payment_method_types"):
        if types != ["card"]:
            raise invalid("The simulator knows only the payment method type card.", param="payment_method_types")
        intent["automatic_payment_methods"] = None
    if method := forms.choice(params, "capture_method", ("automatic", "automatic_async", "manual")):
        intent["capture_method"] = method
    _assign_connect(call, intent)
    intent["metadata"] = forms.merge_metadata(intent["metadata"], params)


def _assign_connect(call: Call, intent: Obj) -> None:
    if "application_fee_amount" in call.params:
        intent["application_fee_amount"] = forms.integer(call.params, "application_fee_amount", minimum=0)
    if behalf := forms.text(call.params, "on_behalf_of"):
        intent["on_behalf_of"] = call.refer("account", behalf, param="on_behalf_of")["id"]
    if transfer := forms.mapping(call.params, "transfer_data"):
        known = intent["transfer_data"] or {}
        destination = forms.text(transfer, "destination", default=known.get("destination"))
        account = call.refer("account", destination or "", param="transfer_data[destination]")
        if account["capabilities"].get("transfers") != "active":
            raise refused(
                "Your destination account needs to have at least one of the following capabilities enabled: transfers.",
                code="insufficient_capabilities_for_transfer",
            )
        intent["transfer_data"] = {"destination": account["id"]}
        part = forms.integer(transfer, "amount", minimum=1)
        if part is not None:
            intent["transfer_data"]["amount"] = part
    fee = intent["application_fee_amount"]
    if fee is not None and not intent["transfer_data"]:
        raise invalid(
            "Can only apply an application_fee_amount when the PaymentIntent has transfer_data[destination] set.",
            param="application_fee_amount",
        )
    if fee is not None and fee > intent["amount"]:
        raise invalid("The application fee cannot be greater than the amount.", param="application_fee_amount")


def begin(call: Call) -> Obj:
    """A new, saved, unconfirmed PaymentIntent from the call's parameters."""
    forms.required(call.params, "amount")
    forms.required(call.params, "currency")
    intent = _blank(call)
    automatic = forms.mapping(call.params, "automatic_payment_methods")
    wants_types = bool(forms.sequence(call.params, "payment_method_types"))
    if automatic and wants_types:
        raise invalid(
            "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.",
            param="automatic_payment_methods",
        )
    if not wants_types and forms.boolean(automatic, "enabled", default=True):
        redirects = forms.choice(automatic, "allow_redirects", ("always", "never"), default="always")
        intent["automatic_payment_methods"] = {"allow_redirects": redirects, "enabled": True}
    if confirmation := forms.choice(call.params, "confirmation_method", ("automatic", "manual")):
        intent["confirmation_method"] = confirmation
    _assign(call, intent)
    confirming.choose_method(call, intent)
    return call.save(intent)


def create(call: Call) -> Obj:
    """POST /v1/payment_intents; with `confirm` also pays."""
    confirm = forms.boolean(call.params, "confirm")
    given = set(call.params) & {"return_url", "off_session", "error_on_requires_action"}
    if given and not confirm:
        name = sorted(given)[0]
        raise invalid(f"The parameter {name} cannot be passed when creating a PaymentIntent unless confirm is set to true.",
                      param=name)  # fmt: skip
    intent = begin(call)
    call.emit("payment_intent.created", intent)
    return confirming.pay(call, intent) if confirm else intent


def load(call: Call) -> Obj:
    """The PaymentIntent of the path; a publishable key must show its client secret."""
    if not call.publishable:
        return call.load("payment_intent", call.args["id"])
    secret = forms.required(call.params, "client_secret")
    intent = call.store.get("payment_intent", call.args["id"], call.account)
    if intent is None or intent["client_secret"] != secret:
        raise no_such("payment_intent", call.args["id"], param="intent")
    return intent


def _shown(call: Call, intent: Obj) -> Obj:
    """What the key may see: a publishable key gets no metadata, customer or charge."""
    if not call.publishable:
        return intent
    return {name: value for name, value in public(intent).items() if name not in PUBLISHABLE_HIDES}


def retrieve(call: Call) -> Obj:
    """GET /v1/payment_intents/{id}."""
    return _shown(call, load(call))


def update(call: Call) -> Obj:
    """POST /v1/payment_intents/{id}: what is being paid changes only before it is paid."""
    intent = load(call)
    frozen = {"amount", "currency", "payment_method", "payment_method_data", "customer", "capture_method"}
    open_states = ("requires_payment_method", "requires_confirmation", "requires_action")
    if intent["status"] not in open_states and frozen & set(call.params):
        name = sorted(frozen & set(call.params))[0]
        raise refused(
            f"This PaymentIntent's {name} could not be updated because it has a status of {intent['status']}. You may "
            f"only update the {name} of a PaymentIntent with one of the following statuses: {', '.join(open_states)}.",
            code="payment_intent_unexpected_state",
            extra={"payment_intent": public(intent)},
        )
    agreed = (intent["amount"], intent["currency"])
    _assign(call, intent)
    if intent["status"] == "requires_action" and agreed != (intent["amount"], intent["currency"]):
        # The buyer's bank was asked about another amount: the payment must be confirmed anew.
        intent |= {"status": "requires_confirmation", "next_action": None, "_action": None}
    confirming.choose_method(call, intent)
    return call.save(intent)


def confirm(call: Call) -> Obj:
    """POST /v1/payment_intents/{id}/confirm."""
    intent = load(call)
    if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise refused(
            f"You cannot confirm this PaymentIntent because it has already {_done(intent['status'])}.",
            code="payment_intent_unexpected_state",
            extra={"payment_intent": _shown(call, public(intent))},
        )
    call.params.pop("client_secret", None)
    if "receipt_email" in call.params:
        intent["receipt_email"] = forms.text(call.params, "receipt_email")
    if "shipping" in call.params:
        intent["shipping"] = forms.mapping(call.params, "shipping") or None
    if usage := forms.choice(call.params, "setup_future_usage", ("on_session", "off_session")):
        intent["setup_future_usage"] = usage
    confirming.choose_method(call, intent)
    try:
        return _shown(call, confirming.pay(call, intent))
    except ApiError as error:
        if call.publishable and "payment_intent" in error.error:
            error.error["payment_intent"] = _shown(call, error.error["payment_intent"])
            error.error.pop("charge", None)
        raise


def _done(status: str) -> str:
    return {
        "succeeded": "succeeded after being previously confirmed",
        "canceled": "been canceled",
        "processing": "been confirmed and is processing",
    }.get(status, f"a status of {status}")


def listing(call: Call) -> Obj:
    """GET /v1/payment_intents."""
    return page(call, "payment_intent", "/v1/payment_intents", {"customer": forms.text(call.params, "customer")})
