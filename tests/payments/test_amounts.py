"""A sum that the provider would refuse places no order and says what to do."""

import pytest
from django.utils import timezone

from marketplace.inventory.models import StockItem
from marketplace.orders.models import OrderGroup
from marketplace.sellers.models import Seller, ShippingOption
from payments import amounts
from payments.amounts import NotChargeable
from payments.models import Payment
from tests import factories
from tests.shopping import a_cart, a_checkout
from tests.stripe_control import StripeControl


@pytest.mark.parametrize(
    ("total", "currency"), [(50, "EUR"), (30, "GBP"), (50, "JPY"), (1, "XAF"), (99_999_999, "EUR")]
)
def test_what_the_provider_takes_passes(total: int, currency: str) -> None:
    amounts.check(total, currency)


@pytest.mark.parametrize(
    ("total", "currency", "said"),
    [
        (49, "EUR", "€0.50 at least: add"),
        (0, "EUR", "€0.50 at least"),
        (1499, "CZK", "15.00"),
        (100_000_000, "EUR", "€999,999.99 at most: order in two"),
    ],
)
def test_what_it_would_refuse_is_refused_with_the_sum_that_works(total: int, currency: str, said: str) -> None:
    with pytest.raises(NotChargeable, match=said):
        amounts.check(total, currency)


@pytest.mark.django_db(transaction=True)
def test_a_cart_below_the_minimum_is_not_ordered(kiln: Seller, stripe: StripeControl) -> None:
    now = timezone.now()
    sticker = factories.an_offer(seller=kiln, price_minor=20, stock=3)
    ShippingOption.objects.update(price_minor=0)
    cart_id = a_cart({sticker: 1}, now=now)
    with pytest.raises(NotChargeable):
        a_checkout(cart_id, now=now)
    assert not OrderGroup.objects.exists()
    assert not Payment.objects.exists()
    assert StockItem.objects.get(pk=sticker.pk).free == 3
