import threading

import pytest
from django.db import OperationalError, connection, connections, transaction

from marketplace.core import db as core_db
from marketplace.core.db import OpenTransaction
from marketplace.core.models import OutboxEvent
from tests.conftest import NOW


def test_the_network_guard_sees_an_open_transaction(db: None) -> None:
    core_db.forbid_transaction("A call to the bank")
    with transaction.atomic(), pytest.raises(OpenTransaction, match="bank"):
        core_db.forbid_transaction("A call to the bank")


def test_rows_are_locked_in_primary_key_order(db: None) -> None:
    for _ in range(3):
        OutboxEvent.objects.create(topic="t", handler="h", payload={}, created_at=NOW, due_at=NOW)
    with transaction.atomic():
        rows = core_db.locked(OutboxEvent.objects.order_by("-pk"))
    assert [row.pk for row in rows] == sorted(row.pk for row in rows)


def test_a_deadlock_is_run_again_and_both_finish(transactional_db: None) -> None:
    first, second = (
        OutboxEvent.objects.create(topic="t", handler="h", payload={}, created_at=NOW, due_at=NOW) for _ in range(2)
    )
    meet = threading.Barrier(2, timeout=5)
    runs: list[str] = []

    def swap(name: str, mine: int, other: int) -> None:
        def work() -> None:
            runs.append(name)
            OutboxEvent.objects.filter(pk=mine).update(topic=name)
            if runs.count(name) == 1:
                meet.wait()
            OutboxEvent.objects.filter(pk=other).update(topic=name)

        try:
            core_db.run_again(work)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=swap, args=("a", first.pk, second.pk)),
        threading.Thread(target=swap, args=("b", second.pk, first.pk)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert len(runs) == 3, "exactly one of the two had to start again"
    assert {event.topic for event in OutboxEvent.objects.all()} in ({"a"}, {"b"})


def test_an_ordinary_error_is_not_run_again(transactional_db: None) -> None:
    runs: list[int] = []

    def work() -> None:
        runs.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 20")
            cursor.execute("SELECT pg_sleep(1)")

    with pytest.raises(OperationalError):
        core_db.run_again(work)
    assert runs == [1]
