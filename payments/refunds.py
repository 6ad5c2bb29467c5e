"""Money on its way back: the intent is written first, a sweep performs it with the intent's id as the provider's key."""

import logging
import uuid
from datetime import datetime, timedelta
from urllib.parse import urlencode

from marketplace.core import events, money
from marketplace.core.db import require_transaction, run_again
from marketplace.core.errors import AwningError, Conflict
from marketplace.core.hall import absolute
from marketplace.core.leases import backoff
from marketplace.orders.models import OrderGroup
from monitoring.errors import report
from payments import claims, gateway, ledger, marks
from payments.bodies import refund_body
from payments.models import Payment, Refund
from payments.provider import ProviderGaveUp, ProviderRefund, ProviderUnavailable, ProviderUnknown

logger = logging.getLogger(__name__)

State = Refund.State
UNFINISHED = (State.INTENDED, State.UNKNOWN, State.PENDING)
POLL = timedelta(minutes=10)


class RefundTooLarge(Conflict):
    """More was to be given back than was taken and not yet given back."""

    code = "refund_too_large"


class RefundMismatch(AwningError):
    """The provider reports a refund that contradicts our row; people must look at it."""

    code = "refund_mismatch"
    status = 500


def intend_refund(*, payment: Payment, amount_minor: int, reason: str, now: datetime) -> Refund:
    """Writes down that money goes back, inside the transaction that makes it true. Call it with the payment locked.

    Raises RefundTooLarge.
    """
    require_transaction("intend_refund")
    promised = sum(payment.refunds.exclude(state=State.FAILED).values_list("amount_minor", flat=True))
    if promised + amount_minor > payment.captured_minor:
        raise RefundTooLarge(f"Only {payment.captured_minor - promised} minor units are left to refund.")
    refund = Refund(
        id=uuid.uuid4(), payment=payment, amount_minor=amount_minor, reason=reason, created_at=now, due_at=now
    )
    refund.request = refund_body(refund, payment)
    refund.save(force_insert=True)
    events.publish("payments.refund_started", _fact(refund), now=now, key=f"refund:{refund.pk}:started")
    return refund


def tell_buyer(refund: Refund, *, now: datetime) -> None:
    """Asks for the e-mail that says why money goes back, inside the transaction that makes it true."""
    group = refund.payment.group
    # A guest opens the order with the token, as from the receipt.
    token = "" if group.buyer_id else "?" + urlencode({"token": group.access_token})
    values: dict[str, events.Json] = {
        "number": group.number,
        "amount": money.text(refund.amount_minor, refund.payment.currency),
        "order_url": absolute(f"/orders/{group.number}/{token}"),
    }
    mail: dict[str, events.Json] = {"template": "refund", "to": group.email, "values": values}
    events.publish("email.requested", mail, now=now, key=f"refund:{refund.pk}:mail")


def _fact(refund: Refund) -> dict[str, events.Json]:
    return {
        "refund_id": str(refund.pk),
        "group_id": refund.payment.group_id,
        "amount_minor": refund.amount_minor,
        "currency": refund.payment.currency,
        "reason": refund.reason,
    }


def perform_refunds(*, now: datetime, limit: int = 20) -> int:
    """Sends what was intended and asks about what is open; returns how many refunds were brought forward."""
    done = 0
    for refund in claims.each(Refund.objects.filter(state__in=UNFINISHED), now=now, limit=limit):
        try:
            done += perform_refund(refund, now=now)
        except (ProviderUnavailable, ProviderUnknown):
            break  # the next one would wait just as long
        except Exception as error:
            logger.exception("refund.stuck", extra={"refund_id": str(refund.pk)})
            report(error, refund_id=refund.pk)
            _later(refund, error, now=now)
    return done


def perform_refund(refund: Refund, *, now: datetime) -> bool:
    """One claimed refund, one step forward. Raises ProviderUnavailable and ProviderUnknown after writing them down."""
    try:
        found = _ask(refund, now=now)
    except AwningError as error:
        logger.warning("refund.failed", extra={"refund_id": str(refund.pk), "error": error.code})
        _later(refund, error, now=now, state=State.UNKNOWN if isinstance(error, ProviderUnknown) else None)
        if isinstance(error, ProviderUnavailable | ProviderUnknown):
            raise
        return False
    marks.reached("refund.sent")
    if found is None:
        return _replace(refund, now=now)
    apply_refund(provider_state=found, now=now)
    claims.give_back(refund, due_at=now + POLL)
    marks.reached("refund.saved")
    return True


def _ask(refund: Refund, *, now: datetime) -> ProviderRefund | None:
    """The provider's refund, made now or before; None when the key is spent and no refund came of it."""
    if refund.provider_id:
        return gateway.fetch_refund(refund.provider_id)
    if now - refund.created_at < gateway.KEY_LIVES:
        try:
            return gateway.refund(key=str(refund.pk), request=refund.request)
        except ProviderGaveUp:
            logger.warning("refund.key_spent", extra={"refund_id": str(refund.pk)})
    payment_provider_id = refund.payment.provider_id or ""
    return gateway.find_refund(refund_id=str(refund.pk), payment_provider_id=payment_provider_id)


def _later(refund: Refund, error: Exception, *, now: datetime, state: str | None = None) -> None:
    changes: dict[str, object] = {"last_error": str(error)[:300], "due_at": now + backoff(min(refund.attempts, 8))}
    claims.give_back(refund, **changes, **({"state": state} if state else {}))


def _replace(refund: Refund, *, now: datetime) -> bool:
    """The provider's own list shows that nothing came of this key: a new row with a new key takes its place."""

    def work() -> bool:
        payment = _lock_payment(refund.payment)
        if not claims.give_back(refund, state=State.FAILED, last_error="The provider gave up on this key."):
            return False
        intend_refund(payment=payment, amount_minor=refund.amount_minor, reason=refund.reason, now=now)
        return True

    return run_again(work)


def _lock_payment(payment: Payment) -> Payment:
    """The payment, locked after its group as the order of locks demands."""
    OrderGroup.objects.select_for_update(no_key=True).get(pk=payment.group_id)
    return Payment.objects.select_for_update(no_key=True).get(pk=payment.pk)


def apply_refund(*, provider_state: ProviderRefund, now: datetime) -> Refund | None:
    """Brings our refund up to what the provider says; None when it is not one of ours. Safe to repeat.

    Raises RefundMismatch.
    """
    return run_again(lambda: _apply(provider_state, now=now))


def _apply(state: ProviderRefund, *, now: datetime) -> Refund | None:
    known = Refund.objects.filter(provider_id=state.provider_id).first()
    if known is None and state.refund_id:
        known = Refund.objects.filter(pk=state.refund_id).first()
    if known is None:
        return None
    payment = _lock_payment(known.payment)
    refund = Refund.objects.select_for_update(no_key=True).get(pk=known.pk)
    refund.payment = payment
    if (state.amount_minor, state.currency) != (refund.amount_minor, payment.currency):
        raise RefundMismatch(f"Refund {refund.pk}: the provider says {state.amount_minor} {state.currency}.")
    _advance(refund, payment, state, now=now)
    return refund


def _advance(refund: Refund, payment: Payment, state: ProviderRefund, *, now: datetime) -> None:
    refund.provider_id = state.provider_id
    if state.status == "succeeded" and refund.state in UNFINISHED:
        refund.state, refund.succeeded_at = State.SUCCEEDED, now
        payment.refunded_minor += refund.amount_minor
        ledger.record_refund(refund, now=now)
        events.publish("payments.refund_done", _fact(refund), now=now, key=f"refund:{refund.pk}:done")
    elif state.status == "failed" and refund.state != State.FAILED:
        if refund.state == State.SUCCEEDED:
            payment.refunded_minor -= refund.amount_minor
            ledger.reverse_refund(refund, now=now)
        refund.state = State.FAILED
        # The bank took nothing back, so trying again is useless: people must find another way to the buyer.
        logger.error("refund.failed_at_bank", extra={"refund_id": str(refund.pk), "group_id": payment.group_id})
        events.publish("payments.refund_failed", _fact(refund), now=now, key=f"refund:{refund.pk}:failed")
    elif state.status == "pending" and refund.state in UNFINISHED:
        refund.state = State.PENDING
    payment.save(update_fields=["refunded_minor"])
    refund.save(update_fields=["provider_id", "state", "succeeded_at"])
