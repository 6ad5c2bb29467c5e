"""Only what PostgreSQL says was not committed is run again, whole, and its side effects happen once."""

import threading
from collections.abc import Callable

import psycopg
import pytest
from django.db import OperationalError, connection, connections, transaction

from marketplace.core import db as core_db
from marketplace.core.db import run_again
from marketplace.core.models import OutboxEvent
from monitoring.database.retries import retries_total
from tests.conftest import NOW


def an_event() -> OutboxEvent:
    return OutboxEvent.objects.create(topic="t", handler="h", payload={}, created_at=NOW, due_at=NOW)


def isolate(level: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")


def both(first: Callable[[], object], second: Callable[[], object]) -> list[BaseException]:
    """Runs two functions in threads of their own; what they raise."""
    failures: list[BaseException] = []

    def work(call: Callable[[], object]) -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - the test says which
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(call,)) for call in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return failures


def retried(reason: str, outcome: str = "again") -> float:
    return float(retries_total.labels(reason, outcome)._value.get())


def asked_again(state: str) -> OperationalError:
    """What Django raises for PostgreSQL's answer of this state."""
    error = OperationalError("again")
    error.__cause__ = psycopg.errors.lookup(state)("again")
    return error


def test_a_serialization_failure_is_run_again_and_nothing_is_lost(transactional_db: None) -> None:
    event, meet = an_event(), threading.Barrier(2, timeout=10)
    runs: list[str] = []
    before = retried("serialization")

    def add(name: str) -> Callable[[], object]:
        def work() -> None:
            isolate("REPEATABLE READ")
            runs.append(name)
            attempts = OutboxEvent.objects.get(pk=event.pk).attempts
            if runs.count(name) == 1:
                meet.wait()
            OutboxEvent.objects.filter(pk=event.pk).update(attempts=attempts + 1)

        return lambda: run_again(work)

    assert both(add("a"), add("b")) == []
    event.refresh_from_db()
    assert event.attempts == 2
    assert len(runs) == 3
    assert retried("serialization") == before + 1


def test_a_serialization_failure_of_the_commit_itself_is_run_again(transactional_db: None) -> None:
    """Write skew: each reads what the other writes; one is refused when it commits, and nothing of it was kept."""
    first, second = an_event(), an_event()
    meet = threading.Barrier(2, timeout=10)
    runs: list[str] = []
    done: list[str] = []

    def mark(name: str, mine: OutboxEvent, other: OutboxEvent) -> Callable[[], object]:
        def work() -> None:
            isolate("SERIALIZABLE")
            runs.append(name)
            seen = OutboxEvent.objects.get(pk=other.pk).topic
            if runs.count(name) == 1:
                meet.wait()
            OutboxEvent.objects.filter(pk=mine.pk).update(topic=f"after {seen}")
            transaction.on_commit(lambda: done.append(name))
            if runs.count(name) == 1:
                meet.wait()

        return lambda: run_again(work)

    assert both(mark("a", first, second), mark("b", second, first)) == []
    assert sorted(OutboxEvent.objects.values_list("topic", flat=True)) == ["after after t", "after t"]
    assert len(runs) == 3
    assert sorted(done) == ["a", "b"], "what follows the commit happens once"


def test_a_commit_whose_answer_is_lost_is_never_run_again(transactional_db: None) -> None:
    runs: list[int] = []

    def work() -> None:
        runs.append(1)
        an_event()
        pid = connection.connection.info.backend_pid
        with psycopg.connect(**_parameters(), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    with pytest.raises(OperationalError):
        run_again(work)
    connection.close()
    assert runs == [1]


def _parameters() -> dict[str, object]:
    settings = connection.settings_dict
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return {name: settings[key] for name, key in named.items() if settings[key]}


def test_an_error_after_the_commit_is_not_run_again(transactional_db: None) -> None:
    """The rows are there: running the work again would write them twice."""
    runs: list[int] = []

    def fails() -> None:
        raise asked_again("40P01")

    def work() -> None:
        runs.append(1)
        an_event()
        transaction.on_commit(fails)

    with pytest.raises(OperationalError):
        run_again(work)
    assert runs == [1]
    assert OutboxEvent.objects.count() == 1


def test_inside_another_transaction_nothing_is_run_again(transactional_db: None) -> None:
    runs: list[int] = []

    def work() -> None:
        runs.append(1)
        raise asked_again("40001")

    with pytest.raises(OperationalError), transaction.atomic():
        run_again(work)
    assert runs == [1]


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_it_gives_up_after_three_times_with_growing_pauses(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    runs: list[int] = []
    most: list[float] = []
    reason = {"40001": "serialization", "40P01": "deadlock"}[state]
    before = retried(reason), retried(reason, "gave_up")
    monkeypatch.setattr(core_db.random, "uniform", lambda low, high: most.append(high) or 0.0)

    def work() -> None:
        runs.append(1)
        an_event()
        raise asked_again(state)

    with pytest.raises(OperationalError):
        run_again(work)
    assert len(runs) == 3
    assert most == [0.1, 0.2], "full jitter below a bound that doubles"
    assert not OutboxEvent.objects.exists()
    assert (retried(reason), retried(reason, "gave_up")) == (before[0] + 2, before[1] + 1)


@pytest.mark.parametrize("state", ["40002", "57014", "55P03", "08006", "57P01", "23505"])
def test_no_other_state_is_run_again(transactional_db: None, state: str) -> None:
    runs: list[int] = []

    def work() -> None:
        runs.append(1)
        raise asked_again(state)

    with pytest.raises(OperationalError):
        run_again(work)
    assert runs == [1]
