from dataclasses import replace

import pytest

from marketplace.accounts import queries, services
from marketplace.accounts.models import Address, User
from marketplace.accounts.services import BadName
from marketplace.core import services as outbox
from marketplace.core.errors import NotFound
from marketplace.sellers.models import Seller
from tests.conftest import NOW
from tests.marketplace.carts.baskets import VIENNA
from tests.marketplace.orders.test_queries import bought


def an_address(user: User, *, city: str, is_default: bool = False) -> Address:
    return Address.objects.create(
        user=user, name="Mira", line1="Street 1", city=city, country="AT", is_default=is_default, used_at=NOW
    )


def test_the_preferred_address_comes_first_and_is_the_only_one(mira: User) -> None:
    first, second = an_address(mira, city="Vienna", is_default=True), an_address(mira, city="Graz")
    services.prefer_address(user_id=mira.pk, address_id=second.pk)
    kept = queries.addresses(user_id=mira.pk)
    assert [(address.city, address.is_default) for address in kept] == [("Graz", True), ("Vienna", False)]
    assert first.pk in {address.pk for address in kept}


def test_other_peoples_addresses_are_not_there(mira: User, olga: User) -> None:
    hers = an_address(olga, city="Linz")
    for call in (services.prefer_address, services.remove_address):
        with pytest.raises(NotFound):
            call(user_id=mira.pk, address_id=hers.pk)
    assert Address.objects.get() == hers


def test_a_name_is_tidied_and_a_long_one_refused(mira: User) -> None:
    assert services.rename(user_id=mira.pk, name="  Mira \x00  Holt ") == "Mira Holt"
    with pytest.raises(BadName):
        services.rename(user_id=mira.pk, name="x" * 121)
    assert User.objects.get(pk=mira.pk).name == "Mira Holt"


def test_an_address_is_kept_once_and_the_first_is_the_default(mira: User) -> None:
    for _ in range(2):
        services.keep_address(user_id=mira.pk, address=VIENNA, phone="", now=NOW)
    services.keep_address(user_id=mira.pk, address=replace(VIENNA, city="Graz"), phone="", now=NOW)
    kept = queries.addresses(user_id=mira.pk)
    assert [(address.city, address.is_default) for address in kept] == [("Vienna", True), ("Graz", False)]


def test_a_paid_order_leaves_its_address_with_the_account_and_a_guest_leaves_none(mira: User, kiln: Seller) -> None:
    bought(kiln)
    bought(kiln, user=mira)
    outbox.relay(now=NOW)
    (kept,) = Address.objects.all()
    assert (kept.user, kept.line1) == (mira, VIENNA.line1)
