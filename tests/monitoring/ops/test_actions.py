"""What operators do from their page: it happens, it is logged with who, and not without the right or the token."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.core import breaker
from monitoring.alerts.models import Alert
from monitoring.errors.models import ErrorGroup
from monitoring.ops import actions
from monitoring.ops.actions import Action, Order, Refused
from tests.monitoring.ops.conftest import allow
from tests.monitoring.ops.making import a_dead_message, a_dead_task, a_kind, a_slow_query, an_alert

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_checks")]


def do(client: Client, name: str, target: object) -> Any:
    return client.post(f"/ops/do/{name}/{target}/")


def said(client: Client) -> str:
    """The page that follows: its note is on it once."""
    return client.get("/ops/").content.decode()


def test_an_alert_is_taken_on_and_ended(operator: Client, olga: User, caplog: pytest.LogCaptureFixture) -> None:
    alert = an_alert(timezone.now())
    caplog.set_level(logging.INFO)
    answer = do(operator, "alert-acknowledge", alert.pk)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/ops/#panel-alerts")
    alert.refresh_from_db()
    assert alert.acknowledged_by == olga
    page = said(operator)
    assert "Acknowledged: Share of failed requests." in page
    assert "is on it" in page
    do(operator, "alert-resolve", alert.pk)
    alert.refresh_from_db()
    assert (alert.resolved_by, alert.state) == (olga, "resolved")
    found = [record for record in caplog.records if record.message == "ops.acted"]
    assert [(record.action, record.target, record.user_id) for record in found] == [  # type: ignore[attr-defined]
        ("alert-acknowledge", str(alert.pk), olga.pk),
        ("alert-resolve", str(alert.pk), olga.pk),
    ]


def test_what_is_over_already_is_said_and_not_done(operator: Client) -> None:
    alert = an_alert(timezone.now())
    do(operator, "alert-resolve", alert.pk)
    said(operator)
    do(operator, "alert-resolve", alert.pk)
    assert "That alert is not open any more." in said(operator)


def test_an_error_is_resolved_ignored_and_opened_again(operator: Client, olga: User) -> None:
    kind = a_kind(timezone.now())
    for action, status in (("resolve", "resolved"), ("reopen", "open"), ("ignore", "ignored"), ("reopen", "open")):
        do(operator, f"error-{action}", kind.pk)
        kind.refresh_from_db()
        assert kind.status == status
    do(operator, "error-resolve", kind.pk)
    assert ErrorGroup.objects.get().resolved_by == olga
    assert f"error-reopen/{kind.pk}/" in said(operator)


def test_a_slow_query_is_planned_on_request(operator: Client) -> None:
    query = a_slow_query(timezone.now())
    do(operator, "query-plan", query.pk)
    page = said(operator)
    assert "The plan stands under its statement." in page
    assert "Aggregate" in page
    written = a_slow_query(timezone.now(), statement="DELETE FROM alerts_alert WHERE id = $1")
    do(operator, "query-plan", written.pk)
    assert "Only a single SELECT can be planned here" in said(operator)


def test_a_message_that_was_given_up_is_sent_again(operator: Client) -> None:
    delivery = a_dead_message(timezone.now())
    do(operator, "delivery-again", delivery.pk)
    delivery.refresh_from_db()
    assert delivery.dead_at is None
    do(operator, "delivery-again", delivery.pk)
    assert "not among the ones given up" in said(operator)


def test_a_breaker_is_closed_by_superusers_alone(operator: Client, client: Client, watcher: User) -> None:
    known = next(one for one in breaker.breakers() if one.name == "stripe")
    for _ in range(known.policy.failures):
        with pytest.raises(RuntimeError), known.watching(lambda error: breaker.Failure("ReadTimeout")):
            raise RuntimeError
    assert known.status().state == "open"
    page = said(operator)
    assert "/ops/do/breaker-reset/stripe/" in page
    assert "ReadTimeout" in page
    do(operator, "breaker-reset", "stripe")
    assert known.status().state == "closed"
    assert "stripe is closed: calls go out again." in said(operator)
    do(operator, "breaker-reset", "nobody")
    assert "There is no breaker" in said(operator)
    client.force_login(watcher)
    assert do(client, "breaker-reset", "stripe").status_code == 403


def test_nothing_happens_without_the_right(client: Client, watcher: User) -> None:
    now = timezone.now()
    alert, kind, query, dead = an_alert(now), a_kind(now), a_slow_query(now), a_dead_message(now)
    letter = a_dead_task(now)
    targets = {
        "alert-acknowledge": alert.pk, "alert-resolve": alert.pk, "error-resolve": kind.pk, "error-ignore": kind.pk,
        "error-reopen": kind.pk, "query-plan": query.pk, "delivery-again": dead.pk, "breaker-reset": "stripe",
        "task-again": letter.pk, "task-aside": letter.pk, "outbox-again": 1, "inbox-again": 1,
    }  # fmt: skip
    assert targets.keys() == actions._actions.keys()
    client.force_login(watcher)
    assert {do(client, name, target).status_code for name, target in targets.items()} == {403}
    for row in (alert, kind, query, dead, letter):
        row.refresh_from_db()
    assert alert.acknowledged_at is None
    assert (kind.status, query.plan) == ("open", "")
    assert dead.dead_at is not None
    assert letter.settled_at is None
    allow(watcher, "alerts.change_alert")
    assert do(client, "alert-resolve", alert.pk).status_code == 302
    assert do(client, "error-resolve", kind.pk).status_code == 403


def test_nothing_happens_without_the_token_or_by_reading(olga: User) -> None:
    alert = an_alert(timezone.now())
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(olga)
    assert do(strict, "alert-resolve", alert.pk).status_code == 403
    assert strict.get(f"/ops/do/alert-resolve/{alert.pk}/").status_code == 405
    assert Alert.objects.get().resolved_at is None
    page = strict.get("/ops/").content.decode()
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    answer = strict.post(f"/ops/do/alert-resolve/{alert.pk}/", {"csrfmiddlewaretoken": token})
    assert answer.status_code == 302
    assert Alert.objects.get().resolved_at is not None


@pytest.mark.parametrize("target", ["x", "-1", "1e3", "9" * 40, "٣"])
def test_a_target_that_is_no_number_is_refused(operator: Client, target: str) -> None:
    assert do(operator, "alert-resolve", target).status_code == 302
    assert "There is nothing of that number" in said(operator)


def test_an_unknown_action_is_no_address(operator: Client) -> None:
    assert do(operator, "drop-everything", 1).status_code == 404


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    def install(error: Exception) -> None:
        def run(order: Order) -> str:
            raise error

        monkeypatch.setitem(actions._actions, "alert-resolve", Action("alert-resolve", "", "alerts", run))

    return install


def test_a_database_that_is_away_is_said(operator: Client, failing: Callable[[Exception], None]) -> None:
    failing(OperationalError("gone"))
    assert do(operator, "alert-resolve", 1).status_code == 302
    assert "That was not done: the database did not answer in time." in said(operator)


def test_a_refusal_is_logged_without_what_was_typed(
    operator: Client, failing: Callable[[Exception], None], caplog: pytest.LogCaptureFixture
) -> None:
    failing(Refused("No."))
    caplog.set_level(logging.INFO)
    do(operator, "alert-resolve", "Mira Holt <mira@example.test>")
    (record,) = [record for record in caplog.records if record.message == "ops.refused"]
    assert (record.target, record.reason) == ("", "No.")  # type: ignore[attr-defined]
