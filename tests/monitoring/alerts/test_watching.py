from datetime import datetime, timedelta

import pytest

from monitoring.alerts import watching
from monitoring.alerts.models import AlertDelivery, Evaluation
from monitoring.health import registry as health
from monitoring.metrics import collected
from tests.monitoring.alerts.conftest import Round

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("seconds", "state"), [(0, "ok"), (120, "ok"), (121, "failed")])
def test_rules_that_are_no_longer_evaluated_are_noticed(now: datetime, seconds: int, state: str) -> None:
    Evaluation.objects.create(pk=1, finished_at=now)
    assert watching.check(now + timedelta(seconds=seconds)).state == state


def test_rules_that_were_never_evaluated_are_noticed(now: datetime) -> None:
    assert watching.check(now).state == "failed"


@pytest.mark.usefixtures("kettle")
def test_messages_that_wait_are_noticed(rounds: Round, now: datetime) -> None:
    rounds(0, 11)
    Evaluation.objects.update(finished_at=now + timedelta(seconds=130))
    finding = watching.check(now + timedelta(seconds=130))
    assert (finding.state, finding.figures["messages_waiting"]) == ("warning", 1)
    AlertDelivery.objects.update(sent_at=now)
    assert watching.check(now + timedelta(seconds=130)).state == "ok"


def test_the_check_takes_nobody_out_of_service() -> None:
    (check,) = [check for check in health.checks() if check.name == "alerts"]
    assert not check.vital


@pytest.mark.usefixtures("kettle")
def test_the_gauges_say_when_and_how_many(rounds: Round) -> None:
    moment = rounds(0, 11)
    values = {gauge.name: gauge.run() for gauge in collected.gauges() if gauge.name.startswith("alert")}
    assert values["alerts_evaluated_timestamp_seconds"] == [({}, moment.timestamp())]
    assert ({"severity": "page", "state": "firing"}, 1.0) in values["alerts_open"]
    assert values["alert_messages_waiting"] == [({}, 1.0)]
    assert values["alert_messages_dead"] == [({}, 0.0)]
