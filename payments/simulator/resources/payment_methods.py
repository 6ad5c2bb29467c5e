"""Payment methods: cards by number, by token and by Stripe's ready-made test ids."""

import time
from typing import Any

from payments.simulator import forms
from payments.simulator.call import Call
from payments.simulator.cards import CARDS, Card, by_name, by_number
from payments.simulator.errors import card_error, invalid, missing_param, no_such, refused
from payments.simulator.lists import LIST_PARAMS, page
from payments.simulator.shapes import Obj, new_id

CREATE = frozenset({"type", "card", "billing_details", "metadata", "allow_redisplay"})
UPDATE = frozenset({"card", "billing_details", "metadata", "allow_redisplay"})
LIST = LIST_PARAMS | {"customer", "type"}


def card_of(method: Obj) -> Card:
    """The test card behind a stored payment method."""
    return CARDS[method["_number"]]


def build(call: Call, data: Obj) -> Obj:
    """A payment method from ``payment_method_data`` or the create endpoint's parameters."""
    if forms.required(data, "type") != "card":
        raise invalid(
            "The simulator knows only the payment method type card.",
            param="type",
            code="payment_method_invalid_parameter",
        )
    typed = forms.mapping(data, "card")
    if not typed:
        raise missing_param("card")
    token = forms.text(typed, "token")
    if token:
        card = by_name(token)
        if card is None:
            raise no_such("token", token, param="card[token]")
        month, year = _next_year()
    else:
        card = by_number(forms.required(typed, "number"))
        month, year = _expiry(typed, call.now)
        _check_code(typed, card)
    method = _shape(call, card, month, year)
    method["billing_details"] = _billing(forms.mapping(data, "billing_details"))
    method["metadata"] = forms.merge_metadata({}, data)
    return call.save(method)


def use(call: Call, identifier: str, *, param: str = "payment_method") -> Obj:
    """The payment method of an id; ``pm_card_…`` makes a fresh one, as at Stripe."""
    card = by_name(identifier) if identifier.startswith("pm_card_") else None
    if card is not None:
        return call.save(_shape(call, card, *_next_year()))
    return call.refer("payment_method", identifier, param=param, noun="PaymentMethod")


def _next_year() -> tuple[int, int]:
    return 12, time.gmtime().tm_year + 3


def _expiry(typed: Obj, now: int) -> tuple[int, int]:
    month, year = forms.integer(typed, "exp_month"), forms.integer(typed, "exp_year")
    if month is None or year is None:
        raise missing_param("card[exp_month]" if month is None else "card[exp_year]")
    year += 2000 if year < 100 else 0
    today = time.gmtime(now)
    if not 1 <= month <= 12:
        raise card_error("Your card's expiration month is invalid.", code="invalid_expiry_month", param="exp_month")
    if not today.tm_year <= year <= today.tm_year + 50:
        raise card_error("Your card's expiration year is invalid.", code="invalid_expiry_year", param="exp_year")
    if year == today.tm_year and month < today.tm_mon:
        raise card_error("Your card's expiration month is invalid.", code="invalid_expiry_month", param="exp_month")
    return month, year


def _check_code(typed: Obj, card: Card) -> None:
    code = forms.text(typed, "cvc")
    wanted = 4 if card.brand == "amex" else 3
    if code is not None and (not code.isdigit() or len(code) != wanted):
        raise card_error("Your card's security code is invalid.", code="invalid_cvc", param="cvc")


def _billing(given: Obj) -> Obj:
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return {
        "address": address | forms.mapping(given, "address"),
        "email": given.get("email") or None,
        "name": given.get("name") or None,
        "phone": given.get("phone") or None,
        "tax_id": None,
    }


def card_details(method: Obj) -> Obj:
    """The card as shown on payment methods and charges."""
    card: Obj = method["card"]
    return card


def _shape(call: Call, card: Card, month: int, year: int) -> Obj:
    details: dict[str, Any] = {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "unchecked"},
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": f"fp{card.number[:6]}{card.last4}",
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    return {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": _billing({}),
        "card": details,
        "created": call.now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
        "_number": card.number,
    }


def create(call: Call) -> Obj:
    """POST /v1/payment_methods."""
    return build(call, call.params)


def retrieve(call: Call) -> Obj:
    """GET /v1/payment_methods/{id}."""
    if by_name(call.args["id"]) is not None:
        return use(call, call.args["id"])
    return call.load("payment_method", call.args["id"], noun="PaymentMethod")


def update(call: Call) -> Obj:
    """POST /v1/payment_methods/{id}."""
    method = call.load("payment_method", call.args["id"], noun="PaymentMethod")
    if "billing_details" in call.params:
        given = forms.mapping(call.params, "billing_details")
        method["billing_details"] |= {name: value for name, value in _billing(given).items() if name in given}
    method["metadata"] = forms.merge_metadata(method["metadata"], call.params)
    return call.save(method)


def attach_to(call: Call, method: Obj, customer: str) -> Obj:
    """Save a card with a customer; a card that Stripe's check refuses is not saved."""
    call.refer("customer", customer, param="customer")
    if method["customer"] not in (None, customer):
        raise refused(
            "The payment method you provided has already been attached to a customer.",
            code="payment_method_unexpected_state",
            param="payment_method",
        )
    card = card_of(method)
    if card.refusal and not card.attaches:
        raise card.refusal.error()
    method["customer"] = customer
    call.save(method)
    call.emit("payment_method.attached", method)
    return method


def attach(call: Call) -> Obj:
    """POST /v1/payment_methods/{id}/attach."""
    return attach_to(call, use(call, call.args["id"]), forms.required(call.params, "customer"))


def detach(call: Call) -> Obj:
    """POST /v1/payment_methods/{id}/detach."""
    method = call.load("payment_method", call.args["id"], noun="PaymentMethod")
    if method["customer"] is None:
        raise refused(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            code="payment_method_unexpected_state",
        )
    previous = {"customer": method["customer"]}
    method["customer"] = None
    call.save(method)
    call.emit("payment_method.detached", method, previous=previous)
    return method


def listing(call: Call) -> Obj:
    """GET /v1/payment_methods and /v1/customers/{id}/payment_methods."""
    customer = call.args.get("id") or forms.text(call.params, "customer")
    if customer is None:
        # Without a customer Stripe lists the account's Treasury methods, of which there are none.
        return page(call, "payment_method", "/v1/payment_methods", where=[("0 = ?", 1)])
    call.refer("customer", customer, param="customer")
    fields = {"customer": customer, "type": forms.text(call.params, "type")}
    return page(call, "payment_method", "/v1/payment_methods", fields, noun="PaymentMethod")
