import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from monitoring.metrics import collected, exposition, samples
from monitoring.metrics.collected import families, refresh

Register = Callable[..., None]


def shown() -> dict[str, list[float]]:
    return {family.name: [sample.value for sample in family.samples] for family in families(0.3)}


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """What hung sources wait for; set at the end, so that no thread outlives its test."""
    event = threading.Event()
    yield event
    event.set()
    for thread in threading.enumerate():
        if thread.name.startswith("collected:"):
            thread.join(5)


def test_a_gauge_is_looked_up_when_somebody_scrapes(own_gauges: Register) -> None:
    own_gauges(
        "things", "Things.", lambda: [({"kind": "a"}, 2.0), ({"kind": "b"}, 3.0)], labels=["kind"], source="here"
    )
    text = exposition.text().decode()
    assert 'awning_things{kind="a"} 2.0' in text
    assert 'awning_things{kind="b"} 3.0' in text
    assert "# HELP awning_things Things." in text


def test_it_is_looked_up_once_in_its_period(own_gauges: Register) -> None:
    calls: list[int] = []

    def run() -> list[collected.Row]:
        calls.append(1)
        return [({}, float(len(calls)))]

    own_gauges("things", "Things.", run, source="here", every=60.0)
    assert [shown()["awning_things"] for _ in range(3)] == [[1.0]] * 3
    assert len(calls) == 1


def test_a_source_that_hangs_costs_its_own_gauges_and_one_wait(own_gauges: Register, release: threading.Event) -> None:
    def hang() -> list[collected.Row]:
        release.wait(10)
        return []

    own_gauges("stuck", "Stuck.", hang, source="stuck", every=0.0)
    own_gauges("well", "Well.", lambda: [({}, 1.0)], source="well")
    begin = time.monotonic()
    first = shown()
    assert time.monotonic() - begin < 3.0
    assert (first["awning_stuck"], first["awning_well"]) == ([], [1.0])
    begin = time.monotonic()
    for _ in range(20):
        shown()
    assert time.monotonic() - begin < 3.0, "who has hung once is not waited for again"
    assert sum(thread.name == "collected:stuck" for thread in threading.enumerate()) == 1, (
        "one thread, not one per scrape"
    )


def test_a_hung_source_is_said_to_be_down(
    own_gauges: Register, release: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_gauges("stuck", "Stuck.", lambda: [({}, float(release.wait(10)))], source="stuck")
    monkeypatch.setattr(collected, "PATIENCE", 0.05)
    families(0.1)
    (sample,) = families(0.1)[-1].samples
    assert (sample.labels, sample.value) == ({"source": "stuck"}, 0.0)


def test_a_gauge_that_fails_costs_no_other(own_gauges: Register, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> list[collected.Row]:
        raise RuntimeError("away")

    own_gauges("bad", "Bad.", fail, source="here", every=0.0)
    own_gauges("good", "Good.", lambda: [({}, 1.0)], source="here", every=0.0)
    for _ in range(3):
        found = shown()
        assert (found["awning_bad"], found["awning_good"]) == ([], [1.0])
    assert found["awning_collected_up"] == [0.0]
    assert [record.message for record in caplog.records] == ["collected.failed"], "said once"


def test_an_old_value_is_not_shown_for_ever(own_gauges: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Iterator[list[collected.Row]] = iter([[({}, 7.0)]])
    own_gauges("things", "Things.", lambda: next(answers), source="here")
    assert shown()["awning_things"] == [7.0]
    state = collected._source("here")
    at, rows = state.values["things"]
    state.values["things"] = (at - 30, rows)
    state.tried["things"] = time.monotonic() + 60
    assert shown()["awning_things"] == [7.0], "a few missed periods are bridged"
    state.values["things"] = (at - 61, rows)
    assert shown()["awning_things"] == []


@pytest.mark.django_db
def test_statements_have_a_limit_of_their_own(own_gauges: Register) -> None:
    def slow() -> list[collected.Row]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")
        return []

    own_gauges("slow", "Slow.", slow, limit=0.05)
    own_gauges("well", "Well.", lambda: [({}, 1.0)])
    begin = time.monotonic()
    refresh("database")
    assert time.monotonic() - begin < 2
    assert collected._source("database").failing == {"slow"}
    assert "well" in collected._source("database").values


def test_a_gauge_with_a_level_feeds_the_alerts(own_gauges: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    levels: list[tuple[str, float]] = []
    monkeypatch.setattr(samples, "level", lambda name, value: levels.append((name, value)))
    rows = [({"q": "a"}, 2.0), ({"q": "b"}, 5.0)]
    own_gauges("depth", "Depth.", lambda: rows, labels=["q"], source="here", level="queue_depth")
    refresh("here")
    assert levels == [("queue_depth", 5.0)]


def test_the_rows_of_one_gauge_are_bounded(own_gauges: Register) -> None:
    own_gauges("many", "Many.", lambda: [({"n": str(n)}, 1.0) for n in range(5_000)], labels=["n"], source="here")
    assert len(shown()["awning_many"]) == collected.MOST_ROWS


@pytest.mark.django_db(transaction=True)
def test_every_gauge_of_the_hall_answers() -> None:
    """A wrong statement in any of them would be found here."""
    collected.forget()
    for source in {gauge.source for gauge in collected.gauges()}:
        refresh(source)
    failing = {name: state.failing for name, state in collected._sources.items() if state.failing}
    assert not failing
    known = {name for state in collected._sources.values() for name in state.values}
    assert known >= {
        "outbox_events", "outbox_oldest_age_seconds", "outbox_dead_events", "inbox_events", "inbox_oldest_age_seconds",
        "payments_unfinished", "ledger_imbalance_minor_units", "queue_messages", "queue_oldest_message_age_seconds",
        "queue_unacknowledged_messages", "disk_free_bytes", "memory_used_bytes",
    }  # fmt: skip
    collected.forget()
