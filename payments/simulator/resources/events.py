"""The account's event log."""

import json
from typing import Any

from payments.simulator import forms
from payments.simulator.call import Call
from payments.simulator.errors import invalid
from payments.simulator.lists import LIST_PARAMS, page
from payments.simulator.shapes import Obj

LIST = LIST_PARAMS | {"type", "types", "delivery_success"}
_OF_TYPE = "EXISTS (SELECT 1 FROM json_each(?) AS wanted WHERE json_extract(body, '$.type') GLOB wanted.value)"
_UNDELIVERED = "SELECT 1 FROM deliveries WHERE event = objects.id AND state <> 'delivered'"


def _with_pending(call: Call, event: Obj) -> Obj:
    rows = call.store.rows(
        "SELECT count(*) AS n FROM deliveries WHERE event = ? AND state NOT IN ('delivered', 'failed')", (event["id"],)
    )
    return event | {"pending_webhooks": int(rows[0]["n"])}


def retrieve(call: Call) -> Obj:
    """GET /v1/events/{id}."""
    return _with_pending(call, call.load("event", call.args["id"]))


def listing(call: Call) -> Obj:
    """GET /v1/events: by `type` (``charge.*`` too), `types`, `created`, `delivery_success`."""
    kind, kinds = forms.text(call.params, "type"), forms.sequence(call.params, "types")
    if kind and kinds:
        raise invalid("You may only specify one of these parameters: type, types.", param="types")
    if len(kinds) > 20:
        raise invalid("You can pass up to 20 types.", param="types")
    where: list[tuple[str, Any]] = []
    if kind or kinds:
        where.append((_OF_TYPE, json.dumps(kinds or [kind])))
    if "delivery_success" in call.params:
        delivered = forms.boolean(call.params, "delivery_success")
        where.append((f"? = NOT EXISTS ({_UNDELIVERED})", int(delivered)))
    result = page(call, "event", "/v1/events", where=where)
    result["data"] = [_with_pending(call, event) for event in result["data"]]
    return result
