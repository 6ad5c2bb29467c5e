"""Who may change people: a right to change buyers is no way to become an operator."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from marketplace.accounts.models import User
from tests import factories


@pytest.fixture
def clerk(client: Client, db: None) -> Client:
    """A signed-in member of staff who may look at and change people, and is no superuser."""
    user = factories.a_user(email="clerk@example.test", name="Cleo Clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    client.force_login(user)
    return client


def change(client: Client, user: User, **fields: object) -> int:
    management = {f"emailaddress_set-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL")}
    given = {"email": user.email, "name": user.name, "is_active": "on", **management, **fields}
    return client.post(f"/admin/accounts/user/{user.pk}/change/", given).status_code


def test_a_clerk_changes_a_buyer_but_gives_no_rights(clerk: Client) -> None:
    buyer = factories.a_user(email="buyer@example.test", name="Bo Buyer")
    assert change(clerk, buyer, name="Bo B.", is_staff="on", is_superuser="on") == 302
    buyer.refresh_from_db()
    assert (buyer.name, buyer.is_staff, buyer.is_superuser) == ("Bo B.", False, False)


def test_a_clerk_cannot_promote_herself(clerk: Client) -> None:
    me = User.objects.get(email="clerk@example.test")
    assert change(clerk, me, is_superuser="on") == 403
    me.refresh_from_db()
    assert not me.is_superuser


@pytest.mark.parametrize("page", ["change", "password"])
def test_a_clerk_cannot_change_an_operator(clerk: Client, olga: User, page: str) -> None:
    answer = clerk.post(
        f"/admin/accounts/user/{olga.pk}/{page}/", {"password1": "a-new-one-1", "password2": "a-new-one-1"}
    )
    assert answer.status_code == 403
    before = olga.password
    olga.refresh_from_db()
    assert olga.password == before


def test_an_operator_gives_rights(client: Client, olga: User) -> None:
    client.force_login(olga)
    buyer = factories.a_user(email="buyer@example.test", name="Bo Buyer")
    assert change(client, buyer, is_staff="on") == 302
    buyer.refresh_from_db()
    assert buyer.is_staff


def test_addresses_have_no_list_of_their_own(client: Client, olga: User) -> None:
    client.force_login(olga)
    assert client.get("/admin/account/emailaddress/").status_code == 404


@pytest.mark.parametrize("query", ["is_staff__exact=%00", "q=%00", "%00=1", "date_joined__gte=%00"])
def test_a_query_that_no_database_accepts_is_a_bad_request(client: Client, olga: User, query: str) -> None:
    client.force_login(olga)
    assert client.get(f"/admin/accounts/user/?{query}").status_code == 400
