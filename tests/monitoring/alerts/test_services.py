from datetime import datetime, timedelta

import pytest

from marketplace.accounts.models import User
from monitoring.alerts import queries, services
from monitoring.alerts.models import Alert, AlertDelivery, AlertMessage, Standing
from tests.monitoring.alerts.conftest import Round

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kettle")]
HOUR = 3600


def test_who_acknowledged_and_when_is_kept(rounds: Round, olga: User, mira: User, now: datetime) -> None:
    rounds(0, 11)
    alert = Alert.objects.get()
    services.acknowledge(alert_id=alert.pk, by_id=olga.pk, now=now + timedelta(seconds=5), note="on it")
    services.acknowledge(alert_id=alert.pk, by_id=mira.pk, now=now + timedelta(seconds=9))
    alert.refresh_from_db()
    assert (alert.state, alert.acknowledged_by, alert.note) == ("acknowledged", olga, "on it")
    assert alert.acknowledged_at == now + timedelta(seconds=5)
    rounds(15, 11)
    assert Alert.objects.get().state == "acknowledged"
    rounds(30, 7)
    assert Alert.objects.get().state == "resolved"


def test_resolved_by_hand_stays_quiet_until_it_clears(rounds: Round, olga: User, now: datetime) -> None:
    rounds(0, 11)
    services.resolve(alert_id=Alert.objects.get().pk, by_id=olga.pk, now=now + timedelta(seconds=5), note="known")
    alert = Alert.objects.get()
    assert (alert.state, alert.resolved_by, alert.note) == ("resolved", olga, "known")
    assert list(AlertMessage.objects.order_by("pk").values_list("kind", flat=True)) == ["firing", "resolved"]
    assert "Resolved by hand" in AlertMessage.objects.latest("pk").body
    rounds(15, 11)
    assert Alert.objects.count() == 1
    rounds(30, 7)
    rounds(45, 11)
    assert Alert.objects.count() == 2


def test_resolved_by_hand_and_still_broken_fires_anew_after_four_hours(
    rounds: Round, olga: User, now: datetime
) -> None:
    rounds(0, 11)
    services.resolve(alert_id=Alert.objects.get().pk, by_id=olga.pk, now=now)
    rounds(4 * HOUR - 1, 11)
    assert Alert.objects.count() == 1
    rounds(4 * HOUR + 15, 11)
    assert Alert.objects.count() == 2


def test_what_is_over_cannot_be_acknowledged_or_resolved(rounds: Round, olga: User, now: datetime) -> None:
    rounds(0, 11)
    rounds(15, 7)
    for act in (services.acknowledge, services.resolve):
        with pytest.raises(services.NoSuchAlert, match="is not open"):
            act(alert_id=Alert.objects.get().pk, by_id=olga.pk, now=now)
        with pytest.raises(services.NoSuchAlert):
            act(alert_id=10**12, by_id=olga.pk, now=now)


def test_a_dead_message_can_be_sent_again(rounds: Round, now: datetime) -> None:
    rounds(0, 11)
    delivery = AlertDelivery.objects.get()
    assert not services.send_again(delivery_id=delivery.pk, now=now)
    AlertDelivery.objects.update(dead_at=now, attempts=10, last_error="gone")
    (dead,) = queries.dead_deliveries()
    assert (dead.id, dead.channel, dead.target, dead.error) == (delivery.pk, "E-mail", "ops@example.test", "gone")
    assert services.send_again(delivery_id=delivery.pk, now=now)
    assert queries.dead_deliveries() == []
    assert queries.telling().waiting == 1


def test_history_is_pruned_and_what_is_open_is_not(rounds: Round, now: datetime) -> None:
    rounds(0, 11)
    rounds(15, 7)
    rounds(30, 11, subject="other")
    AlertDelivery.objects.filter(message__kind="resolved").update(sent_at=now)
    late = now + timedelta(days=91)
    Standing.objects.update(evaluated_at=late)
    assert services.prune(now=late) > 0
    assert [alert.subject for alert in Alert.objects.all()] == ["other"]
    # What was never sent is still to be sent.
    assert set(AlertMessage.objects.values_list("kind", flat=True)) == {"firing"}
    assert services.prune(now=late) == 0


def test_the_pages_see_every_rule_and_every_open_alert(rounds: Round) -> None:
    (view,) = queries.standings()
    assert (view.state, view.threshold) == ("missing", "above 10")
    rounds(0, 11, subject="left")
    (alert,) = queries.open_alerts()
    assert (alert.title, alert.subject, alert.state, alert.value) == ("The kettle boils over", "left", "firing", "11")
    assert alert.advice == "Take it off the fire."
    assert queries.counts() == {("page", "firing"): 1}
    rounds(15, 7, subject="left")
    assert queries.open_alerts() == []
    assert [alert.subject for alert in queries.history()] == ["left"]
