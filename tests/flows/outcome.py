"""What must be true in the end, however it came about."""

import hashlib
import hmac
import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connections
from django.test import Client
from django.utils import timezone

from marketplace.core import sweeps
from marketplace.orders.models import OrderGroup
from payments import audit, marks
from payments.access import access
from tests.stripe_control import StripeControl

CRASHED = 77


def crash_at(point: str, work: Callable[[], object]) -> bool:
    """Runs ``work`` in a process of its own that dies, without any clean-up, when it reaches ``point``.

    Whether it got there; work that gets by without it ends normally.
    """
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            marks.reached = lambda name: os._exit(CRASHED) if name == point else None
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == CRASHED


def settle(start: datetime, *, seconds: int = 120) -> datetime:
    """Two minutes in which only the sweeps run; returns when they end."""
    for second in range(0, seconds + 1, 10):
        while sweeps.run_all(start + timedelta(seconds=second)):
            continue
    return start + timedelta(seconds=seconds)


def deliver(event: dict[str, Any]) -> int:
    """Posts a signed event to the webhook endpoint; returns the status."""
    body = json.dumps(event).encode()
    stamp = int(timezone.now().timestamp())
    digest = hmac.new(access().webhook_secrets[0].encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    answer = Client().post(
        "/webhooks/stripe/", body, content_type="application/json", HTTP_STRIPE_SIGNATURE=f"t={stamp},v1={digest}"
    )
    return answer.status_code


def assert_sound(now: datetime) -> None:
    """Every invariant holds, in our books and in the provider's."""
    findings = audit.audit(now=now + audit.QUIET)
    assert not findings, findings


def assert_one_charge(stripe: StripeControl, now: datetime) -> OrderGroup:
    """One charge, one paid order group, nothing left over; returns the group."""
    (charge,) = stripe.charges()
    group = OrderGroup.objects.get(state=OrderGroup.State.PAID)
    assert charge["amount"] == group.total_minor
    assert charge["amount_refunded"] == 0
    assert charge["metadata"]["order_group"] == group.number
    assert_sound(now)
    return group
