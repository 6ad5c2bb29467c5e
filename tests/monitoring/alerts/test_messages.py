"""Who is told what, and how often."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.apps import apps

from marketplace.accounts.models import User
from monitoring.alerts import evaluation, messages, registry, services
from monitoring.alerts.channels import Channels
from monitoring.alerts.models import Alert, AlertDelivery, AlertMessage
from monitoring.alerts.rules import Reading
from tests import factories
from tests.monitoring.alerts.conftest import Round
from tests.monitoring.alerts.making import Source, a_rule

pytestmark = pytest.mark.django_db
HOUR = 3600


def kinds() -> list[str]:
    return list(AlertMessage.objects.order_by("pk").values_list("kind", flat=True))


@pytest.mark.usefixtures("kettle")
def test_one_message_when_it_begins_and_one_when_it_ends(rounds: Round) -> None:
    for seconds in range(0, 600, 15):
        rounds(seconds, 11)
    assert kinds() == ["firing"]
    for seconds in range(600, 1200, 15):
        rounds(seconds, 7)
    assert kinds() == ["firing", "resolved"]


@pytest.mark.usefixtures("kettle")
def test_the_message_says_what_since_when_and_what_to_do(rounds: Round) -> None:
    rounds(0, 11, subject="left stove", text="it whistles <loudly>")
    message = AlertMessage.objects.get()
    assert message.subject == "Firing: The kettle boils over (left stove)"
    assert message.body == (
        "The kettle boils over (page), firing at 2026-11-22 09:30 UTC.\n"
        "\n"
        "- left stove, 11, since 2026-11-22 09:30 UTC\n"
        "  it whistles <loudly>\n"
        "\n"
        "Fires above 10.\n"
        "What to do: Take it off the fire.\n"
        "Runbook: docs/operations/alerts.md#kettle\n"
        "\n"
        "Look, acknowledge and resolve: https://hall.example/ops/\n"
    )
    rounds(300, 7, subject="left stove")
    message = AlertMessage.objects.latest("pk")
    assert message.subject == "Resolved: The kettle boils over (left stove)"
    assert "Resolved at 2026-11-22 09:35 UTC." in message.body


@pytest.mark.usefixtures("kettle")
def test_a_subject_line_is_one_line(rounds: Round) -> None:
    rounds(0, 11, subject="two\r\nX-Spam: yes")
    assert AlertMessage.objects.get().subject == "Firing: The kettle boils over (two X-Spam: yes)"


@pytest.mark.usefixtures("kettle")
def test_reminders_come_every_few_hours_until_somebody_is_on_it(rounds: Round, mira: User, now: datetime) -> None:
    for hours in range(14):
        rounds(hours * HOUR, 11)
    assert kinds() == ["firing", "reminder", "reminder", "reminder"]
    services.acknowledge(alert_id=Alert.objects.get().pk, by_id=mira.pk, now=now)
    for hours in range(14, 40):
        rounds(hours * HOUR, 11)
    assert len(kinds()) == 4


@pytest.mark.usefixtures("kettle")
def test_what_begins_together_is_told_together(source: Source, now: datetime) -> None:
    source.readings = [Reading(f"pot {number:02}", 20) for number in range(14)]
    evaluation.evaluate(now=now)
    message = AlertMessage.objects.get()
    assert message.subject == "Firing: The kettle boils over (14)"
    assert "pot 00" in message.body
    assert "pot 10" not in message.body
    assert "- and 4 more" in message.body


def test_a_rule_of_many_subjects_speaks_at_most_once_in_its_pause(now: datetime) -> None:
    """A new subject fires in every round: a page is told every two minutes, and names all that began meanwhile."""
    source = Source()
    registry.register(a_rule(read=source, absent="over"))
    for number in range(41):
        source.readings.append(Reading(f"pot {number}", 11))
        evaluation.evaluate(now=now + timedelta(seconds=15 * number))
    assert Alert.objects.count() == 41
    assert kinds() == ["firing"] * 6
    assert AlertMessage.objects.order_by("pk")[1].subject.endswith("(8)")


@pytest.mark.usefixtures("kettle")
def test_what_ended_before_it_was_told_is_not_told(rounds: Round) -> None:
    rounds(0, 11)
    rounds(15, 7)
    rounds(30, 11)
    for seconds in (45, 300, 600):
        rounds(seconds, 7)
    assert (Alert.objects.count(), kinds()) == (2, ["firing", "resolved"])


def test_that_an_event_is_over_is_no_news(rounds: Round, source: Source) -> None:
    registry.register(a_rule(read=source, tell_end=False))
    rounds(0, 11)
    rounds(15, 7)
    assert kinds() == ["firing"]


@pytest.mark.usefixtures("kettle")
def test_staff_are_written_to_when_no_addresses_are_set(
    rounds: Round, olga: User, mira: User, told: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = factories.a_user(email="gone@example.test", name="Gone", is_staff=True)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    everybody = replace(told, emails=(), webhook_url="https://hooks.example/T0/secret")
    monkeypatch.setattr(apps.get_app_config("alerts"), "channels", everybody)
    rounds(0, 11)
    rows = AlertDelivery.objects.order_by("pk").values_list("channel", "target")
    assert list(rows) == [("email", "olga@example.test"), ("webhook", "")]


@pytest.mark.usefixtures("kettle")
def test_one_place_is_told_once(rounds: Round, told: Channels, monkeypatch: pytest.MonkeyPatch) -> None:
    twice = replace(told, emails=("ops@example.test", "Ops@example.test", "x" * 250 + "@example.test"))
    monkeypatch.setattr(apps.get_app_config("alerts"), "channels", twice)
    rounds(0, 11)
    assert AlertDelivery.objects.count() == 1


@pytest.mark.usefixtures("kettle")
def test_an_alert_that_nobody_is_told_of_is_logged(
    rounds: Round, told: Channels, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(apps.get_app_config("alerts"), "channels", replace(told, emails=()))
    rounds(0, 11)
    assert "alerts.nobody_told" in caplog.messages


@pytest.mark.usefixtures("kettle")
def test_a_round_that_fails_tells_nothing(source: Source, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """State and message are one transaction: neither without the other."""

    def fails(**values: object) -> int:
        messages.announce(**values)  # type: ignore[arg-type]
        raise RuntimeError("the database went away")

    monkeypatch.setattr(evaluation, "announce", fails)
    source.say(11)
    with pytest.raises(RuntimeError):
        evaluation.evaluate(now=now)
    assert not Alert.objects.exists()
    assert not AlertMessage.objects.exists()
