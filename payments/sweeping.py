"""What runs every second or so, whether or not anybody was woken up.

While the provider is left alone, what needs it is left alone too: a row that is claimed only to be refused would use up
an attempt and be put off for longer than the provider is away.
"""

from datetime import datetime

from marketplace.core import sweeps
from payments import admission, checkout, idempotency, refunds, webhooks


def process_inbox(now: datetime) -> int:
    return 0 if admission.resting() else webhooks.process_inbox(now=now)


def resume_payments(now: datetime) -> int:
    return 0 if admission.resting() else checkout.resume_payments(now=now)


def expire_groups(now: datetime) -> int:
    # What the provider has confirmed already gives its goods back, whether or not it answers now.
    return checkout.end_groups(now=now) if admission.resting() else checkout.expire_groups(now=now)


def perform_refunds(now: datetime) -> int:
    return 0 if admission.resting() else refunds.perform_refunds(now=now)


def prune_keys(now: datetime) -> int:
    return idempotency.prune(now=now)


def register() -> None:
    """Adds the sweeps of payments; called when the process starts."""
    sweeps.register("payments.inbox", every=1.0, run=process_inbox)
    sweeps.register("payments.resume", every=1.0, run=resume_payments)
    sweeps.register("payments.expire", every=1.0, run=expire_groups)
    sweeps.register("payments.refunds", every=1.0, run=perform_refunds)
    sweeps.register("payments.prune_keys", every=600.0, run=prune_keys)
