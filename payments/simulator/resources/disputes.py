"""Disputes: opened by a test card or the control endpoint, answered with evidence."""

from payments.simulator import forms
from payments.simulator.call import Call
from payments.simulator.errors import ApiError, refused
from payments.simulator.lists import LIST_PARAMS, page
from payments.simulator.resources import balances
from payments.simulator.shapes import Obj, new_id

UPDATE = frozenset({"evidence", "metadata", "submit"})
LIST = LIST_PARAMS | {"charge", "payment_intent"}
REASONS = ("fraudulent", "product_not_received", "product_unacceptable", "duplicate", "credit_not_processed", "general")
_FEE = 2000
_ANSWER_WITHIN_S = 9 * 24 * 3600
_OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
_EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name", "customer_purchase_ip",
    "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation", "duplicate_charge_id",
    "product_description", "receipt", "refund_policy", "refund_policy_disclosure", "refund_refusal_explanation",
    "service_date", "service_documentation", "shipping_address", "shipping_carrier", "shipping_date",
    "shipping_documentation", "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip


def _shape(call: Call, charge: Obj, *, reason: str, amount: int) -> Obj:
    inquiry = reason == "inquiry"
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(_EVIDENCE) | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": call.now + _ANSWER_WITHIN_S,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": charge["payment_method_details"]["card"]["brand"],
                "case_type": "inquiry" if inquiry else "chargeback",
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        "reason": "general" if inquiry else reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }


def begin(call: Call, charge: Obj, *, reason: str, amount: int) -> Obj:
    """The buyer's bank disputes a charge; unless it only inquires, it takes the money back."""
    inquiry = reason == "inquiry"
    dispute = _shape(call, charge, reason=reason, amount=amount)
    call.save(dispute)
    charge |= {"disputed": True, "dispute": dispute["id"]}
    call.save(charge)
    if not inquiry:
        _move(call, dispute, -amount, fee=_FEE)
    call.emit("charge.dispute.created", dispute)
    if not inquiry:
        call.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def _move(call: Call, dispute: Obj, amount: int, *, fee: int) -> None:
    entry = balances.book(
        call,
        "adjustment",
        amount=amount,
        currency=dispute["currency"],
        source=dispute["id"],
        fee=fee,
        description=f"Chargeback {'withdrawal' if amount < 0 else 'reversal'} for {dispute['charge']}",
        category="dispute" if amount < 0 else "dispute_reversal",
    )
    dispute["balance_transactions"].append(entry)
    call.save(dispute)


def conclude(call: Call, dispute: Obj, outcome: str) -> Obj:
    """The bank decides: ``won`` returns the money (not the fee), ``lost`` keeps it."""
    if dispute["status"] not in _OPEN:
        raise refused(f"This dispute is already closed ({dispute['status']}).", code="dispute_already_closed")
    inquiry = dispute["status"].startswith("warning")
    previous = {"status": dispute["status"]}
    dispute["status"] = "warning_closed" if inquiry else outcome
    call.save(dispute)
    if outcome == "won" and not inquiry:
        _move(call, dispute, dispute["amount"], fee=0)
        call.emit("charge.dispute.funds_reinstated", dispute)
    call.emit("charge.dispute.closed", dispute, previous=previous)
    return dispute


def update(call: Call) -> Obj:
    """POST /v1/disputes/{id}: evidence; ``winning_evidence`` and ``losing_evidence`` decide at once, as in test mode."""
    dispute = call.load("dispute", call.args["id"])
    evidence = forms.mapping(call.params, "evidence")
    dispute["metadata"] = forms.merge_metadata(dispute["metadata"], call.params)
    if evidence and dispute["status"] not in _OPEN:
        raise refused("This dispute is already closed; its evidence cannot be updated.", code="dispute_already_closed")
    if unknown := sorted(set(evidence) - set(_EVIDENCE)):
        raise ApiError(400, f"Received unknown parameter: evidence[{unknown[0]}]", code="parameter_unknown",
                       param="evidence", saved=False)  # fmt: skip
    dispute["evidence"] |= {name: value or None for name, value in evidence.items()}
    details = dispute["evidence_details"]
    details["has_evidence"] = any(dispute["evidence"][name] for name in _EVIDENCE)
    previous = {"status": dispute["status"]}
    submitted = bool(evidence) and forms.boolean(call.params, "submit", default=True)
    if submitted:
        details["submission_count"] += 1
        dispute["status"] = dispute["status"].replace("needs_response", "under_review")
    call.save(dispute)
    call.emit("charge.dispute.updated", dispute, previous=previous)
    verdict = {"winning_evidence": "won", "losing_evidence": "lost"}.get(
        dispute["evidence"]["uncategorized_text"] or ""
    )
    return conclude(call, dispute, verdict) if submitted and verdict else dispute


def close(call: Call) -> Obj:
    """POST /v1/disputes/{id}/close: accept the loss."""
    dispute = call.load("dispute", call.args["id"])
    return conclude(call, dispute, "lost")


def retrieve(call: Call) -> Obj:
    """GET /v1/disputes/{id}."""
    return call.load("dispute", call.args["id"])


def listing(call: Call) -> Obj:
    """GET /v1/disputes."""
    fields = {name: forms.text(call.params, name) for name in ("charge", "payment_intent")}
    return page(call, "dispute", "/v1/disputes", fields)
