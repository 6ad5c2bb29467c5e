"""Balance transactions and the balance they add up to."""

from payments.simulator import forms
from payments.simulator.call import Call
from payments.simulator.lists import LIST_PARAMS, page
from payments.simulator.shapes import Obj, new_id

LIST = LIST_PARAMS | {"type", "source", "payout", "currency"}

_CATEGORIES = {
    "payment": "charge",
    "payment_refund": "refund",
    "payout_failure": "payout_reversal",
    "payout_cancel": "payout_reversal",
    "transfer_refund": "transfer_reversal",
    "adjustment": "dispute",
}


def processing_fee(amount: int) -> int:
    """Stripe's fee for a European card: 1.5 % + 25, in minor units, half up."""
    return (amount * 15 + 500) // 1000 + 25


def _fee_details(kind: str, fee: int, currency: str) -> list[Obj]:
    return [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Stripe processing fees" if kind in ("charge", "payment") else "Dispute fee",
            "type": "stripe_fee",
        }
    ]


def book(
    call: Call,
    kind: str,
    *,
    amount: int,
    currency: str,
    source: str,
    fee: int = 0,
    description: str | None = None,
    available_on: int | None = None,
    category: str | None = None,
) -> Obj:
    """Write one balance transaction of the acting account; amounts in minor units, negative takes money away."""
    settles = call.now if available_on is None else available_on
    entry: Obj = {
        "id": new_id("txn", 24),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": settles,
        "balance_type": "payments",
        "created": call.now,
        "currency": currency,
        "description": description,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": _fee_details(kind, fee, currency) if fee else [],
        "net": amount - fee,
        "reporting_category": category or _CATEGORIES.get(kind, kind),
        "source": source,
        "status": "available" if settles <= call.now else "pending",
        "type": kind,
    }
    call.store.run(
        "INSERT INTO balances(account, currency, available_on, net) VALUES (?, ?, ?, ?)",
        (call.account, currency, settles, amount - fee),
    )
    return call.save(entry)


def available(call: Call, currency: str) -> int:
    """What the acting account can spend now, in minor units."""
    rows = call.store.rows(
        "SELECT coalesce(sum(net), 0) AS total FROM balances WHERE account = ? AND currency = ? AND available_on <= ?",
        (call.account, currency, call.now),
    )
    return int(rows[0]["total"])


def retrieve_balance(call: Call) -> Obj:
    """GET /v1/balance."""
    rows = call.store.rows(
        "SELECT currency, sum(CASE WHEN available_on <= :now THEN net ELSE 0 END) AS available, "
        "sum(CASE WHEN available_on > :now THEN net ELSE 0 END) AS pending "
        "FROM balances WHERE account = :account GROUP BY currency ORDER BY currency",
        {"now": call.now, "account": call.account},
    )
    totals = [dict(row) for row in rows] or [{"currency": "eur", "available": 0, "pending": 0}]
    funds = {
        name: [
            {"amount": row[name], "currency": row["currency"], "source_types": {"card": row[name]}} for row in totals
        ]
        for name in ("available", "pending")
    }
    return {"object": "balance", **funds, "livemode": False, "refund_and_dispute_prefunding": None}


def _settled(call: Call, entry: Obj) -> Obj:
    if entry["status"] == "pending" and entry["available_on"] <= call.now:
        entry["status"] = "available"
        call.save(entry)
    return entry


def retrieve(call: Call) -> Obj:
    """GET /v1/balance_transactions/{id}."""
    return _settled(call, call.load("balance_transaction", call.args["id"]))


def listing(call: Call) -> Obj:
    """GET /v1/balance_transactions."""
    fields = {name: forms.text(call.params, name) for name in ("type", "source", "payout", "currency")}
    result = page(call, "balance_transaction", "/v1/balance_transactions", fields)
    result["data"] = [_settled(call, entry) for entry in result["data"]]
    return result
