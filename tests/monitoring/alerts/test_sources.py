"""The hall's own rules over real rows: samples, signs of life, restarts, errors."""

from datetime import datetime, timedelta

import pytest

from monitoring.alerts import sources
from monitoring.alerts.models import AlertDelivery, AlertMessage
from monitoring.alerts.rules import Reader, Reading
from monitoring.errors.models import ErrorGroup
from monitoring.metrics.models import Sample
from monitoring.metrics.tally import Tally
from monitoring.supervision import services as supervision

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def sampled(name: str, at: datetime, *values: float, bad: int = 0) -> None:
    """What one process wrote down in one minute."""
    tally = Tally()
    for number, value in enumerate(values):
        tally.add(value, bad=number < bad)
    Sample.objects.create(
        name=name,
        minute=at.replace(second=0, microsecond=0),
        instance="here/web",
        count=tally.count,
        bad=tally.bad,
        total=tally.total,
        highest=tally.highest,
        buckets=tally.buckets,
    )


def read(reader: Reader, now: datetime) -> Reading:
    (reading,) = reader(now)
    return reading


def test_a_window_of_samples_is_measured(now: datetime) -> None:
    sampled("request", now - 2 * MINUTE, *[0.1] * 90, *[3.0] * 10, bad=7)
    sampled("request", now - 30 * MINUTE, *[60.0] * 1000, bad=1000)
    share = read(sources.sampled("request", 5 * MINUTE, sources.share_bad, what="requests in 5 min"), now)
    assert (share.value, share.count, share.text) == (0.07, 100, "100 requests in 5 min")
    slow = read(sources.sampled("request", 5 * MINUTE, sources.quantile(0.95)), now)
    assert slow.value == pytest.approx(3.0, rel=0.5)
    assert read(sources.sampled("request", 5 * MINUTE, sources.highest), now).value == 3.0
    assert read(sources.sampled("request", 5 * MINUTE, sources.mean), now).value == pytest.approx(0.39)


def test_nothing_is_no_data_or_what_the_rule_says(now: datetime) -> None:
    assert read(sources.sampled("memory", MINUTE, sources.highest), now).value is None
    assert read(sources.sampled("query", MINUTE, sources.highest, nothing=0.0), now).value == 0.0


def test_points_leave_out_where_nothing_was_measured(now: datetime) -> None:
    for minutes in (10, 20):
        sampled("disk", now - minutes * MINUTE, 0.5 + minutes / 100)
    found = sources.points("disk", 60 * MINUTE)(now)
    assert [level for _, level in found] == [0.7, 0.6]


def test_silence_is_measured_and_a_kind_never_seen_has_no_data(now: datetime) -> None:
    supervision.note(kind="worker", now=now - timedelta(seconds=200))
    worker, beat = sources.silence("worker", "beat")(now)
    assert (worker.subject, worker.value) == ("worker", 200.0)
    assert (beat.subject, beat.value, beat.text) == ("beat", None, "never gave a sign of life")


def test_restarts_are_told_by_kind(now: datetime) -> None:
    for seconds, given_up in ((5, False), (10, False), (20, True)):
        at = now - timedelta(seconds=seconds)
        supervision.note_restart(kind="worker", instance="w1", at=at, reason=f"silent {seconds}", given_up=given_up)
    supervision.note_restart(kind="beat", instance="b1", at=now - 61 * MINUTE, reason="long ago")
    assert sources.restarts(60 * MINUTE, given_up=False)(now) == [Reading("worker", 2, text="silent 5")]
    assert sources.restarts(60 * MINUTE, given_up=True)(now) == [Reading("worker", 1, text="silent 20")]


def test_only_open_errors_are_news(now: datetime) -> None:
    for number, status in enumerate(("open", "resolved", "open")):
        ErrorGroup.objects.create(
            fingerprint=f"{number:032}",
            type="ValueError",
            message="bad pot",
            culprit="kitchen.boil",
            origin="request",
            status=status,
            resolved_at=now if status == "resolved" else None,
            count=3,
            first_seen=now,
            last_seen=now,
            created_at=now - number * 40 * MINUTE,
        )
    (reading,) = sources.new_errors(60 * MINUTE)(now)
    assert reading.subject.startswith("ValueError #")
    assert (reading.value, reading.text) == (3.0, "kitchen.boil: bad pot")


def test_messages_about_dead_messages_do_not_keep_their_own_rule_firing(now: datetime) -> None:
    for rule in ("kettle", "alert_messages_dead"):
        message = AlertMessage.objects.create(
            rule=rule, kind="firing", severity="page", subject=rule, body="", created_at=now
        )
        AlertDelivery.objects.create(message=message, channel="webhook", due_at=now, dead_at=now)
    assert read(sources.undelivered("alert_messages_dead", MINUTE), now).value == 1
