import pytest

from marketplace.accounts.models import User
from marketplace.core.errors import NotFound
from marketplace.sellers.models import Seller
from marketplace.sellers.queries import (
    RoleTooLow,
    cheapest,
    member_seller,
    shipping_of,
    stall,
    stall_ids,
    stall_names,
    stalls,
    stalls_of,
)
from tests.factories import a_member, a_seller, a_shipping_option, a_user


def owner(seller: Seller) -> User:
    return seller.members.get().user


def test_a_member_enters_and_a_stranger_finds_nothing(kiln: Seller, groove: Seller, mira: User) -> None:
    assert member_seller(owner(kiln).pk, "kiln-street") == kiln
    for user_id, slug in (
        (owner(kiln).pk, "second-groove"),
        (mira.pk, "kiln-street"),
        (owner(kiln).pk, "no-such-stall"),
        (None, "kiln-street"),
    ):
        with pytest.raises(NotFound) as caught:
            member_seller(user_id, slug)
        assert caught.value.message == "There is no such stall among yours."


def test_operators_have_no_back_door(kiln: Seller, olga: User) -> None:
    with pytest.raises(NotFound):
        member_seller(olga.pk, "kiln-street")


@pytest.mark.parametrize(
    ("role", "needed", "enters"),
    [("staff", "staff", True), ("staff", "manager", False), ("manager", "manager", True), ("manager", "owner", False),
     ("owner", "manager", True)],
)  # fmt: skip
def test_a_role_reaches_as_far_as_it_goes(kiln: Seller, role: str, needed: str, enters: bool) -> None:
    person = a_user()
    a_member(kiln, person, role)
    if enters:
        assert member_seller(person.pk, "kiln-street", at_least=needed) == kiln
        return
    with pytest.raises(RoleTooLow, match=needed):
        member_seller(person.pk, "kiln-street", at_least=needed)


def test_the_stalls_of_a_person_by_name(kiln: Seller, groove: Seller) -> None:
    a_member(groove, owner(kiln), "staff")
    assert stalls_of(owner(kiln).pk) == [("kiln-street", "Kiln Street"), ("second-groove", "Second Groove")]


def test_only_stalls_that_trade_are_shown(kiln: Seller) -> None:
    waiting, closed = a_seller(name="Waiting", status="applied"), a_seller(name="Closed", status="suspended")
    assert stall("kiln-street").name == "Kiln Street"
    for hidden in (waiting, closed):
        with pytest.raises(NotFound):
            stall(hidden.slug)
    slugs = [kiln.slug, waiting.slug, closed.slug]
    assert [line.slug for line in stalls(limit=10)] == ["kiln-street"]
    assert stall_ids(slugs) == {"kiln-street": kiln.pk}
    assert stall_names([kiln.pk, waiting.pk, closed.pk]) == {kiln.pk: ("kiln-street", "Kiln Street")}


def test_the_cheapest_way_to_a_country(kiln: Seller) -> None:
    kiln.shipping_options.all().delete()
    home = a_shipping_option(kiln, name="Home", countries=["DE"], price_minor=300, free_from_minor=5000)
    slow = a_shipping_option(kiln, name="Slow", price_minor=900, days_max=20, free_from_minor=None)
    fast = a_shipping_option(kiln, name="Fast", price_minor=900, days_max=4, free_from_minor=None)
    a_shipping_option(kiln, name="Old", price_minor=1, is_active=False)
    options = shipping_of([kiln.pk])[kiln.pk]
    assert [option.pk for option in options] == [home.pk, slow.pk, fast.pk]
    for country, goods, expected, cost in (
        ("DE", 4999, home.pk, 300),
        ("DE", 5000, home.pk, 0),
        ("AT", 5000, fast.pk, 900),
    ):
        best = cheapest(options, country=country, goods_minor=goods)
        assert best is not None
        assert (best.pk, best.cost(goods)) == (expected, cost)
    assert cheapest(options[:1], country="AT", goods_minor=1) is None
    assert shipping_of([]) == {}
