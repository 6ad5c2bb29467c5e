"""Rounds over real rows: what opens, what ends, and that two evaluators do no harm."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, connections, transaction

from monitoring.alerts import evaluation, queries, registry
from monitoring.alerts.models import Alert, AlertMessage, Evaluation, Standing
from monitoring.alerts.rules import Reading, Rule
from tests.monitoring.alerts.conftest import Round
from tests.monitoring.alerts.making import MINUTE, Source, a_rule

pytestmark = pytest.mark.django_db
HOUR = 3600


def states() -> list[str]:
    return [alert.state for alert in Alert.objects.order_by("pk")]


@pytest.mark.usefixtures("kettle")
def test_an_alert_opens_keeps_up_and_ends(rounds: Round) -> None:
    fired = rounds(0, 11, text="it whistles")
    alert = Alert.objects.get()
    assert (alert.rule, alert.severity, alert.cause, alert.value_text) == ("kettle", "page", "breach", "11")
    assert (alert.since, alert.fired_at, alert.text, alert.state) == (fired, fired, "it whistles", "firing")
    rounds(15, 12)
    assert Alert.objects.get().value == 12
    ended = rounds(30, 8)
    alert = Alert.objects.get()
    assert (alert.state, alert.resolved_at, alert.resolved_by) == ("resolved", ended, None)


def test_an_alert_remembers_when_the_trouble_began(rounds: Round, source: Source) -> None:
    registry.register(a_rule(read=source, hold=MINUTE))
    began = rounds(0, 11)
    for seconds in (15, 30, 45):
        rounds(seconds, 11)
        assert not Alert.objects.exists()
    fired = rounds(60, 11)
    alert = Alert.objects.get()
    assert (alert.since, alert.fired_at) == (began, fired)


@pytest.mark.usefixtures("kettle")
def test_each_subject_has_its_own_alert(rounds: Round, source: Source, now: datetime) -> None:
    source.readings = [Reading("left", 11), Reading("right", 12), Reading("middle", 5)]
    assert evaluation.evaluate(now=now)
    assert set(Alert.objects.values_list("subject", flat=True)) == {"left", "right"}


def test_a_subject_that_is_gone_is_over_or_missing_as_the_rule_says(now: datetime) -> None:
    over, missing = Source(Reading("a", 11)), Source(Reading("a", 11))
    registry.register(a_rule(name="over", read=over, absent="over"), a_rule(name="missing", read=missing))
    evaluation.evaluate(now=now)
    over.readings = missing.readings = []
    evaluation.evaluate(now=now + timedelta(seconds=15))
    assert {alert.rule: alert.state for alert in Alert.objects.all()} == {"over": "resolved", "missing": "firing"}


@pytest.mark.usefixtures("kettle")
def test_a_source_that_breaks_is_missing_data_and_stops_no_other_rule(source: Source, now: datetime) -> None:
    other = Source(Reading(value=11))
    registry.register(a_rule(name="other", read=other))
    source.error = RuntimeError("away")
    assert evaluation.evaluate(now=now)
    standing = Standing.objects.get(rule="kettle")
    assert (standing.state, standing.text) == ("missing", "could not be read")
    assert Alert.objects.get().rule == "other"


def test_missing_data_has_an_alert_of_its_own(rounds: Round, source: Source) -> None:
    registry.register(a_rule(read=source, missing_after=2 * MINUTE))
    rounds(0, None)
    rounds(119, None)
    assert not Alert.objects.exists()
    rounds(130, None)
    assert Alert.objects.get().cause == "missing"
    rounds(145, 11)
    assert [(alert.cause, alert.state) for alert in Alert.objects.order_by("pk")] == [
        ("missing", "resolved"),
        ("breach", "firing"),
    ]


def test_a_rule_that_gives_up_says_that_it_ended_without_data(rounds: Round, source: Source) -> None:
    registry.register(a_rule(read=source, least=20, give_up=MINUTE))
    rounds(0, 11, count=20)
    rounds(15, 0, count=19)
    assert states() == ["firing"]
    assert Standing.objects.get().text == "too few to judge: 19 of at least 20"
    rounds(75, 0, count=19)
    alert = Alert.objects.get()
    assert (alert.state, alert.note[:18]) == ("resolved", "Ended without data")


@pytest.mark.usefixtures("kettle")
def test_without_data_an_alert_keeps_its_last_value(rounds: Round) -> None:
    rounds(0, 11)
    rounds(15, None)
    alert = Alert.objects.get()
    assert (alert.state, alert.value, alert.value_text, alert.text) == ("firing", 11, "11", "no data")


@pytest.mark.usefixtures("kettle")
def test_flapping_is_bounded(rounds: Round) -> None:
    """Boiling over and back every minute for two hours: at most four alerts an hour, and the last one stays."""
    for seconds in range(0, 2 * HOUR, 60):
        rounds(seconds, 11 if seconds % 120 == 0 else 7)
    assert Alert.objects.count() == 4
    assert states() == ["resolved", "resolved", "resolved", "firing"]
    assert Alert.objects.latest("pk").flapping
    for seconds in range(2 * HOUR, 3 * HOUR - 60, 60):
        rounds(seconds, 7)
    assert states()[-1] == "firing"
    rounds(3 * HOUR - 60, 7)
    assert states()[-1] == "resolved"


def test_a_rule_nobody_knows_any_more_ends_its_alerts_after_an_hour(rounds: Round, kettle: Rule) -> None:
    rounds(0, 11)
    registry._rules.clear()
    rounds(15, 0)
    rounds(HOUR, 0)
    assert states() == ["firing"]
    rounds(HOUR + 60, 0)
    alert = Alert.objects.get()
    assert (alert.state, alert.note) == ("resolved", "Ended: this rule no longer exists.")


@pytest.mark.usefixtures("kettle")
def test_odd_readings_break_no_round(rounds: Round) -> None:
    rounds(0, 1e300, text="a\x00b" * 1000)
    rounds(15, float("inf"), subject="s" * 5000)
    rounds(30, float("nan"), subject="\x00")
    assert Alert.objects.filter(rule="kettle").count() == 2


@pytest.mark.usefixtures("kettle")
def test_of_too_many_subjects_the_worst_are_kept(source: Source, now: datetime) -> None:
    source.readings = [Reading(f"pot {number}", number) for number in range(1000)]
    evaluation.evaluate(now=now)
    assert Alert.objects.count() == evaluation.MOST_SUBJECTS
    assert Alert.objects.filter(subject="pot 999").exists()


@pytest.mark.usefixtures("kettle")
def test_secrets_in_a_reading_are_not_stored(rounds: Round) -> None:
    rounds(0, 11, text="postgres://hall:hunter2secret@db/hall refused", subject="sk_live_51HxAbCdEfGhIjKlMnOpQrSt")
    alert, standing, message = Alert.objects.get(), Standing.objects.get(), AlertMessage.objects.get()
    everything = f"{alert.text} {alert.subject} {standing.text} {standing.subject} {message.subject} {message.body}"
    assert "hunter2secret" not in everything
    assert "sk_live_51HxAbCdEfGhIjKlMnOpQrSt" not in everything


# --- several evaluators ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("kettle")
def test_a_round_is_not_repeated_at_once(rounds: Round, now: datetime) -> None:
    rounds(0, 11)
    assert not evaluation.evaluate(now=now + timedelta(seconds=9))
    assert evaluation.evaluate(now=now + timedelta(seconds=10))


@pytest.mark.usefixtures("kettle")
def test_a_crashed_evaluator_is_replaced_after_its_lease(source: Source, now: datetime) -> None:
    source.say(11)
    Evaluation.objects.create(pk=1, started_at=now, locked_until=now + evaluation.LEASE)
    assert not evaluation.evaluate(now=now + timedelta(seconds=60))
    assert evaluation.evaluate(now=now + timedelta(seconds=61))


@pytest.mark.usefixtures("kettle")
def test_a_held_up_evaluator_does_not_put_old_readings_over_new_ones(source: Source, now: datetime) -> None:
    def held_up(moment: datetime) -> list[Reading]:
        # While it reads, its lease ends and another evaluator finishes a newer round.
        Evaluation.objects.update(readings_of=now + timedelta(seconds=90))
        return [Reading(value=11)]

    registry.register(a_rule(read=held_up))
    assert not evaluation.evaluate(now=now)
    assert not Alert.objects.exists()


@pytest.mark.usefixtures("kettle")
def test_a_clock_that_is_set_back_stops_no_rule_and_silences_nobody(rounds: Round) -> None:
    rounds(2 * HOUR, 11)
    rounds(2 * HOUR + 15, 7)
    assert states() == ["resolved"]
    rounds(0, 11)
    assert states() == ["resolved", "firing"]
    assert list(AlertMessage.objects.order_by("pk").values_list("kind", flat=True)) == ["firing", "resolved", "firing"]


def test_two_open_alerts_of_one_subject_cannot_be(now: datetime) -> None:
    values = {"rule": "r", "subject": "s", "title": "t", "severity": "page", "cause": "breach", "value_text": "1"}
    Alert.objects.create(**values, since=now, fired_at=now)
    with pytest.raises(IntegrityError, match="alert_open_once"), transaction.atomic():
        Alert.objects.create(**values, since=now, fired_at=now)
    Alert.objects.create(**values, since=now, fired_at=now, resolved_at=now)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("kettle")
def test_evaluators_at_the_same_moment_make_one_alert_and_one_message(
    source: Source, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease is taken away: the lock of the round and the order of readings must be enough."""
    monkeypatch.setattr(evaluation, "_claim", lambda now: True)
    Evaluation.objects.create(pk=1)
    source.say(11)
    together = threading.Barrier(6)

    def run(number: int) -> None:
        try:
            together.wait(10)
            for turn in range(5):
                evaluation.evaluate(now=now + timedelta(milliseconds=number + turn * 1000))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as crew:
        for work in [crew.submit(run, number) for number in range(6)]:
            work.result(30)
    assert (Alert.objects.count(), AlertMessage.objects.count()) == (1, 1)


@pytest.mark.usefixtures("kettle")
def test_a_reading_holds_no_transaction(now: datetime) -> None:
    seen = []

    def read(moment: datetime) -> list[Reading]:
        seen.append(len(connection.savepoint_ids))
        return []

    registry.register(a_rule(read=read))
    evaluation.evaluate(now=now)
    assert seen == [0]


@pytest.mark.usefixtures("kettle")
def test_a_round_costs_few_queries_however_many_rules_there_are(
    source: Source, now: datetime, django_assert_max_num_queries: object
) -> None:
    registry.register(*(a_rule(name=f"rule_{number}", read=Source(Reading(value=1))) for number in range(40)))
    source.say(1)
    evaluation.evaluate(now=now)
    with django_assert_max_num_queries(15):  # type: ignore[operator]
        assert evaluation.evaluate(now=now + timedelta(seconds=15))


@pytest.mark.usefixtures("kettle")
def test_the_time_of_the_last_round_is_known(rounds: Round) -> None:
    assert queries.last_evaluated() is None
    moment = rounds(0, 5)
    assert queries.last_evaluated() == moment
