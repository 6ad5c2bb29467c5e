"""What the simulator knows to be true: every charge, and how much of everything there is."""

import json

from payments.simulator.shapes import Obj
from payments.simulator.store import Store


def charges(store: Store) -> list[Obj]:
    """Every succeeded charge of a card, oldest first; amounts in minor units.

    `amount_refunded` counts money given back, not an authorisation released.
    """
    rows = store.rows(
        "SELECT account, body FROM objects WHERE kind = 'charge' AND id LIKE 'ch\\_%' ESCAPE '\\' ORDER BY seq"
    )
    listed = []
    for row in rows:
        charge = json.loads(row["body"])
        if charge["status"] != "succeeded":
            continue
        released = charge["amount"] - charge["amount_captured"]
        listed.append(
            {
                "id": charge["id"],
                "account": row["account"],
                "amount": charge["amount"],
                "amount_captured": charge["amount_captured"],
                "amount_refunded": max(0, charge["amount_refunded"] - released),
                "captured": charge["captured"],
                "created": charge["created"],
                "currency": charge["currency"],
                "disputed": charge["disputed"],
                "metadata": charge["metadata"],
                "payment_intent": charge["payment_intent"],
                "transfer_group": charge["transfer_group"],
            }
        )
    return listed


def state(store: Store, now: int) -> Obj:
    """Counts of objects, payment intents by status, deliveries by state, and the sums of the succeeded charges."""
    listed = charges(store)
    return {
        "now": now,
        "objects": _counts(store, "SELECT kind AS name, count(*) AS n FROM objects GROUP BY kind ORDER BY kind"),
        "payment_intents": _counts(
            store,
            "SELECT json_extract(body, '$.status') AS name, count(*) AS n FROM objects WHERE kind = 'payment_intent' "
            "GROUP BY name",
        ),
        "deliveries": _counts(store, "SELECT state AS name, count(*) AS n FROM deliveries GROUP BY state"),
        "charges": {
            "succeeded": len(listed),
            "amount_captured": sum(charge["amount_captured"] for charge in listed),
            "amount_refunded": sum(charge["amount_refunded"] for charge in listed),
        },
    }


def _counts(store: Store, sql: str) -> Obj:
    return {row["name"]: row["n"] for row in store.rows(sql)}
