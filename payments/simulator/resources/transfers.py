"""Transfers to connected accounts, and their reversals."""

from payments.simulator import forms
from payments.simulator.call import Call
from payments.simulator.errors import invalid, missing_param, no_such, refused
from payments.simulator.lists import LIST_PARAMS, list_object, page
from payments.simulator.resources import balances, money
from payments.simulator.shapes import Obj, new_id

CREATE = frozenset(
    {
        "amount",
        "currency",
        "destination",
        "description",
        "metadata",
        "source_transaction",
        "source_type",
        "transfer_group",
    }
)
UPDATE = frozenset({"description", "metadata"})
LIST = LIST_PARAMS | {"destination", "transfer_group"}
REVERSE = frozenset({"amount", "description", "metadata", "refund_application_fee"})
_INSUFFICIENT = (
    "You have insufficient available funds in your Stripe account. Try adding funds directly to your available balance by "
    "creating Charges using the 4000000000000077 test card. See: https://stripe.com/docs/testing#available-balance"
)


def _destination(call: Call) -> Obj:
    identifier = forms.required(call.params, "destination")
    account = call.store.get("account", identifier, call.account)
    if account is None:
        raise no_such("destination", identifier, param="destination")
    if account["capabilities"].get("transfers") != "active":
        raise refused(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers, "
            "crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    return account


def create(call: Call) -> Obj:
    """POST /v1/transfers; with `source_transaction` the money may still be pending."""
    unit = money.currency(call.params)
    amount = forms.integer(call.params, "amount", minimum=1)
    if amount is None:
        raise missing_param("amount")
    destination = _destination(call)
    group = forms.text(call.params, "transfer_group")
    available_on, charge = None, None
    if source := forms.text(call.params, "source_transaction"):
        charge = call.refer("charge", source, param="source_transaction")
        available_on = _check_source(call, charge, amount, unit)
        group = group or charge["transfer_group"] or f"group_{charge['id']}"
    elif balances.available(call, unit) < amount:
        raise refused(_INSUFFICIENT, code="balance_insufficient")
    return _send(
        call,
        amount=amount,
        unit=unit,
        destination=destination["id"],
        charge=charge,
        group=group,
        available_on=available_on,
        about={
            "description": forms.text(call.params, "description"),
            "metadata": forms.merge_metadata({}, call.params),
        },
    )


def _check_source(call: Call, charge: Obj, amount: int, unit: str) -> int:
    """A charge can be the source of transfers up to its amount; when its money settles, in Unix seconds."""
    if not charge["captured"]:
        raise refused(
            f"The charge {charge['id']} cannot be the source of a transfer: it has not been captured.",
            param="source_transaction",
        )
    if unit != charge["currency"]:
        raise invalid(
            f"The currency of source_transaction's balance transaction ({charge['currency']}) must be the same as the "
            f"transfer currency ({unit})",
            param="currency",
        )
    earlier = call.store.find("transfer", call.account, {"source_transaction": charge["id"]})
    used = sum(transfer["amount"] - transfer["amount_reversed"] for transfer in earlier)
    if used + amount > charge["amount_captured"]:
        raise refused(
            "Transfers using this transaction as a source must not exceed the source amount of "
            f"{money.written(charge['amount_captured'], unit)}. (There are already existing transfers using this source, "
            f"totaling {money.written(used, unit)}.)",
            param="amount",
        )
    entry = call.load("balance_transaction", charge["balance_transaction"])
    return int(entry["available_on"])


def to_destination(call: Call, intent: Obj, charge: Obj) -> Obj:
    """The transfer that a charge with ``transfer_data`` makes by itself."""
    data = intent["transfer_data"]
    amount = data.get("amount", charge["amount_captured"] - (intent["application_fee_amount"] or 0))
    entry = call.load("balance_transaction", charge["balance_transaction"])
    return _send(
        call,
        amount=amount,
        unit=charge["currency"],
        destination=data["destination"],
        charge=charge,
        group=charge["transfer_group"] or f"group_{intent['id']}",
        available_on=entry["available_on"],
        about={"description": None, "metadata": {}},
    )


def _send(
    call: Call,
    *,
    amount: int,
    unit: str,
    destination: str,
    charge: Obj | None,
    group: str | None,
    available_on: int | None,
    about: Obj,
) -> Obj:
    identifier = new_id("tr")
    outgoing = balances.book(
        call, "transfer", amount=-amount, currency=unit, source=identifier, available_on=available_on
    )
    receiver = call.on_account(destination)
    payment = _payment(receiver, amount, unit, identifier, available_on)
    transfer: Obj = {
        "id": identifier,
        "object": "transfer",
        "amount": amount,
        "amount_reversed": 0,
        "balance_transaction": outgoing["id"],
        "created": call.now,
        "currency": unit,
        "description": about["description"],
        "destination": destination,
        "destination_payment": payment["id"],
        "livemode": False,
        "metadata": about["metadata"],
        "reversals": list_object(f"/v1/transfers/{identifier}/reversals", []),
        "reversed": False,
        "source_transaction": charge["id"] if charge else None,
        "source_type": "card",
        "transfer_group": group,
    }
    call.save(transfer)
    call.emit("transfer.created", transfer)
    receiver.emit("payment.created", payment)
    return transfer


def _payment(receiver: Call, amount: int, unit: str, transfer: str, available_on: int | None) -> Obj:
    """What the connected account sees of a transfer: a payment in its own balance."""
    identifier = new_id("py")
    entry = balances.book(
        receiver, "payment", amount=amount, currency=unit, source=identifier, available_on=available_on
    )
    payment: Obj = {
        "id": identifier,
        "object": "charge",
        "amount": amount,
        "amount_captured": amount,
        "amount_refunded": 0,
        "balance_transaction": entry["id"],
        "captured": True,
        "created": receiver.now,
        "currency": unit,
        "customer": None,
        "description": None,
        "disputed": False,
        "livemode": False,
        "metadata": {},
        "paid": True,
        "payment_intent": None,
        "payment_method": None,
        "refunded": False,
        "source_transfer": transfer,
        "status": "succeeded",
    }
    return receiver.save(payment)


def reverse(
    call: Call, transfer: Obj, amount: int, *, source_refund: str | None = None, metadata: Obj | None = None
) -> Obj:
    """Take money back from a connected account, which must have it."""
    unit = transfer["currency"]
    receiver = call.on_account(transfer["destination"])
    if balances.available(receiver, unit) < amount and not _still_pending(receiver, transfer):
        raise refused(
            f"Insufficient funds in the connected account {transfer['destination']} to reverse "
            f"{money.written(amount, unit)} of transfer {transfer['id']}.",
            code="balance_insufficient",
        )
    identifier = new_id("trr")
    incoming = balances.book(call, "transfer_refund", amount=amount, currency=unit, source=identifier)
    payment_refund = new_id("pyr")
    balances.book(receiver, "payment_refund", amount=-amount, currency=unit, source=payment_refund)
    reversal: Obj = {
        "id": identifier,
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": incoming["id"],
        "created": call.now,
        "currency": unit,
        "destination_payment_refund": payment_refund,
        "metadata": metadata or {},
        "source_refund": source_refund,
        "transfer": transfer["id"],
    }
    call.save(reversal)
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    newest = call.store.find("transfer_reversal", call.account, {"transfer": transfer["id"]}, limit=10)
    transfer["reversals"] = list_object(f"/v1/transfers/{transfer['id']}/reversals", newest)
    call.save(transfer)
    call.emit("transfer.reversed", transfer)
    return reversal


def _still_pending(receiver: Call, transfer: Obj) -> bool:
    payment = receiver.load("charge", transfer["destination_payment"])
    entry = receiver.load("balance_transaction", payment["balance_transaction"])
    return bool(entry["available_on"] > receiver.now)


def create_reversal(call: Call) -> Obj:
    """POST /v1/transfers/{id}/reversals."""
    transfer = call.load("transfer", call.args["id"])
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = forms.integer(call.params, "amount", minimum=1) or left
    if left == 0 or amount > left:
        unit = transfer["currency"]
        raise refused(
            f"Reversal amount ({money.written(amount, unit)}) is greater than unreversed amount on transfer "
            f"({money.written(left, unit)})",
            param="amount",
        )
    return reverse(call, transfer, amount, metadata=forms.merge_metadata({}, call.params))


def retrieve(call: Call) -> Obj:
    """GET /v1/transfers/{id}."""
    return call.load("transfer", call.args["id"])


def update(call: Call) -> Obj:
    """POST /v1/transfers/{id}."""
    transfer = call.load("transfer", call.args["id"])
    if "description" in call.params:
        transfer["description"] = forms.text(call.params, "description")
    transfer["metadata"] = forms.merge_metadata(transfer["metadata"], call.params)
    call.save(transfer)
    call.emit("transfer.updated", transfer)
    return transfer


def listing(call: Call) -> Obj:
    """GET /v1/transfers."""
    fields = {name: forms.text(call.params, name) for name in ("destination", "transfer_group")}
    return page(call, "transfer", "/v1/transfers", fields)


def reversals(call: Call) -> Obj:
    """GET /v1/transfers/{id}/reversals."""
    transfer = call.load("transfer", call.args["id"])
    return page(call, "transfer_reversal", f"/v1/transfers/{transfer['id']}/reversals", {"transfer": transfer["id"]})


def retrieve_reversal(call: Call) -> Obj:
    """GET /v1/transfers/{id}/reversals/{reversal}."""
    call.load("transfer", call.args["id"])
    return call.load("transfer_reversal", call.args["reversal"])
