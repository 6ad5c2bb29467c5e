"""Opens payments at the provider, and closes them so that nobody can pay any more. Each row is claimed first."""

import logging
import uuid
from datetime import datetime, timedelta

from marketplace.core.db import require_transaction, run_again
from marketplace.core.errors import AwningError, Conflict
from marketplace.core.leases import backoff, expiry
from marketplace.orders.models import OrderGroup
from payments import claims, figures, gateway, marks
from payments.bodies import hosted_body, payment_body
from payments.models import Payment, PaymentAllocation
from payments.provider import (
    HostedPayment,
    ProviderGaveUp,
    ProviderPayment,
    ProviderRejected,
    ProviderUnknown,
)
from payments.settlement import apply_payment

logger = logging.getLogger(__name__)

State, Flow = Payment.State, Payment.Flow
UNHEARD = (State.INTENDED, State.UNKNOWN)
LIVE = (State.INTENDED, State.UNKNOWN, State.OPEN, State.PROCESSING)
# How soon an open payment is asked about again, should its webhook be lost.
POLL = timedelta(seconds=30)


class PaymentBusy(Conflict):
    """Somebody else is talking to the provider about this payment right now; try again in a moment."""

    code = "payment_busy"
    permanent = False


def intend_payment(*, group: OrderGroup, flow: str, now: datetime) -> Payment:
    """Writes the payment with its body and its shares per order, claimed by the caller. Needs the group locked."""
    require_transaction("intend_payment")
    payment = Payment(
        id=uuid.uuid4(),
        group=group,
        flow=flow,
        amount_minor=group.total_minor,
        currency=group.currency,
        # The caller opens it right after the commit; until its lease ends, the sweep leaves it alone.
        attempts=1,
        locked_until=expiry(now),
        due_at=now,
        created_at=now,
    )
    payment.request = hosted_body(payment, group) if flow == Flow.HOSTED else payment_body(payment, group)
    payment.save(force_insert=True)
    PaymentAllocation.objects.bulk_create(
        PaymentAllocation(payment=payment, order=order, amount_minor=order.total_minor) for order in group.orders.all()
    )
    return payment


def live_payment(group_id: int) -> Payment | None:
    """The payment that can still be paid or is paid; the database allows one."""
    return Payment.objects.filter(group_id=group_id).exclude(state=State.CANCELLED).first()


def claim_payment(payment: Payment, *, now: datetime) -> Payment:
    """The payment, held by this caller. Raises PaymentBusy."""
    held = claims.one(Payment.objects.filter(pk=payment.pk), now=now)
    if held is None:
        raise PaymentBusy("This payment is being checked: try again in a few seconds.")
    return held


def open_payment(payment: Payment, *, now: datetime) -> bool:
    """Makes a claimed payment known to the provider, or finds that it is; False when that must be tried again.

    Nothing is raised for a provider that fails: the row says so and the sweep goes on.
    """
    try:
        return open_or_raise(payment, now=now)
    except AwningError:
        return False


def open_or_raise(payment: Payment, *, now: datetime) -> bool:
    """As open_payment, but raises the gateway's errors after writing them down."""
    try:
        opened = _ask(payment, now=now)
    except AwningError as error:
        figures.failed_now("provider_error")
        state = State.UNKNOWN if isinstance(error, ProviderUnknown) else payment.state
        logger.warning("payment.not_opened", extra={"payment_id": str(payment.pk), "error": error.code})
        claims.give_back(payment, state=state, last_error=str(error)[:300], due_at=now + pause(payment))
        raise
    marks.reached("opening.sent")
    if opened is None:
        return _replace(payment, now=now)
    saved = _save(payment, opened, now=now)
    marks.reached("opening.saved")
    return saved


def pause(payment: Payment) -> timedelta:
    """How long to leave a payment alone after a failure.

    Attempts also count every look at an open payment, so the exponent needs a bound.
    """
    return backoff(min(payment.attempts, 8))


def _ask(payment: Payment, *, now: datetime) -> ProviderPayment | HostedPayment | None:
    """What the provider has for this payment, made now or before; None when its key is spent and nothing came of it."""
    key, hosted = str(payment.pk), payment.flow == Flow.HOSTED
    if now - payment.created_at < gateway.KEY_LIVES:
        try:
            if hosted:
                return gateway.open_hosted_payment(key=key, request=payment.request)
            return gateway.open_payment(key=key, request=payment.request)
        except ProviderGaveUp:
            logger.warning("payment.key_spent", extra={"payment_id": key})
    return _find(payment, now=now)


def _find(payment: Payment, *, now: datetime) -> ProviderPayment | HostedPayment | None:
    find = gateway.find_hosted_payment if payment.flow == Flow.HOSTED else gateway.find_payment
    return find(payment_id=str(payment.pk), created_at=payment.created_at, now=now)


def _save(payment: Payment, opened: ProviderPayment | HostedPayment, *, now: datetime) -> bool:
    """Keeps the provider's ids. The state is taken forward elsewhere: a repeated key answers with an old one."""
    changes: dict[str, object] = {"state": State.OPEN, "last_error": "", "due_at": next_look(payment, now=now)}
    if isinstance(opened, HostedPayment):
        changes["provider_session_id"] = opened.session_id
    else:
        changes |= {"provider_id": opened.provider_id, "client_secret": opened.client_secret}
    mine = Payment.objects.filter(pk=payment.pk, attempts=payment.attempts, state__in=UNHEARD)
    if mine.update(locked_until=None, **changes):
        return True
    # A webhook was faster and has moved the state on: the ids are the same, only the lease is ours to end.
    claims.give_back(payment, due_at=now)
    return False


def next_look(payment: Payment, *, now: datetime) -> datetime:
    """When the sweep asks next: soon, and no later than the hold on the goods ends."""
    expires_at = payment.group.expires_at
    return min(now + POLL, expires_at) if expires_at > now else now + POLL


def _replace(payment: Payment, *, now: datetime) -> bool:
    """The provider has nothing under a spent key, and no buyer ever saw it: a new row with a new key takes its place."""

    def work() -> Payment | None:
        group = OrderGroup.objects.select_for_update(no_key=True).get(pk=payment.group_id)
        gone = "The provider gave up on this key."
        if not claims.give_back(payment, state=State.CANCELLED, cancelled_at=now, last_error=gone):
            return None
        if group.state != OrderGroup.State.PENDING or group.expires_at <= now:
            return None
        return intend_payment(group=group, flow=payment.flow, now=now)

    fresh = run_again(work)
    return open_payment(fresh, now=now) if fresh is not None else False


def look(payment: Payment, *, now: datetime) -> Payment:
    """Asks the provider about a claimed, opened payment and applies the answer.

    Raises the gateway's errors and PaymentMismatch after writing them down.
    """
    try:
        state = _current(payment)
        if state is not None:
            apply_payment(provider_state=state, now=now)
    except AwningError as error:
        claims.give_back(payment, last_error=str(error)[:300], due_at=now + POLL)
        raise
    claims.give_back(payment, due_at=next_look(payment, now=now))
    payment.refresh_from_db()
    return payment


def _current(payment: Payment) -> ProviderPayment | None:
    """None while nobody has tried to pay on the provider's own page."""
    provider_id = payment.provider_id
    if not provider_id and payment.provider_session_id:
        provider_id = gateway.fetch_hosted_payment(payment.provider_session_id).provider_id
    return gateway.fetch_payment(provider_id) if provider_id else None


def close_payment(payment: Payment, *, now: datetime) -> Payment:
    """Cancels a claimed payment at the provider and applies what it answers: cancelled, or paid after all.

    While the provider does not confirm, the payment stays live. Raises the gateway's errors after writing them down.
    """
    try:
        _close(payment, now=now)
    except AwningError as error:
        claims.give_back(payment, last_error=str(error)[:300], due_at=now + pause(payment))
        raise
    claims.give_back(payment, due_at=next_look(payment, now=now))
    payment.refresh_from_db()
    return payment


def _close(payment: Payment, *, now: datetime) -> None:
    session_id, provider_id = _known(payment, now=now)
    if session_id:
        hosted = gateway.expire_hosted_payment(session_id)
        marks.reached("closing.sent")
        if hosted.status == "expired":
            _cancelled(payment, now=now)
        elif hosted.provider_id:
            apply_payment(provider_state=gateway.fetch_payment(hosted.provider_id), now=now)
    elif provider_id:
        state = gateway.cancel_payment(provider_id)
        marks.reached("closing.sent")
        apply_payment(provider_state=state, now=now)
    else:
        _cancelled(payment, now=now)
    marks.reached("closing.applied")


def _known(payment: Payment, *, now: datetime) -> tuple[str, str]:
    """The session's and the payment's id at the provider, "" where there is none.

    A payment the provider may not have heard of is opened with its key first, to be sure what there is to cancel.
    """
    if payment.provider_session_id or payment.provider_id:
        return payment.provider_session_id or "", payment.provider_id or ""
    try:
        found = _ask(payment, now=now)
    except ProviderRejected:
        # The provider refuses the body, so it never made anything of it; its list has the last word.
        found = _find(payment, now=now)
    if isinstance(found, HostedPayment):
        return found.session_id, found.provider_id
    return "", found.provider_id if found is not None else ""


def _cancelled(payment: Payment, *, now: datetime) -> None:
    Payment.objects.filter(pk=payment.pk, state__in=LIVE).update(state=State.CANCELLED, cancelled_at=now)
