"""Operators write the rules in the admin; it says who, when and why."""

import pytest
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from monitoring.limits.models import AddressRule, AddressRuleEvent
from monitoring.limits.services import add_rule

pytestmark = pytest.mark.django_db
LIST = "/admin/limits/addressrule/"
EVENTS = {"events-TOTAL_FORMS": "0", "events-INITIAL_FORMS": "0"}


@pytest.fixture
def desk(olga: User) -> Client:
    browser = Client(REMOTE_ADDR="192.0.2.10")
    browser.force_login(olga)
    return browser


def a_form(**fields: str) -> dict[str, str]:
    plain = {"network": "203.0.113.0/24", "verdict": "deny", "reason": "Scrapes"}
    return plain | {"expires_at_0": "", "expires_at_1": ""} | EVENTS | fields


def test_a_rule_is_added_with_its_author(desk: Client, olga: User) -> None:
    answer = desk.post(f"{LIST}add/", a_form())
    assert answer.status_code == 302, answer.content.decode()
    event = AddressRuleEvent.objects.get()
    assert event.actor == f"{olga.pk}: {olga}"
    assert (event.act, event.reason, event.network) == ("added", "Scrapes", "203.0.113.0/24")
    assert event.created_at <= timezone.now()
    page = desk.get(f"{LIST}{event.rule_id}/change/").content.decode()
    assert "Scrapes" in page
    assert str(olga) in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"network": "203.0.113.7/24"}, "write 203.0.113.0/24"),
        ({"network": "192.0.2.0/24"}, "shut you out"),
        ({"reason": " "}, "required"),
        ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00"}, "over already"),
    ],
)
def test_a_mistake_is_shown_beside_its_field(desk: Client, fields: dict[str, str], words: str) -> None:
    answer = desk.post(f"{LIST}add/", a_form(**fields))
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not AddressRule.objects.exists()


def test_a_second_rule_for_the_network_is_a_mistake_too(desk: Client) -> None:
    desk.post(f"{LIST}add/", a_form())
    answer = desk.post(f"{LIST}add/", a_form())
    assert answer.status_code == 200
    assert "already" in answer.content.decode()


def test_a_rule_is_changed_and_ended_with_a_reason(desk: Client) -> None:
    rule = add_rule(
        network="203.0.113.0/24", verdict="deny", reason="Scrapes", expires_at=None, actor="x", now=timezone.now()
    )
    changed = desk.post(f"{LIST}{rule.pk}/change/", a_form(verdict="allow", reason="A customer", network="0.0.0.0/0"))
    assert changed.status_code == 302, changed.content.decode()
    rule.refresh_from_db()
    assert (rule.network, rule.verdict, rule.reason) == ("203.0.113.0/24", "allow", "A customer")
    desk.post(LIST, {"action": "end", "_selected_action": rule.pk, "reason": "They left"})
    rule.refresh_from_db()
    assert rule.ended_at is not None
    assert [event.act for event in rule.events.all()] == ["ended", "changed", "added"]
    assert desk.post(f"{LIST}{rule.pk}/change/", a_form()).status_code == 403, "what has ended stays"
    assert desk.get(LIST).status_code == 200


def test_nobody_deletes_a_rule_and_only_operators_see_it(desk: Client, mira: User) -> None:
    rule = add_rule(
        network="203.0.113.0/24", verdict="deny", reason="Scrapes", expires_at=None, actor="x", now=timezone.now()
    )
    assert desk.post(f"{LIST}{rule.pk}/delete/", {"post": "yes"}).status_code == 403
    desk.post(LIST, {"action": "delete_selected", "_selected_action": rule.pk, "post": "yes"})
    assert AddressRule.objects.count() == 1
    browser = Client()
    browser.force_login(mira)
    assert browser.get(LIST).status_code != 200
