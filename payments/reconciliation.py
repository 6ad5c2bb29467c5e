"""Our payments and refunds against the provider's own list, and the repair that goes through the usual doors."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from marketplace.core.errors import AwningError
from payments import gateway, webhooks
from payments.models import Payment, Refund
from payments.provider import ProviderPayment, ProviderRefund
from payments.refunds import apply_refund
from payments.settlement import apply_payment

PROVIDER = "stripe"
# Stripe lists events for 30 days; older differences are for people.
WINDOW = timedelta(days=30)
# Payments are asked for by the time the provider made them, which may lie before or after our row's.
MARGIN = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference. ``state`` is what the provider says, when applying it may mend the difference."""

    invariant: str
    row: str
    problem: str
    state: ProviderPayment | ProviderRefund | None = None


def compare(*, now: datetime, settled: datetime, window: timedelta = WINDOW) -> list[Drift]:
    """The differences in what was settled before ``settled`` within the window. Raises the gateway's errors."""
    since = now - window
    listed = gateway.list_payments(since=since - MARGIN, until=now + MARGIN)
    refunded = gateway.list_refunds(since=since - MARGIN)
    return [
        *_payments(listed, since=since, settled=settled),
        *_refunds(refunded, since=since, settled=settled),
        *_charged_twice(listed, refunded),
    ]


def _payments(listed: list[ProviderPayment], *, since: datetime, settled: datetime) -> Iterator[Drift]:
    ours = {str(payment.pk): payment for payment in Payment.objects.filter(provider=PROVIDER, created_at__gte=since)}
    seen = set()
    for state in listed:
        payment = ours.get(state.payment_id)
        if payment is None:
            if state.status == "succeeded" and state.payment_id and not _older(state.payment_id):
                yield Drift(
                    "I6", f"provider payment {state.provider_id}", "charged, and we have no such payment", state
                )
            continue
        seen.add(state.payment_id)
        if payment.created_at <= settled and (problem := _difference(payment, state)):
            yield Drift("I6", f"payment {payment.pk}", problem, state)
    for payment_id, payment in ours.items():
        if payment.captured_minor and payment_id not in seen:
            yield Drift("I6", f"payment {payment_id}", "captured in our books, and the provider has no such payment")


def _older(payment_id: str) -> bool:
    """Whether the payment is ours, only from before the window."""
    try:
        return Payment.objects.filter(pk=payment_id).exists()
    except ValueError:
        return False


def _difference(payment: Payment, state: ProviderPayment) -> str:
    charged = state.captured_minor if state.status == "succeeded" else 0
    if payment.provider_id not in (None, state.provider_id):
        return f"is {payment.provider_id} here and {state.provider_id} at the provider" if charged else ""
    if (charged, state.currency) != (payment.captured_minor, payment.currency):
        return f"captured {payment.captured_minor} {payment.currency} here, {charged} {state.currency} at the provider"
    if state.status == "cancelled" and payment.state != Payment.State.CANCELLED:
        return f"is {payment.state} here and cancelled at the provider"
    return ""


def _refunds(listed: list[ProviderRefund], *, since: datetime, settled: datetime) -> Iterator[Drift]:
    ours = {
        str(refund.pk): refund for refund in Refund.objects.filter(payment__provider=PROVIDER, created_at__gte=since)
    }
    seen = set()
    for state in listed:
        refund = ours.get(state.refund_id)
        if refund is None:
            if state.status != "failed" and not Refund.objects.filter(provider_id=state.provider_id).exists():
                yield Drift("I6", f"provider refund {state.provider_id}", "made at the provider, not by us")
            continue
        seen.add(state.refund_id)
        same = (refund.state == Refund.State.SUCCEEDED) == (state.status == "succeeded")
        if refund.created_at <= settled and (not same or refund.amount_minor != state.amount_minor):
            problem = f"{refund.amount_minor} {refund.state} here, {state.amount_minor} {state.status} at the provider"
            yield Drift("I6", f"refund {refund.pk}", problem, state)
    for refund_id, refund in ours.items():
        if refund.state == Refund.State.SUCCEEDED and refund_id not in seen:
            yield Drift("I6", f"refund {refund_id}", "done in our books, and the provider has no such refund")


def _charged_twice(listed: list[ProviderPayment], refunded: list[ProviderRefund]) -> Iterator[Drift]:
    """The provider's word on I2: what each group was charged and did not get back."""
    back: dict[str, int] = defaultdict(int)
    for refund in refunded:
        if refund.status != "failed":
            back[refund.payment_provider_id] += refund.amount_minor
    kept = [state for state in listed if state.captured_minor > back[state.provider_id]]
    groups = dict(
        Payment.objects.filter(provider_id__in=[state.provider_id for state in kept]).values_list(
            "provider_id", "group__number"
        )
    )
    charges: dict[str, list[str]] = defaultdict(list)
    for state in kept:
        if number := groups.get(state.provider_id):
            charges[number].append(state.provider_id)
    for number, ids in charges.items():
        if len(ids) > 1:
            yield Drift("I2", f"order group {number}", f"charged {len(ids)} times at the provider: {', '.join(ids)}")


def repair(drifts: list[Drift], *, now: datetime) -> tuple[int, list[str]]:
    """Applies what the provider says, through the one door for it; returns how many were applied and what refused."""
    done, refused = 0, []
    for drift in drifts:
        if drift.state is None:
            continue
        try:
            if isinstance(drift.state, ProviderPayment):
                done += apply_payment(provider_state=drift.state, now=now) is not None
            else:
                done += apply_refund(provider_state=drift.state, now=now) is not None
        except AwningError as error:
            refused.append(f"{drift.row}: {error}")
    return done, refused


def fetch_lost_events(*, now: datetime, window: timedelta = WINDOW) -> int:
    """Puts the events that never arrived into the inbox; returns how many. Raises the gateway's errors."""
    events = gateway.list_events(since=now - window)
    return sum(webhooks.store(event, now=now) for event in events)
