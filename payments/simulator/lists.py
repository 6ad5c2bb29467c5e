"""List objects: cursors, `created` filters, pages newest first."""

from collections.abc import Mapping, Sequence
from typing import Any

from payments.simulator import forms
from payments.simulator.call import Call
from payments.simulator.errors import invalid
from payments.simulator.shapes import Obj, public

LIST_PARAMS = frozenset({"limit", "starting_after", "ending_before", "expand", "created"})
_COMPARE = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def limit_of(params: Obj) -> int:
    """The page size: 1 to 100, normally 10."""
    limit = forms.integer(params, "limit")
    if limit is None:
        return 10
    if not 1 <= limit <= 100:
        raise invalid(
            "Invalid integer: limit must be between 1 and 100.", param="limit", code="parameter_invalid_integer"
        )
    return limit


def created_conditions(params: Obj, column: str = "created") -> list[tuple[str, Any]]:
    """SQL conditions of ``created=123`` or ``created[gte]=123``."""
    value = params.get("created")
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [(f"{column} = ?", forms.integer(params, "created"))]
    conditions: list[tuple[str, Any]] = []
    for name in forms.mapping(params, "created"):
        if name not in _COMPARE:
            raise invalid(f"Received unknown parameter: created[{name}]", param="created", code="parameter_unknown")
        conditions.append((f"{column} {_COMPARE[name]} ?", forms.integer(value, name)))
    return conditions


def list_object(url: str, data: list[Obj], *, has_more: bool = False) -> Obj:
    """Stripe's list envelope."""
    return {"object": "list", "data": [public(obj) for obj in data], "has_more": has_more, "url": url}


def page(
    call: Call,
    kind: str,
    url: str,
    fields: Mapping[str, Any] | None = None,
    *,
    where: Sequence[tuple[str, Any]] = (),
    noun: str | None = None,
) -> Obj:
    """One page of the account's objects of a kind; empty field filters are left out."""
    limit = limit_of(call.params)
    conditions = [*where, *created_conditions(call.params)]
    after = _cursor(call, "starting_after", kind, noun)
    before = _cursor(call, "ending_before", kind, noun)
    if after is not None and before is not None:
        raise invalid("You may only specify one of these parameters: starting_after, ending_before.")
    if after is not None:
        conditions.append(("seq < ?", after))
    if before is not None:
        conditions.append(("seq > ?", before))
    wanted = {name: value for name, value in (fields or {}).items() if value is not None}
    found = call.store.find(kind, call.account, wanted, where=conditions, newest_first=before is None, limit=limit + 1)
    has_more = len(found) > limit
    found = found[:limit]
    if before is not None:
        found.reverse()
    return list_object(url, found, has_more=has_more)


def _cursor(call: Call, name: str, kind: str, noun: str | None) -> int | None:
    identifier = forms.text(call.params, name)
    if identifier is None:
        return None
    place = call.store.position(identifier, kind, call.account)
    if place is None:
        raise invalid(f"No such {noun or kind}: '{identifier}'", param=name, code="resource_missing")
    return place
