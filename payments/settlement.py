"""What follows when a payment's state is known: one idempotent function, whoever has asked the provider.

The answer of a request, a webhook, the sweep and the reconciliation all end here.
"""

import logging
from datetime import datetime

from django.db import transaction

from marketplace.core.db import run_again
from marketplace.core.errors import AwningError, Conflict
from marketplace.orders import services as orders
from marketplace.orders.models import Order, OrderGroup
from payments import figures, ledger, marks
from payments.models import Payment
from payments.provider import ProviderPayment
from payments.refunds import intend_refund, tell_buyer

logger = logging.getLogger(__name__)

State = Payment.State
FINAL = (State.SUCCEEDED, State.CANCELLED)


class PaymentMismatch(AwningError):
    """The provider's payment contradicts our row in amount, currency or identity: nothing is settled, people look."""

    code = "payment_mismatch"
    status = 500


def apply_payment(*, provider_state: ProviderPayment, now: datetime) -> Payment | None:
    """Brings our payment and its orders up to what the provider says; None when it is not one of ours.

    Safe to repeat, in any order and from several places at once: states only move forward, the books take each payment
    once. Money that arrives when the goods are gone is refunded. Raises PaymentMismatch.
    """
    return run_again(lambda: _apply(provider_state, now=now))


def _apply(state: ProviderPayment, *, now: datetime) -> Payment | None:
    known = _known(state)
    if known is None:
        logger.warning("payment.not_ours", extra={"provider_id": state.provider_id})
        return None
    payment = _locked(known)
    marks.reached("settle.locked")
    _check(payment, state)
    payment.provider_id = state.provider_id
    if state.status == "succeeded":
        _succeed(payment, now=now)
    elif payment.state not in FINAL:
        _progress(payment, state, now=now)
    marks.reached("settle.done")
    return payment


def _known(state: ProviderPayment) -> Payment | None:
    by_provider = Payment.objects.filter(provider_id=state.provider_id).first()
    if by_provider is not None or not state.payment_id:
        return by_provider
    return Payment.objects.filter(pk=state.payment_id).first()


def _locked(known: Payment) -> Payment:
    """Group, orders and payment, locked in the order everybody uses; stock follows when the group is marked paid.

    NO KEY: rows that only refer to these need not wait.
    """
    OrderGroup.objects.select_for_update(no_key=True).get(pk=known.group_id)
    list(Order.objects.filter(group_id=known.group_id).order_by("pk").select_for_update(no_key=True))
    return Payment.objects.select_for_update(no_key=True).get(pk=known.pk)


def _check(payment: Payment, state: ProviderPayment) -> None:
    captured_is_right = state.status != "succeeded" or state.captured_minor == payment.amount_minor
    same = (state.amount_minor, state.currency) == (payment.amount_minor, payment.currency)
    if payment.provider_id not in (None, state.provider_id):
        problem = f"it is {payment.provider_id}, not {state.provider_id}"
    elif not same or not captured_is_right:
        problem = (
            f"{payment.amount_minor} {payment.currency} were asked for, the provider has {state.amount_minor} "
            f"{state.currency}, {state.captured_minor} captured"
        )
    else:
        return
    figures.failed_now("mismatch")
    logger.error("payment.mismatch", extra={"payment_id": str(payment.pk), "problem": problem})
    raise PaymentMismatch(f"Payment {payment.pk}: {problem}.")


def _progress(payment: Payment, state: ProviderPayment, *, now: datetime) -> None:
    """Open, processing or cancelled: what is final is never left."""
    if state.decline_code and state.decline_code != payment.decline_code:
        figures.outcome("declined")
    payment.decline_code = state.decline_code
    payment.client_secret = payment.client_secret or state.client_secret
    if state.status == "cancelled":
        payment.state, payment.cancelled_at = State.CANCELLED, now
        figures.outcome("cancelled")
    else:
        payment.state = State.PROCESSING if state.status == "processing" else State.OPEN
    payment.save(update_fields=["provider_id", "decline_code", "client_secret", "state", "cancelled_at"])


def _succeed(payment: Payment, *, now: datetime) -> None:
    if payment.captured_minor:
        return
    # A payment that we hold for cancelled keeps that state, as another one may live in its place; its money goes back.
    wanted = payment.state != State.CANCELLED
    payment.captured_minor, payment.decline_code, payment.succeeded_at = payment.amount_minor, "", now
    payment.state = State.SUCCEEDED if wanted else State.CANCELLED
    payment.save(update_fields=["provider_id", "captured_minor", "decline_code", "succeeded_at", "state"])
    marks.reached("settle.recorded")
    figures.captured(payment.captured_minor, payment.currency)
    if wanted and _fulfil(payment, now=now):
        figures.outcome("succeeded")
        ledger.settle_payment(payment, now=now)
    else:
        figures.outcome("goods_gone")
        ledger.settle_for_refund(payment, now=now)
        refund = intend_refund(payment=payment, amount_minor=payment.captured_minor, reason="goods_gone", now=now)
        tell_buyer(refund, now=now)
    marks.reached("settle.booked")


def _fulfil(payment: Payment, *, now: datetime) -> bool:
    """Marks the orders paid; False when the money is to go back: the goods are gone, or paid for already."""
    try:
        with transaction.atomic():
            fulfilled = orders.mark_group_paid(group_id=payment.group_id, now=now)
    except Conflict as error:
        logger.warning("payment.goods_gone", extra={"payment_id": str(payment.pk), "error": error.code})
        orders.cancel_group(group_id=payment.group_id, reason="goods_gone", now=now)
        return False
    return fulfilled
