"""Checkout Sessions in payment mode: a hosted page takes the card."""

from payments.simulator import forms
from payments.simulator.call import Call
from payments.simulator.errors import invalid, missing_param, refused
from payments.simulator.lists import LIST_PARAMS, list_object, page
from payments.simulator.resources import capturing, money, payment_intents
from payments.simulator.shapes import Obj, new_id

CREATE = frozenset(
    {"mode", "line_items", "success_url", "cancel_url", "ui_mode", "customer", "customer_email",
     "customer_creation",
     "payment_intent_data", "metadata", "client_reference_id", "expires_at", "locale", "payment_method_types",
     "billing_address_collection", "submit_type", "phone_number_collection", "allow_promotion_codes"}
)  # fmt: skip
UPDATE = frozenset({"metadata"})
LIST = LIST_PARAMS | {"payment_intent", "customer", "status"}
_INTENT_DATA = frozenset(
    {"metadata", "transfer_group", "transfer_data", "application_fee_amount", "description", "capture_method",
     "statement_descriptor", "statement_descriptor_suffix", "receipt_email", "setup_future_usage", "on_behalf_of", "shipping"}
)  # fmt: skip
_SHORTEST_S, _LONGEST_S = 30 * 60, 24 * 3600


def _line_item(place: int, item: object) -> Obj:
    name = f"line_items[{place}]"
    if not isinstance(item, dict):
        raise invalid("Invalid object", param=name)
    price = forms.mapping(item, "price_data")
    if not price:
        raise invalid("The simulator knows line items with price_data only.", param=f"{name}[price_data]")
    unit = money.currency(price)
    amount = forms.integer(price, "unit_amount", minimum=0)
    quantity = forms.integer(item, "quantity", minimum=1)
    if amount is None or quantity is None:
        raise missing_param(name + ("[price_data][unit_amount]" if amount is None else "[quantity]"))
    return {
        "id": new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount * quantity,
        "amount_tax": 0,
        "amount_total": amount * quantity,
        "currency": unit,
        "description": forms.required(forms.mapping(price, "product_data"), "name"),
        "metadata": {},
        "price": _price(unit, amount),
        "quantity": quantity,
    }


def _price(unit: str, amount: int) -> Obj:
    return {
        "id": new_id("price"),
        "object": "price",
        "active": False,
        "currency": unit,
        "livemode": False,
        "product": new_id("prod", 14),
        "type": "one_time",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }


def _line_items(call: Call) -> list[Obj]:
    given = forms.sequence(call.params, "line_items")
    if not given:
        raise missing_param("line_items")
    items = [_line_item(place, item) for place, item in enumerate(given)]
    if len({item["currency"] for item in items}) > 1:
        raise invalid("All line items must have the same currency.", param="line_items")
    return items


def _expiry(call: Call) -> int:
    wanted = forms.integer(call.params, "expires_at")
    if wanted is None:
        return call.now + _LONGEST_S
    if not call.now + _SHORTEST_S - 5 <= wanted <= call.now + _LONGEST_S:
        raise invalid(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    return wanted


def create(call: Call) -> Obj:
    """POST /v1/checkout/sessions."""
    if forms.required(call.params, "mode") != "payment":
        raise invalid("The simulator knows the mode payment only.", param="mode")
    ui_mode = forms.choice(call.params, "ui_mode", ("hosted", "hosted_page"), default="hosted_page")
    if "success_url" not in call.params:
        raise missing_param("success_url")
    intent_data = forms.mapping(call.params, "payment_intent_data")
    if unknown := sorted(set(intent_data) - _INTENT_DATA):
        raise invalid(f"Received unknown parameter: payment_intent_data[{unknown[0]}]", param="payment_intent_data",
                      code="parameter_unknown")  # fmt: skip
    if (customer := forms.text(call.params, "customer")) is not None:
        call.refer("customer", customer, param="customer")
        if "customer_email" in call.params:
            raise invalid("You may only specify one of these parameters: customer, customer_email.", param="customer")
    identifier = new_id("cs_test", 58)
    items = _line_items(call)
    total = sum(item["amount_total"] for item in items)
    money.amount({"amount": str(total)}, items[0]["currency"])
    session = _shape(call, identifier, items, total)
    session |= {"customer": customer, "ui_mode": ui_mode, "_line_items": items, "_intent_data": intent_data}
    call.save(session)
    call.store.set_timer("expire", identifier, call.account, session["expires_at"])
    return session


def _shape(call: Call, identifier: str, items: list[Obj], total: int) -> Obj:
    email = forms.text(call.params, "customer_email")
    return {
        "id": identifier,
        "object": "checkout.session",
        "after_expiration": None,
        "allow_promotion_codes": None,
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": forms.text(call.params, "billing_address_collection"),
        "cancel_url": forms.web_url(call.params, "cancel_url"),
        "client_reference_id": forms.text(call.params, "client_reference_id"),
        "client_secret": None,
        "created": call.now,
        "currency": items[0]["currency"],
        "customer": None,
        "customer_creation": "if_required",
        "customer_details": {"email": email, "name": None, "phone": None, "address": None} if email else None,
        "customer_email": email,
        "expires_at": _expiry(call),
        "livemode": False,
        "locale": forms.text(call.params, "locale"),
        "metadata": forms.merge_metadata({}, call.params),
        "mode": "payment",
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "recovered_from": None,
        "shipping_cost": None,
        "status": "open",
        "submit_type": forms.text(call.params, "submit_type"),
        "subscription": None,
        "success_url": forms.web_url(call.params, "success_url"),
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "url": f"{call.base_url}/pay/{identifier}",
    }


def intent_of(call: Call, session: Obj, email: str | None) -> Obj:
    """The session's PaymentIntent, made when the buyer first pays."""
    if session["payment_intent"]:
        return call.load("payment_intent", session["payment_intent"])
    maker = call.on_account(call.account)
    maker.params = session["_intent_data"] | {
        "amount": str(session["amount_total"]),
        "currency": session["currency"],
    }
    if session["customer"]:
        maker.params["customer"] = session["customer"]
    intent = payment_intents.begin(maker)
    if email and not intent["receipt_email"]:
        intent["receipt_email"] = email
        call.save(intent)
    session["payment_intent"] = intent["id"]
    call.save(session)
    call.emit("payment_intent.created", intent)
    return intent


def complete(call: Call, session: Obj) -> Obj:
    """The payment went through (or is authorised): the session is complete, once."""
    if session["status"] == "complete":
        return session
    intent = call.load("payment_intent", session["payment_intent"])
    paid = intent["status"] == "succeeded"
    session |= {"status": "complete", "payment_status": "paid" if paid else "unpaid", "url": None}
    call.save(session)
    call.emit("checkout.session.completed", session)
    return session


def settle_late(call: Call, intent: Obj) -> None:
    """A payment that was processing when its session completed has succeeded."""
    for session in call.store.find("checkout.session", call.account, {"payment_intent": intent["id"]}):
        if intent["status"] == "succeeded" and session["payment_status"] == "unpaid":
            session["payment_status"] = "paid"
            call.save(session)
            call.emit("checkout.session.async_payment_succeeded", session)


def expire_if_open(call: Call, session: Obj) -> Obj:
    """Close an open session; the payment it began can no longer be made."""
    if session["status"] == "open":
        if session["payment_intent"]:
            intent = call.load("payment_intent", session["payment_intent"])
            capturing.cancel_intent(call, intent, reason="expired")
        session |= {"status": "expired", "url": None}
        call.save(session)
        call.emit("checkout.session.expired", session)
    return session


def expire(call: Call) -> Obj:
    """POST /v1/checkout/sessions/{id}/expire."""
    session = call.load("checkout.session", call.args["id"], noun="checkout.session")
    if session["status"] != "open":
        raise refused(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"{session['status']}."
        )
    return expire_if_open(call, session)


def retrieve(call: Call) -> Obj:
    """GET /v1/checkout/sessions/{id}."""
    return call.load("checkout.session", call.args["id"])


def update(call: Call) -> Obj:
    """POST /v1/checkout/sessions/{id}."""
    session = call.load("checkout.session", call.args["id"])
    session["metadata"] = forms.merge_metadata(session["metadata"], call.params)
    return call.save(session)


def listing(call: Call) -> Obj:
    """GET /v1/checkout/sessions."""
    fields = {name: forms.text(call.params, name) for name in ("payment_intent", "customer", "status")}
    return page(call, "checkout.session", "/v1/checkout/sessions", fields)


def line_items(call: Call) -> Obj:
    """GET /v1/checkout/sessions/{id}/line_items."""
    session = call.load("checkout.session", call.args["id"])
    return list_object(f"/v1/checkout/sessions/{session['id']}/line_items", session["_line_items"])
