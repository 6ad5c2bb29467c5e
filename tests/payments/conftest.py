"""Payments are tested against the Stripe simulator, over HTTP."""

import pytest

from tests.servers import StripeSimulator
from tests.stripe_control import StripeControl


@pytest.fixture
def stripe(stripe_simulator: StripeSimulator) -> StripeControl:
    """An empty provider that sends its webhooks to nobody."""
    control = StripeControl(stripe_simulator.url)
    control.control("reset")
    control.control("webhook_endpoint", {"url": ""})
    return control
