"""The panels of this floor's rooms, each with something in it: what the state says, and which lines there are."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from monitoring.limits import queries as limits
from monitoring.limits.models import AddressRule
from monitoring.limits.store import StoreAway
from monitoring.metrics import collected
from monitoring.metrics.models import Sample
from monitoring.metrics.tally import SLOTS
from monitoring.ops.own import guards, hall, troubles, work
from monitoring.ops.parts import Body, milliseconds, span
from monitoring.supervision.models import Heartbeat, Restart
from tests.monitoring.ops.making import a_kind, an_alert

pytestmark = pytest.mark.django_db


def state(body: Body) -> tuple[str, str]:
    return body.mark.tone, body.mark.text


def keys(body: Body, table: int = 0) -> list[str]:
    return [row.key for row in body.tables[table].rows]


def test_processes_that_are_silent_or_were_given_up_are_named(now: datetime) -> None:
    assert state(hall.processes(now)) == ("warn", "No sign of life")
    for kind, age in (("web", 5), ("beat", 300)):
        Heartbeat.objects.create(
            kind=kind, instance="one:1", seen_at=now - timedelta(seconds=age), started_at=now - timedelta(hours=3)
        )
    body = hall.processes(now)
    assert state(body) == ("warn", "1 of 2 alive")
    assert [row.cells[1].mark.text for row in body.tables[0].rows if row.cells[1].mark] == [
        "Silent since 09:25:00",
        "Alive",
    ]
    Restart.objects.create(kind="worker", instance="one:2", at=now, reason="Wedged.", given_up=True)
    assert state(hall.processes(now)) == ("bad", "1 of 2 alive")


def test_the_traffic_of_the_hour_is_drawn_and_told(now: datetime) -> None:
    assert state(work.traffic(now)) == ("idle", "No requests")
    buckets = [0] * SLOTS
    buckets[12] = 60
    for minute in range(1, 61):
        Sample.objects.create(
            name="request", minute=now - timedelta(minutes=minute), instance="web", count=60, bad=6 if minute == 2 else 0,
            total=3.0, highest=0.2, buckets=buckets,
        )  # fmt: skip
    body = work.traffic(now + timedelta(seconds=40))
    assert state(body) == ("good", "60.0 a minute")
    assert [figure.value for figure in body.figures[:2]] == ["3,600", "6 (0.2%)"]
    assert [chart.text for chart in body.charts[:2]] == ["Highest 60, latest 60.", "Highest 6, latest 0."]
    assert body.charts[1].line.count("L") == 59
    assert (body.charts[0].begins, body.charts[0].ends) == ("08:30", "09:29")
    assert len(body.tables[0].rows) == 12
    Sample.objects.update(bad=10)
    assert state(work.traffic(now)) == ("warn", "16.7% fail")


def test_work_that_waits_too_long_at_the_broker_is_said(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    def of(value: float) -> collected.Run:
        def rows() -> Sequence[collected.Row]:
            return [({"queue": "default"}, value)]

        return rows

    def broker(depth: float, age: float) -> None:
        names = {"queue_messages": depth, "queue_oldest_message_age_seconds": age, "queue_unacknowledged_messages": 2.0}
        gauges = {name: collected.Gauge(name, "", of(value), source="broker") for name, value in names.items()}
        monkeypatch.setattr(collected, "_gauges", gauges)

    broker(3, 5)
    assert state(work.queues(now)) == ("good", "3 waiting")
    broker(3, 200)
    assert state(work.queues(now)) == ("warn", "Oldest waits 3 min")
    monkeypatch.setattr(collected, "_gauges", {})
    assert state(work.queues(now)) == ("idle", "No queue")


def test_the_limits_say_when_their_store_is_away(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    body = guards.table(now)
    assert state(body) == ("good", "As written")
    assert "sign-in" in keys(body, 1)
    monkeypatch.setattr(limits, "present_factor", lambda: (0.5, "Tightened: response p95."))
    tight = guards.table(now)
    assert state(tight) == ("warn", "Tightened to 50%")
    assert tight.note == "Tightened: response p95."
    away = limits.StoreState(answers=False, milliseconds=None, resting=True)
    monkeypatch.setattr(limits, "store_state", lambda: away)
    assert state(guards.table(now)) == ("warn", "Store away: local limits")
    assert issubclass(StoreAway, Exception)


def test_address_rules_are_listed_while_they_hold(now: datetime) -> None:
    assert guards.rules(now).tables[0].empty == "No rule holds."
    AddressRule.objects.create(network="203.0.113.0/24", verdict="deny", reason="Scrapes", created_at=now)
    over = now - timedelta(minutes=1)
    AddressRule.objects.create(
        network="198.51.100.0/24", verdict="deny", reason="Over", created_at=now - timedelta(days=1), expires_at=over
    )
    body = guards.rules(now)
    assert state(body) == ("idle", "1 network kept out")
    assert [row.cells[0].small for row in body.tables[0].rows] == ["Scrapes"]


def test_alerts_say_whether_anybody_watches_and_who_is_on_it(now: datetime) -> None:
    assert state(troubles.open_alerts(now)) == ("warn", "Nobody watches")
    an_alert(now, severity="warning")
    assert state(troubles.open_alerts(now)) == ("warn", "1 alert open")
    an_alert(now, rule="disk", acknowledged_at=now)
    body = troubles.open_alerts(now)
    assert state(body) == ("bad", "2 alerts open")
    assert [[act.name for act in row.acts] for row in body.tables[0].rows] == [
        ["alert-resolve"],
        ["alert-acknowledge", "alert-resolve"],
    ]


def test_a_settled_error_can_be_opened_again(now: datetime) -> None:
    a_kind(now, status="ignored")
    body = troubles.kinds(now)
    assert state(body) == ("good", "None open")
    assert [act.name for act in body.tables[1].rows[0].acts] == ["error-reopen"]


def test_durations_do_not_change_with_every_look() -> None:
    assert [span(seconds) for seconds in (0.2, 42, 90, 7_200, 200_000)] == ["under 1 s", "42 s", "2 min", "2 h", "2 d"]
    assert [milliseconds(value) for value in (None, 3.2, 14.0, 1_500.0)] == ["–", "< 10 ms", "10 ms", "1.5 s"]


def test_a_real_clock_fits_the_panels() -> None:
    assert hall.checks(timezone.now()).mark.text in ("Healthy", "Degraded", "Unhealthy")
