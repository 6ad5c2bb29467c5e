"""A worker keeps its connection from task to task, and a restart of the database between two tasks fails neither."""

import pytest
from celery import signals
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections

from config import broker
from config.celery import app
from marketplace.core.models import OutboxEvent
from tests.monitoring.database.pooled import in_thread


@app.task(name="tests.count")
def count() -> int:
    """Reads as any task does."""
    return OutboxEvent.objects.count()


@pytest.mark.django_db(transaction=True)
def test_a_task_after_a_restart_of_the_database_finds_a_connection_that_works() -> None:
    found: list[tuple[int, int, int]] = []

    def work() -> None:
        signals.task_prerun.send(sender=count, task=count)
        count()
        first = _backend()
        signals.task_prerun.send(sender=count, task=count)
        same = _backend()
        _kill(same)
        with pytest.raises(OperationalError):
            count()
        connections[DEFAULT_DB_ALIAS].errors_occurred = False
        signals.task_prerun.send(sender=count, task=count)
        assert count() == 0
        found.append((first, same, _backend()))

    in_thread(work)
    ((first, same, new),) = found
    assert first == same, "kept from task to task"
    assert new != first


def test_workers_have_no_pool_and_keep_connections() -> None:
    assert broker.db_reuse_max > 1_000
    assert connection.settings_dict["CONN_MAX_AGE"] == 60
    assert connection.settings_dict["CONN_HEALTH_CHECKS"] is True
    assert "pool" not in connection.settings_dict["OPTIONS"]


def _backend() -> int:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _kill(backend: int) -> None:
    """From another connection, as a restart would."""

    def kill() -> None:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])

    in_thread(kill)
