"""``expand[]``: replace ids by their objects."""

from payments.simulator import forms
from payments.simulator.call import Call
from payments.simulator.errors import invalid
from payments.simulator.lists import list_object
from payments.simulator.shapes import Obj, public

_MAX_DEPTH = 4
_EXPANDABLE = frozenset(
    {
        "account", "application_fee", "balance_transaction", "charge", "customer", "default_source", "destination",
        "destination_payment", "destination_payment_refund", "failure_balance_transaction", "latest_charge",
        "on_behalf_of", "payment_intent", "payment_method", "source", "source_refund", "source_transaction",
        "source_transfer", "transfer", "transfer_reversal",
    }
)  # fmt: skip


def expand(call: Call, obj: Obj) -> Obj:
    """The answer with the requested ids expanded."""
    for path in forms.sequence(call.params, "expand"):
        steps = str(path).split(".")
        if obj.get("object") in ("list", "search_result"):
            if steps[0] != "data":
                raise _not_expandable(str(path))
            steps = steps[1:]
            if not steps:
                raise _not_expandable(str(path))
            for item in obj["data"]:
                _walk(call, item, steps, str(path))
        else:
            _walk(call, obj, steps, str(path))
    return obj


def _walk(call: Call, obj: Obj, steps: list[str], path: str) -> None:
    if len(steps) > _MAX_DEPTH:
        raise invalid("You cannot expand more than 4 levels of a property.", param="expand")
    name, rest = steps[0], steps[1:]
    if name == "refunds" and obj.get("object") == "charge":
        refunds = call.store.find("refund", call.account, {"charge": obj["id"]}, limit=10)
        obj["refunds"] = list_object(f"/v1/charges/{obj['id']}/refunds", refunds)
    elif name == "line_items" and obj.get("object") == "checkout.session":
        _, stored = call.store.owner_and_object(obj["id"]) or ("", {})
        obj["line_items"] = list_object(f"/v1/checkout/sessions/{obj['id']}/line_items", stored["_line_items"])
    value = obj.get(name)
    if isinstance(value, str) and name in _EXPANDABLE:
        found = call.store.owner_and_object(value)
        if found is None:
            return
        value = obj[name] = public(found[1])
    elif not isinstance(value, dict | list) and (name not in obj or name not in _EXPANDABLE):
        raise _not_expandable(path)
    if not rest:
        return
    if isinstance(value, dict):
        items = value.get("data") if value.get("object") == "list" and rest[0] == "data" else None
        for item in items if items is not None else [value]:
            _walk(call, item, rest[1:] if items is not None else rest, path)


def _not_expandable(path: str) -> Exception:
    return invalid(
        f"This property cannot be expanded ({path}). You may want to try expanding another property.", param="expand"
    )
