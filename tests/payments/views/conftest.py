"""Browsers without a window: a guest's, who holds a cart, and a signed-in buyer's."""

import uuid
from datetime import datetime

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.catalog.models import Offer
from marketplace.sellers.models import Seller
from marketplace.storefront.guest_cart import COOKIE, SALT
from tests import factories


@pytest.fixture
def clock() -> datetime:
    return timezone.now()


@pytest.fixture
def vase(kiln: Seller) -> Offer:
    return factories.an_offer(seller=kiln, price_minor=2500, stock=3)


@pytest.fixture
def record(groove: Seller) -> Offer:
    return factories.an_offer(seller=groove, price_minor=1800, stock=3)


def a_guest(cart_id: uuid.UUID) -> Client:
    """A browser with the cart's cookie."""
    client = Client()
    client.cookies[COOKIE] = signing.get_cookie_signer(salt=COOKIE + SALT).sign(str(cart_id))
    return client


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
