import json
import logging

import pytest

from monitoring import background
from monitoring.errors import capture, delivery, traces
from monitoring.errors.buffer import Buffer
from monitoring.errors.capture import report
from tests.monitoring.errors.conftest import Clock, Ways
from tests.monitoring.errors.raising import bang, boom, caught, chained


def test_what_waits_goes_by_the_broker_as_json(courier: delivery.Courier, ways: Ways) -> None:
    report(caught(chained), event_id="e-1")
    report(caught(chained))
    assert courier.run(ending=False) == 1
    (batch,) = ways.published
    assert json.loads(json.dumps(batch)) == batch
    assert (batch["process"], batch["release"]) == ("web", "1.2")
    assert [tally["times"] for tally in batch["tallies"]] == [2]
    (sample,) = batch["samples"]
    assert [link["type"] for link in sample["chain"]] == ["RuntimeError", "ValueError"]
    assert sample["culprit"] == "tests/monitoring/errors/raising.py in chained"
    assert sample["facts"] == {"event_id": "e-1"}
    assert courier.run(ending=False) == 0


def test_counts_alone_wait_for_ten_seconds(courier: delivery.Courier, ways: Ways, clock: Clock) -> None:
    report(caught(boom))
    courier.run(ending=False)
    report(caught(boom))
    assert courier.run(ending=False) == 0
    clock.seconds += delivery.COUNTS_WAIT
    assert courier.run(ending=False) == 1
    assert [len(batch["samples"]) for batch in ways.published] == [1, 0]
    assert sum(batch["tallies"][0]["times"] for batch in ways.published) == 2


def test_a_broker_that_fails_is_left_alone_and_nothing_is_lost(
    courier: delivery.Courier, ways: Ways, clock: Clock, buffer: Buffer
) -> None:
    ways.broker_error = OSError("refused")
    report(caught(boom))
    assert courier.run(ending=False) == 0
    first = courier.hand
    for _ in range(5):
        courier.run(ending=False)
    assert ways.asked == 1, "it was asked while it rests"
    ways.broker_error = None
    clock.seconds += delivery.REST
    report(caught(bang))
    assert courier.run(ending=False) == 2
    assert first is not None
    assert ways.published[0]["id"] == first.id, "the same batch, under the same id"
    assert not ways.stored


def test_a_broker_that_stays_away_is_gone_around(courier: delivery.Courier, ways: Ways, clock: Clock) -> None:
    ways.broker_error = OSError("refused")
    report(caught(boom))
    courier.run(ending=False)
    assert not ways.stored
    clock.seconds += delivery.AWAY
    assert courier.run(ending=False) == 1
    assert len(ways.stored) == 1
    report(caught(bang))
    assert courier.run(ending=False) == 1, "and so does the next, at once"
    ways.broker_error = None
    clock.seconds += delivery.REST
    report(caught(chained))
    courier.run(ending=False)
    assert len(ways.published) == 1, "the broker is back"


def test_with_both_away_the_queue_stays_bounded(
    courier: delivery.Courier, ways: Ways, clock: Clock, buffer: Buffer
) -> None:
    ways.broker_error, ways.store_error = OSError("refused"), OSError("refused")
    for second in range(60):
        for call in (boom, bang, chained):
            report(caught(call))
        clock.seconds += 1
        courier.run(ending=False)
        assert len(buffer) <= 3, second
    ways.store_error = None
    clock.seconds += delivery.REST
    courier.run(ending=False)
    assert sum(tally["times"] for batch in ways.stored for tally in batch["tallies"]) == 180


def test_at_the_end_the_database_takes_everything(courier: delivery.Courier, ways: Ways) -> None:
    for call in (boom, bang):
        report(caught(call))
    assert courier.run(ending=True) == 1
    assert len(ways.stored) == 1
    assert not ways.published


def test_at_the_end_with_both_away_a_line_says_what_was_lost_without_its_text(
    courier: delivery.Courier, ways: Ways, caplog: pytest.LogCaptureFixture, buffer: Buffer
) -> None:
    ways.broker_error, ways.store_error = OSError("refused"), OSError("refused")
    for _ in range(3):
        report(caught(boom, "hidden swordfish"))
    with caplog.at_level(logging.ERROR):
        courier.run(ending=True)
    assert "errors.unsent ValueError ×3 (tests/monitoring/errors/raising.py in boom)" in caplog.messages
    assert "swordfish" not in caplog.text
    assert len(buffer) == 0


def test_the_last_run_of_the_background_hands_on_what_waits(
    direct: delivery.Courier, ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = next(job for job in background.jobs() if job.name == "errors.drain")
    monkeypatch.setattr(background, "_jobs", {"errors.drain": background.Job(job.name, 3600, job.run)})
    monkeypatch.setattr(background, "_crew", background._Crew())
    background.start()
    report(caught(boom))
    background.finish(10)
    assert len(ways.stored) == 1


def test_a_batch_that_the_store_refuses_is_logged_and_lets_the_next_one_pass(
    courier: delivery.Courier, ways: Ways, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    ways.broker_error, ways.store_error = OSError("refused"), delivery.Unstorable()
    report(caught(boom))
    courier.run(ending=False)
    clock.seconds += delivery.AWAY
    courier.run(ending=False)
    assert any(line.startswith("errors.unsent ValueError ×1") for line in caplog.messages)
    ways.store_error = None
    report(caught(bang))
    courier.run(ending=False)
    assert [batch["tallies"][0]["times"] for batch in ways.stored] == [1]


def test_drops_and_failures_are_said(
    courier: delivery.Courier, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture._process, "buffer", Buffer(capacity=0))
    report(caught(boom))
    monkeypatch.setattr(capture.traces, "fingerprint", lambda error: 1 / 0)
    report(caught(bang))
    courier.run(ending=False)
    assert {"errors.dropped", "errors.report_failed"} <= set(caplog.messages)


def test_a_batch_is_bounded(courier: delivery.Courier, ways: Ways, buffer: Buffer) -> None:
    for n in range(60):
        names: dict[str, object] = {}
        code = compile(f"def f{n}(): raise ValueError('x')", f"{traces._home.root}/marketplace/made_up.py", "exec")
        exec(code, names)  # noqa: S102
        report(caught(names[f"f{n}"]))
    courier.run(ending=False)
    assert [len(batch["samples"]) for batch in ways.published] == [25, 25, 10]


def test_what_cannot_be_scrubbed_goes_without_its_text(
    courier: delivery.Courier, ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(text: str) -> str:
        raise RecursionError

    monkeypatch.setattr("monitoring.errors.batches.readable", broken)
    monkeypatch.setattr("monitoring.errors.batches.scrub_fields", broken)
    report(caught(boom, "swordfish"), event_id="swordfish")
    courier.run(ending=False)
    (sample,) = ways.published[0]["samples"]
    assert sample["chain"][0]["message"] == ""
    assert sample["facts"] == {}
