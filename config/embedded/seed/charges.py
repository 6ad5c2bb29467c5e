"""The charges behind the year of orders, at the Stripe simulator: its list and our books agree from the first day."""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence

from django.conf import settings

from config.embedded.errors import EmbeddedError
from payments.models import Payment


def add_charges(payments: Sequence[Payment]) -> None:
    """Has the simulator make a paid intent per payment, and gives each payment its id. Raises EmbeddedError."""
    wanted = [
        {
            "amount": payment.amount_minor,
            "currency": payment.currency,
            "created": int(payment.created_at.timestamp()),
            "metadata": {"payment_id": str(payment.pk), "order_group": payment.group.number},
        }
        for payment in payments
    ]
    request = urllib.request.Request(  # noqa: S310 - the demo's own simulator
        f"{settings.STRIPE_API_BASE}/_control/past",
        data=json.dumps({"payments": wanted}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
            made = json.load(answer)["payment_intents"]
    except (OSError, ValueError, KeyError) as error:
        raise EmbeddedError(f"the Stripe simulator did not take the demo's past payments: {error}") from error
    for payment, provider_id in zip(payments, made, strict=True):
        payment.provider_id = provider_id


def simulated() -> bool:
    """Whether the payments of this hall go to the simulator, and not to Stripe."""
    try:
        with urllib.request.urlopen(f"{settings.STRIPE_API_BASE}/_control/health", timeout=5) as answer:  # noqa: S310 - as above
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
