"""From a cart to a paid order: the intent is written in one local transaction, then the provider is asked.

A crash anywhere in between is finished by `resume_payments` with the same key. A hold on goods ends only when the
provider has confirmed that nobody can pay for them any more.
"""

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db.models import QuerySet

from marketplace.carts import services as carts
from marketplace.core.db import run_again
from marketplace.core.errors import AwningError, Conflict, NotFound
from marketplace.orders import services as orders
from marketplace.orders.errors import OrderPending
from marketplace.orders.models import OrderGroup
from monitoring.errors import report
from payments import amounts, claims, idempotency, marks
from payments.idempotency import Answer
from payments.models import Payment
from payments.opening import (
    LIVE,
    UNHEARD,
    Flow,
    State,
    claim_payment,
    close_payment,
    intend_payment,
    live_payment,
    look,
    open_or_raise,
    open_payment,
    pause,
)
from payments.provider import ProviderUnavailable, ProviderUnknown

logger = logging.getLogger(__name__)


class NotPayable(Conflict):
    """The orders are paid, cancelled, or their hold has ended: there is nothing to pay."""

    code = "not_payable"


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """What to answer; ``replayed`` when the same request was answered before."""

    answer: Answer
    replayed: bool


@dataclass(frozen=True, slots=True)
class _Placed:
    answer: Answer
    to_open: Payment | None
    replayed: bool = False


def check_out(
    *,
    cart_id: uuid.UUID,
    buyer_id: int | None,
    request: idempotency.Request,
    shipping: Mapping[int, int],
    answer_for: Callable[[OrderGroup], Answer],
    now: datetime,
) -> CheckedOut:
    """Places the orders of a cart and opens their payment, once per idempotency key and once per cart.

    ``shipping`` maps seller ids to shipping options and is chosen in the same transaction; ``answer_for`` builds the
    answer that is stored for replays. Raises KeyReused, KeyInProgress, BadShipping, what place_order raises (CartChanged,
    OutOfStock), and NotChargeable. A provider that does not answer is no error: the payment opens later.
    """

    if (answered := idempotency.replay(request, now=now)) is not None:
        return CheckedOut(answered, replayed=True)

    def place() -> _Placed:
        return run_again(lambda: _place(cart_id, buyer_id, request, shipping, answer_for, now=now))

    try:
        placed = place()
    except OrderPending as error:
        # The buyer has changed the cart since: what was placed of it is cancelled, at the provider first.
        cancel_checkout(group_id=error.group_id, reason="cart_changed", now=now)
        placed = place()
    marks.reached("checkout.committed")
    if placed.to_open is not None:
        open_payment(placed.to_open, now=now)
    marks.reached("checkout.answered")
    return CheckedOut(placed.answer, placed.replayed)


def _place(
    cart_id: uuid.UUID,
    buyer_id: int | None,
    request: idempotency.Request,
    shipping: Mapping[int, int],
    answer_for: Callable[[OrderGroup], Answer],
    *,
    now: datetime,
) -> _Placed:
    claimed = idempotency.claim(request, now=now)
    if isinstance(claimed, Answer):
        return _Placed(claimed, None, replayed=True)
    marks.reached("checkout.claimed")
    if shipping:
        carts.choose_shipping(cart_id=cart_id, choices=shipping, now=now)
    group = orders.place_order(cart_id=cart_id, buyer_id=buyer_id, now=now)
    amounts.check(group.total_minor, group.currency)
    marks.reached("checkout.placed")
    payment = None
    # Another key may have placed this cart's orders a moment ago: then their payment is there already.
    OrderGroup.objects.select_for_update(no_key=True).get(pk=group.pk)
    if live_payment(group.pk) is None:
        payment = intend_payment(group=group, flow=Flow.ELEMENT, now=now)
    marks.reached("checkout.intended")
    answer = answer_for(group)
    idempotency.finish(claimed, answer, now=now)
    marks.reached("checkout.stored")
    return _Placed(answer, payment)


def cancel_checkout(*, group_id: int, reason: str, now: datetime) -> bool:
    """Gives up an unpaid checkout, for instance to change the cart; False when it turns out to be paid.

    The hold ends only when the provider has confirmed the cancellation. Raises PaymentBusy and the gateway's errors;
    then nothing has changed and it may be tried again.
    """
    payment = live_payment(group_id)
    if payment is not None and payment.state in LIVE:
        payment = close_payment(claim_payment(payment, now=now), now=now)
        if payment.state == State.PROCESSING:
            raise NotPayable("Your bank is working on this payment: it can no longer be cancelled here.")
    return run_again(lambda: _cancel_orders(group_id, reason, now=now))


def _cancel_orders(group_id: int, reason: str, *, now: datetime) -> bool:
    """Cancels the orders of a group that no live payment stands behind."""
    group = OrderGroup.objects.select_for_update(no_key=True).get(pk=group_id)
    if group.state != OrderGroup.State.PENDING or live_payment(group_id) is not None:
        return False
    return orders.cancel_group(group_id=group_id, reason=reason, now=now)


def ready_payment(*, group_id: int, flow: str, now: datetime) -> Payment:
    """The payment of an unpaid group, open in the wanted flow if the provider answers.

    A payment open in the other flow is closed first, with the provider's confirmation, so that there is never a second
    way to pay. Raises NotPayable, NotFound, PaymentBusy and the gateway's errors.
    """
    payment = live_payment(group_id)
    if payment is not None and payment.flow != flow and payment.state in LIVE:
        payment = close_payment(claim_payment(payment, now=now), now=now)
        payment = live_payment(group_id)
    if payment is None:
        payment = run_again(lambda: _intend_again(group_id, flow, now=now))
        open_payment(payment, now=now)
    elif payment.state in UNHEARD:
        open_payment(claim_payment(payment, now=now), now=now)
    payment.refresh_from_db()
    return payment


def _intend_again(group_id: int, flow: str, *, now: datetime) -> Payment:
    group = OrderGroup.objects.select_for_update(no_key=True).filter(pk=group_id).first()
    if group is None:
        raise NotFound("There is no such order.")
    if group.state != OrderGroup.State.PENDING or group.expires_at <= now or live_payment(group_id) is not None:
        raise NotPayable("There is nothing left to pay here.")
    return intend_payment(group=group, flow=flow, now=now)


def check_payment(*, group_id: int, now: datetime) -> Payment | None:
    """Asks the provider about the group's payment now, for a buyer who has just paid. Raises the gateway's errors.

    A payment that somebody else is asking about is returned as it stands.
    """
    payment = live_payment(group_id)
    if payment is None or payment.state == State.SUCCEEDED or payment.state in UNHEARD:
        return payment
    held = claims.one(Payment.objects.filter(pk=payment.pk), now=now)
    return payment if held is None else look(held, now=now)


def resume_payments(*, now: datetime, limit: int = 20) -> int:
    """Opens what a crash left behind and asks about what is open; returns how many payments were brought forward."""
    due = Payment.objects.filter(state__in=LIVE, group__expires_at__gt=now)
    return _bring_forward(due, _resume, now=now, limit=limit)


def _resume(payment: Payment, *, now: datetime) -> bool:
    if payment.state in UNHEARD:
        return open_or_raise(payment, now=now)
    look(payment, now=now)
    return True


def expire_groups(*, now: datetime, limit: int = 20) -> int:
    """Ends holds whose time is over: cancel at the provider first, and only its confirmation releases the goods.

    A payment that has succeeded meanwhile is applied instead. Returns how many groups were brought forward.
    """
    due = Payment.objects.filter(state__in=LIVE, group__expires_at__lte=now)
    return _bring_forward(due, _expire, now=now, limit=limit) + end_groups(now=now, limit=limit)


def end_groups(*, now: datetime, limit: int = 20) -> int:
    """Ends what needs no word of the provider: groups whose payment is confirmed as cancelled, and a crash came between."""
    done = 0
    over = OrderGroup.objects.filter(state=OrderGroup.State.PENDING, expires_at__lte=now)
    over = over.exclude(payments__state__in=[*LIVE, State.SUCCEEDED])
    for group_id in list(over.order_by("expires_at").values_list("pk", flat=True)[:limit]):
        done += run_again(partial(_cancel_orders, group_id, "expired", now=now))
    return done


def _expire(payment: Payment, *, now: datetime) -> bool:
    payment = close_payment(payment, now=now)
    if payment.state != State.CANCELLED:
        return payment.state == State.SUCCEEDED
    marks.reached("expiry.confirmed")
    return run_again(lambda: _cancel_orders(payment.group_id, "expired", now=now))


def _bring_forward(rows: "QuerySet[Payment]", step: Callable[..., bool], *, now: datetime, limit: int) -> int:
    """One step for each due payment. A provider that is away ends the round; any other failure is that row's own.

    The gateway's errors are written down where they happen; anything else is put off here, or it would come first again.
    """
    done = 0
    for payment in claims.each(rows, now=now, limit=limit):
        try:
            done += step(payment, now=now)
        except (ProviderUnavailable, ProviderUnknown):
            break
        except AwningError as error:
            logger.warning("payment.stuck", extra={"payment_id": str(payment.pk), "error": error.code})
        except Exception as error:
            logger.exception("payment.stuck", extra={"payment_id": str(payment.pk)})
            report(error, payment_id=payment.pk)
            claims.give_back(payment, last_error=str(error)[:300], due_at=now + pause(payment))
    return done
