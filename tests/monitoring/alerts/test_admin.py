from datetime import datetime

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from marketplace.accounts.models import User
from monitoring.alerts.models import Alert, AlertDelivery
from tests import factories
from tests.monitoring.alerts.conftest import Round

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kettle")]
ALERTS, DELIVERIES = "/admin/alerts/alert/", "/admin/alerts/alertdelivery/"


def act(client: Client, page: str, action: str, pk: int) -> int:
    return client.post(page, {"action": action, "_selected_action": [pk]}, follow=True, secure=True).status_code


def test_an_operator_acknowledges_and_resolves(rounds: Round, olga: User, client: Client) -> None:
    rounds(0, 11)
    client.force_login(olga)
    alert = Alert.objects.get()
    assert act(client, ALERTS, "acknowledge", alert.pk) == 200
    assert Alert.objects.get().acknowledged_by == olga
    assert act(client, ALERTS, "resolve", alert.pk) == 200
    assert Alert.objects.get().resolved_by == olga
    assert act(client, ALERTS, "resolve", alert.pk) == 200


def test_an_operator_sends_a_dead_message_again(rounds: Round, olga: User, client: Client, now: datetime) -> None:
    rounds(0, 11)
    AlertDelivery.objects.update(dead_at=now)
    client.force_login(olga)
    act(client, DELIVERIES, "send_again", AlertDelivery.objects.get().pk)
    assert AlertDelivery.objects.get().dead_at is None


def test_who_may_only_look_decides_nothing(rounds: Round, client: Client) -> None:
    rounds(0, 11)
    viewer = factories.a_user(email="viewer@example.test", name="Vera", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_alert"))
    client.force_login(viewer)
    alert = Alert.objects.get()
    assert client.get(ALERTS, secure=True).status_code == 200
    act(client, ALERTS, "resolve", alert.pk)
    assert Alert.objects.get().state == "firing"


@pytest.mark.parametrize("page", [ALERTS, DELIVERIES])
def test_nothing_is_added_or_deleted(rounds: Round, olga: User, client: Client, page: str) -> None:
    rounds(0, 11)
    client.force_login(olga)
    assert client.get(f"{page}add/", secure=True).status_code == 403
    pk = Alert.objects.get().pk if page == ALERTS else AlertDelivery.objects.get().pk
    assert client.get(f"{page}{pk}/change/", secure=True).status_code == 200
    assert client.post(f"{page}{pk}/delete/", {"post": "yes"}, secure=True).status_code == 403
