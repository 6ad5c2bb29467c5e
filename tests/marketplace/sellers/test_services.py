import threading

import pytest
from django.db import connection, transaction

from marketplace.accounts.models import User
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.models import OutboxEvent
from marketplace.sellers.models import Seller, SellerMember
from marketplace.sellers.services import (
    BadStall,
    add_member,
    apply_for_stall,
    approve,
    change_role,
    remove_member,
    suspend,
)
from tests.conftest import NOW
from tests.factories import a_member, a_seller, a_user


def applied(mira: User, name: str = "Blue Door") -> Seller:
    return apply_for_stall(user_id=mira.pk, name=name, country="AT", email="door@example.test", now=NOW)


def test_an_application_waits_and_belongs_to_the_applicant(mira: User) -> None:
    stall = applied(mira)
    assert (stall.slug, stall.status, stall.approved_at) == ("blue-door", "applied", None)
    assert stall.hue == stall.pk % 8 + 1
    assert list(stall.members.values_list("user_id", "role")) == [(mira.pk, "owner")]


def test_stalls_of_one_name_get_addresses_of_their_own(mira: User) -> None:
    assert [applied(mira).slug for _ in range(3)] == ["blue-door", "blue-door-2", "blue-door-3"]


def test_every_mistake_of_an_application_is_named(mira: User) -> None:
    with pytest.raises(BadStall) as caught:
        apply_for_stall(user_id=mira.pk, name=" ", country="XX", email="nobody", blurb="x" * 281, now=NOW)
    assert set(caught.value.fields) == {"name", "country", "email", "blurb"}
    assert not Seller.objects.exists()


@pytest.mark.parametrize(
    "email",
    ["", "@", "a@b", "a@b.de\r\nBcc: c@d.de", "a@b.de, c@d.de", "a\x00@b.de", f"a@{'b' * 60}.{'c' * 60}." * 3 + "de"],
)
def test_orders_go_to_one_real_address(mira: User, email: str) -> None:
    with pytest.raises(BadStall) as caught:
        apply_for_stall(user_id=mira.pk, name="Blue Door", country="AT", email=email, now=NOW)
    assert set(caught.value.fields) == {"email"}


def test_an_application_is_kept_without_control_characters(mira: User) -> None:
    stall = apply_for_stall(
        user_id=mira.pk, name="Blue\x00 Door", country="AT", email=" door@example.test ", place="\x00Graz", blurb="Old\r\ndoors",
        now=NOW,
    )  # fmt: skip
    assert (stall.name, stall.email, stall.place, stall.blurb) == (
        "Blue Door",
        "door@example.test",
        "Graz",
        "Old doors",
    )


def test_approval_suspension_and_return(mira: User) -> None:
    stall = applied(mira)
    approve(seller_id=stall.pk, now=NOW)
    approve(seller_id=stall.pk, now=NOW)
    suspend(seller_id=stall.pk, reason="Counterfeit goods", now=NOW)
    stall.refresh_from_db()
    assert (stall.status, stall.suspended_at) == ("suspended", NOW)
    approve(seller_id=stall.pk, now=NOW)
    stall.refresh_from_db()
    assert (stall.status, stall.approved_at, stall.suspended_at) == ("approved", NOW, None)
    told = OutboxEvent.objects.filter(topic="sellers.status_changed", handler="catalog.reindex_stall")
    statuses = [(fact["status"], fact["reason"]) for fact in told.order_by("pk").values_list("payload", flat=True)]
    assert statuses == [("applied", ""), ("approved", ""), ("suspended", "Counterfeit goods"), ("approved", "")]


def test_a_suspension_needs_a_reason(kiln: Seller) -> None:
    with pytest.raises(BadStall):
        suspend(seller_id=kiln.pk, reason="  ", now=NOW)
    kiln.refresh_from_db()
    assert kiln.status == "approved"


def test_members(kiln: Seller) -> None:
    person = a_user()
    add_member(seller_id=kiln.pk, user_id=person.pk, role="staff", now=NOW)
    with pytest.raises(Conflict):
        add_member(seller_id=kiln.pk, user_id=person.pk, role="owner", now=NOW)
    with pytest.raises(BadStall, match="emperor"):
        change_role(seller_id=kiln.pk, user_id=person.pk, role="emperor")
    assert change_role(seller_id=kiln.pk, user_id=person.pk, role="manager").role == "manager"
    remove_member(seller_id=kiln.pk, user_id=person.pk)
    with pytest.raises(NotFound):
        remove_member(seller_id=kiln.pk, user_id=person.pk)


def test_the_last_owner_stays(kiln: Seller) -> None:
    owner = kiln.members.get().user_id
    with pytest.raises(Conflict):
        change_role(seller_id=kiln.pk, user_id=owner, role="staff")
    with pytest.raises(Conflict):
        remove_member(seller_id=kiln.pk, user_id=owner)
    assert kiln.members.filter(role="owner").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_do_not_both_go() -> None:
    stall = a_seller()
    first, second = a_user(), a_user()
    a_member(stall, first)
    a_member(stall, second)
    answers: list[str] = []

    def leave() -> None:
        try:
            remove_member(seller_id=stall.pk, user_id=second.pk)
            answers.append("gone")
        except Conflict:
            answers.append("stays")
        finally:
            connection.close()

    thread = threading.Thread(target=leave)
    with transaction.atomic():
        remove_member(seller_id=stall.pk, user_id=first.pk)
        thread.start()
        thread.join(timeout=0.5)
    thread.join(timeout=5)
    assert answers == ["stays"]
    assert SellerMember.objects.filter(seller=stall, role="owner").count() == 1
