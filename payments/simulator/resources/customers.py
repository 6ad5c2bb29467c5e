"""Customers."""

from payments.simulator import forms
from payments.simulator.call import Call
from payments.simulator.lists import LIST_PARAMS, page
from payments.simulator.resources import payment_methods
from payments.simulator.shapes import Obj, new_id

WRITE = frozenset(
    {"email", "name", "phone", "description", "address", "shipping", "metadata", "payment_method", "invoice_settings",
     "preferred_locales"}
)  # fmt: skip
LIST = LIST_PARAMS | {"email"}


def _assign(call: Call, customer: Obj) -> None:
    for name in ("email", "name", "phone", "description"):
        if name in call.params:
            customer[name] = forms.text(call.params, name)
    for name in ("address", "shipping"):
        if name in call.params:
            customer[name] = forms.mapping(call.params, name) or None
    if "preferred_locales" in call.params:
        customer["preferred_locales"] = forms.sequence(call.params, "preferred_locales")
    customer["invoice_settings"] |= forms.mapping(call.params, "invoice_settings")
    customer["metadata"] = forms.merge_metadata(customer["metadata"], call.params)


def create(call: Call) -> Obj:
    """POST /v1/customers."""
    customer: Obj = {
        "id": new_id("cus", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": call.now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "email": None,
        "invoice_prefix": new_id("", 8).strip("_").upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    _assign(call, customer)
    call.save(customer)
    if method := forms.text(call.params, "payment_method"):
        payment_methods.attach_to(call, payment_methods.use(call, method), customer["id"])
    call.emit("customer.created", customer)
    return customer


def retrieve(call: Call) -> Obj:
    """GET /v1/customers/{id}."""
    return call.load("customer", call.args["id"])


def update(call: Call) -> Obj:
    """POST /v1/customers/{id}."""
    customer = call.load("customer", call.args["id"])
    before = dict(customer)
    _assign(call, customer)
    changed = {name: before[name] for name in customer if customer[name] != before[name]}
    call.save(customer)
    if changed:
        call.emit("customer.updated", customer, previous=changed)
    return customer


def delete(call: Call) -> Obj:
    """DELETE /v1/customers/{id}: the customer's cards are detached."""
    customer = call.load("customer", call.args["id"])
    for method in call.store.find("payment_method", call.account, {"customer": customer["id"]}):
        method["customer"] = None
        call.save(method)
    call.store.delete(customer["id"])
    call.emit("customer.deleted", customer)
    return {"id": customer["id"], "object": "customer", "deleted": True}


def listing(call: Call) -> Obj:
    """GET /v1/customers."""
    return page(call, "customer", "/v1/customers", {"email": forms.text(call.params, "email")})


def retrieve_payment_method(call: Call) -> Obj:
    """GET /v1/customers/{id}/payment_methods/{method}."""
    call.load("customer", call.args["id"])
    return call.load("payment_method", call.args["method"], noun="PaymentMethod")
