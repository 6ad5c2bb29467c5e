import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from marketplace.accounts.models import User
from marketplace.sellers.models import Seller
from tests.factories import a_seller

LIST = "admin:sellers_seller_changelist"


@pytest.fixture
def desk(client: Client, olga: User) -> Client:
    """Olga at the admin."""
    client.force_login(olga)
    return client


@pytest.mark.parametrize("query", ["kiln-street", "Kiln", "kiln@example.test"])
def test_a_stall_is_found_by_slug_name_and_email(desk: Client, kiln: Seller, groove: Seller, query: str) -> None:
    Seller.objects.filter(pk=kiln.pk).update(email="kiln@example.test")
    page = desk.get(reverse(LIST), {"q": query}).content.decode()
    assert "Kiln Street" in page
    assert "Second Groove" not in page


def test_approval_goes_through_the_service_and_is_logged(desk: Client, olga: User) -> None:
    stall = a_seller(status="applied")
    desk.post(reverse(LIST), {"action": "approve", "_selected_action": [stall.pk]})
    stall.refresh_from_db()
    assert stall.status == "approved"
    assert LogEntry.objects.get(user=olga, object_id=str(stall.pk)).change_message == "Approved"


def test_a_suspension_asks_for_a_reason_and_logs_it(desk: Client, kiln: Seller) -> None:
    wanted = {"action": "suspend", "_selected_action": [kiln.pk], "reason": ""}
    page = desk.post(reverse(LIST), wanted, follow=True).content.decode()
    assert "Say why the stall is suspended." in page
    kiln.refresh_from_db()
    assert kiln.status == "approved"
    desk.post(reverse(LIST), wanted | {"reason": "Counterfeit goods"})
    kiln.refresh_from_db()
    assert kiln.status == "suspended"
    assert LogEntry.objects.get().change_message == "Suspended: Counterfeit goods"


def test_the_form_opens_and_cannot_change_the_status(desk: Client, kiln: Seller) -> None:
    address = reverse("admin:sellers_seller_change", args=[kiln.pk])
    page = desk.get(address).content.decode()
    assert 'name="status"' not in page
