import logging
import os
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import Error, OperationalError, connection, connections, transaction
from django.test import Client

from config.timetable import JOBS
from monitoring import background
from monitoring.database import queries, services, tasks, watch
from monitoring.database.models import SlowQuery
from monitoring.requests import origin
from tests.conftest import NOW

SLOW = "SELECT pg_sleep(%s), %s"


def run(sql: str = SLOW, params: object = (0.03, "swordfish")) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)  # type: ignore[arg-type]


def test_a_slow_statement_is_noted_without_its_values(db: None, caplog: pytest.LogCaptureFixture) -> None:
    with origin.named("task:tests"):
        run()
    (slow,) = watch.take()
    assert (slow.statement, slow.origin, slow.count) == ("SELECT pg_sleep($1), $2", "task:tests", 1)
    assert slow.worst_ms >= 30
    (record,) = [record for record in caplog.records if record.msg == "query.slow"]
    assert record.levelno == logging.WARNING
    assert "swordfish" not in str(record.__dict__)
    assert (record.origin, record.statement) == ("task:tests", slow.statement)  # type: ignore[attr-defined]


def test_a_quick_statement_is_not(db: None) -> None:
    run("SELECT 1", None)
    assert watch.take() == []


def test_a_statement_that_was_timed_out_counts_too(transactional_db: None) -> None:
    def impatient() -> None:
        with transaction.atomic():
            run("SET LOCAL statement_timeout = 40", None)
            run("SELECT pg_sleep(5)", None)

    with pytest.raises(OperationalError):
        impatient()
    (slow,) = watch.take()
    assert slow.statement == "SELECT pg_sleep($1)"


@pytest.mark.parametrize("many", [False, True])
def test_the_line_of_our_code_is_named(db: None, monkeypatch: pytest.MonkeyPatch, many: bool) -> None:
    from marketplace.core import services as core

    monkeypatch.setattr(watch._watch, "threshold", 0.0)
    core.claim(now=NOW)
    assert any(slow.code.startswith("marketplace/core/services.py:") for slow in watch.take())


def test_a_new_connection_is_watched_once_and_an_inner_wrapper_takes_off_its_own() -> None:
    class Fake:
        execute_wrappers: list[object] = []

    fake = Fake()
    fake.execute_wrappers.append("inner")
    watch.attach(fake)  # type: ignore[arg-type]
    watch.attach(fake)  # type: ignore[arg-type]
    assert fake.execute_wrappers == [watch.timed, "inner"]


def test_every_thread_has_its_watch(transactional_db: None) -> None:
    found: list[bool] = []

    def work() -> None:
        run("SELECT 1", None)
        found.append(watch.timed in connection.execute_wrappers)
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert found == [True]


def test_slow_statements_are_written_once_each_and_added_up(db: None) -> None:
    with origin.named("/a/"):
        run()
        run()
    with origin.named("/b/"):
        run()
    assert services.write(NOW) == 2
    with origin.named("/a/"):
        run(params=(0.05, "x"))
    services.write(NOW)
    rows = {row.origin: row for row in SlowQuery.objects.all()}
    assert (rows["/a/"].count, rows["/b/"].count) == (3, 1)
    assert rows["/a/"].worst_ms >= 50
    assert services.write(NOW) == 0
    assert next(iter(queries.slowest(since=NOW - timedelta(days=1)))).origin == "/a/"


def test_the_request_s_own_transaction_writes_nothing(transactional_db: None) -> None:
    with transaction.atomic():
        run()
        assert not SlowQuery.objects.exists()
        thread = threading.Thread(target=_write)
        thread.start()
        thread.join(10)
        transaction.set_rollback(True)
    assert SlowQuery.objects.get().count == 1


def _write() -> None:
    services.write(NOW)
    connections.close_all()


def test_what_cannot_be_written_waits(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    run()

    def away(slow: object) -> None:
        raise OperationalError("away")

    with monkeypatch.context() as patch:
        patch.setattr(services, "_upsert", away)
        with pytest.raises(Error):
            services.write(NOW)
    run()
    assert services.write(NOW) == 1
    assert SlowQuery.objects.get().count == 2


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "MOST", 3)
    for number in range(10):
        watch.note(f"SELECT column_{'abcdefghij'[number]}", 1.0)
    slow = watch.take()
    assert len(slow) == 3
    watch.put_back(slow * 2)
    assert len(watch._watch.waiting) == 3


def test_five_seconds_are_counted_for_the_alert(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, float | None, bool]] = []
    monkeypatch.setattr(
        watch.samples, "observe", lambda name, *, seconds=None, bad=False: seen.append((name, seconds, bad))
    )
    watch.note("SELECT a", 4.9)
    watch.note("SELECT a", 5.0)
    assert seen == [("query", 4.9, False), ("query", 5.0, True)]
    services.write(NOW)
    (shown,) = queries.very_slow_since(datetime.now(UTC) - timedelta(minutes=1))
    assert (shown.count, shown.very_slow, shown.worst_ms, shown.mean_ms) == (2, 1, 5000, 4950)


def test_a_note_that_fails_does_not_fail_the_statement(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "normalise", lambda sql: 1 / 0)
    run()
    assert watch.take() == []


def test_what_is_old_or_too_much_is_forgotten(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_ROWS", 2)
    for number, age in enumerate((0, 1, 2, 40)):
        at = NOW - timedelta(days=age)
        SlowQuery.objects.create(fingerprint=f"{number:032}", statement="SELECT 1", first_at=at, last_at=at)
    assert services.prune(now=NOW) == 2
    assert sorted(SlowQuery.objects.values_list("fingerprint", flat=True)) == [f"{n:032}" for n in (0, 1)]


def test_the_page_is_named(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch._watch, "threshold", 0.0)
    client.get("/cart/")
    assert "/cart/" in {slow.origin for slow in watch.take()}


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_has_nothing_of_its_parents() -> None:
    watch.note("SELECT a", 1.0)
    with watch._watch.lock:
        child = os.fork()
        if child == 0:
            watch.note("SELECT b", 1.0)
            os._exit(0 if [slow.statement for slow in watch.take()] == ["SELECT b"] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_jobs_are_registered() -> None:
    assert {"database.pool", "database.slow"} <= {job.name for job in background.jobs()}
    assert "database.prune" in {job.name for job in JOBS}
    assert tasks.prune_slow_queries.name == "database.prune"
