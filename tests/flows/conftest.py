"""Whole use cases, from the cart to the books, against the Stripe simulator."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from marketplace.catalog.models import Offer
from marketplace.sellers.models import Seller
from tests import factories
from tests.payments.conftest import stripe

__all__ = ["stripe"]


@pytest.fixture
def clock() -> datetime:
    """The provider lives in real time; a minute ahead, what our own endpoints have just written down is due."""
    return timezone.now() + timedelta(minutes=1)


@pytest.fixture
def vase(kiln: Seller) -> Offer:
    return factories.an_offer(seller=kiln, price_minor=2500, stock=3)


@pytest.fixture
def record(groove: Seller) -> Offer:
    return factories.an_offer(seller=groove, price_minor=1800, stock=3)
