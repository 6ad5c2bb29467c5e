import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.core.files.storage import storages
from django.test import override_settings
from health_check.base import HealthCheck
from health_check.exceptions import ServiceUnavailable, ServiceWarning

from config.embedded.redis import BROKER, CACHE, RedisPlan, RedisServer
from marketplace.core.health import backlog, undelivered
from marketplace.core.models import OutboxEvent
from monitoring.database.pool import PoolState
from monitoring.health import checks, redis_store
from monitoring.health.library import MediaStorage, adapted
from payments import webhooks
from payments.models import InboxEvent

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    folder = tmp_path_factory.mktemp("redis")
    plan = RedisPlan(name="evicting", directory=folder, log=folder / "log", settings=CACHE, password="secret")
    server = RedisServer(plan)
    yield server
    server.stop()


def test_a_redis_tells_its_figures_and_the_length_of_its_queues(server: RedisServer) -> None:
    with redis.Redis.from_url(server.url()) as client:
        client.lpush("default", "a", "b")
    finding = redis_store.check(server.url(), keeps_all=False, queues=("default", "bulk"))
    assert finding.state == "ok"
    assert (finding.figures["waiting_default"], finding.figures["waiting_bulk"]) == (2, 0)
    assert finding.figures["policy"] == "allkeys-lfu"


def test_three_checks_of_one_server_hinder_nobody(server: RedisServer) -> None:
    """As in a small hall, where cache, broker and limits are one Redis."""
    gate, states = threading.Barrier(6), []

    def ask() -> None:
        gate.wait(10)
        states.append(redis_store.check(server.url(), keeps_all=False).state)

    for _ in range(5):
        callers = [threading.Thread(target=ask) for _ in range(6)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(10)
    assert states == ["ok"] * 30


def test_a_broker_that_evicts_is_a_warning(server: RedisServer) -> None:
    finding = redis_store.check(server.url(), keeps_all=True)
    assert finding.state == "warning"
    assert "noeviction" in finding.text


def test_a_broker_whose_memory_is_used_up_is_a_warning(server: RedisServer) -> None:
    with redis.Redis.from_url(server.url()) as client:
        before = client.config_get("maxmemory*")
        client.config_set("maxmemory-policy", BROKER["maxmemory-policy"])
        client.config_set("maxmemory", int(client.info()["used_memory"] * 1.05))
        try:
            assert redis_store.check(server.url(), keeps_all=True).state == "warning"
        finally:
            client.config_set("maxmemory", before["maxmemory"])
            client.config_set("maxmemory-policy", before["maxmemory-policy"])


def test_a_pool_with_a_queue_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    state = PoolState(10, 10, 10, 3, 5, 100, 0, 0, 0)
    monkeypatch.setattr(checks, "pool_state", lambda: state)
    assert (checks.pool().state, checks.pool().figures["waiting"]) == ("warning", 3)
    monkeypatch.setattr(checks, "pool_state", lambda: replace(state, open=4))
    assert checks.pool().state == "ok", "it is still growing"
    monkeypatch.setattr(checks, "pool_state", lambda: None)
    assert checks.pool().state == "ok"


@pytest.mark.parametrize(("age", "state"), [(5, "ok"), (59, "ok"), (61, "failed"), (None, "failed")])
def test_a_silent_worker_is_missed(monkeypatch: pytest.MonkeyPatch, age: int | None, state: str) -> None:
    seen_at = None if age is None else datetime.now(UTC) - timedelta(seconds=age)
    monkeypatch.setattr(checks.supervision, "last_seen", lambda kind: seen_at)
    finding = checks.sign_of_life("worker")
    assert finding.state == state
    assert ("worker" in finding.text) == (state == "failed")


def an_event(*, due: datetime, **more: object) -> OutboxEvent:
    values = {"topic": "t", "handler": "h", "payload": {}, "created_at": due, "due_at": due}
    return OutboxEvent.objects.create(**(values | more))


@pytest.mark.parametrize(("seconds", "state"), [(30, "ok"), (61, "warning"), (301, "failed")])
def test_an_old_fact_in_the_outbox_is_seen(db: None, seconds: int, state: str) -> None:
    due = NOW - timedelta(seconds=seconds)
    an_event(due=due)
    an_event(due=due - timedelta(hours=1), processed_at=NOW)
    an_event(due=due - timedelta(hours=1), dead_at=NOW)
    an_event(due=NOW + timedelta(hours=1))
    finding = backlog(undelivered, now=NOW)
    assert (finding.state, finding.figures["oldest_s"], finding.figures["due"]) == (state, seconds, 1)


def test_an_empty_outbox_is_well(db: None) -> None:
    finding = backlog(undelivered, now=NOW)
    assert (finding.state, finding.figures["oldest_s"]) == ("ok", 0.0)


def test_an_old_event_in_the_inbox_is_seen(db: None) -> None:
    due = NOW - timedelta(seconds=90)
    InboxEvent.objects.create(provider="stripe", event_id="evt_1", type="t", payload={}, received_at=due, due_at=due)
    assert backlog(webhooks.waiting, now=NOW).state == "warning"


def test_the_storage_is_written_read_and_emptied(tmp_path: Path) -> None:
    place = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}}
    with override_settings(STORAGES={**settings.STORAGES, "default": place}):
        assert adapted(MediaStorage())().state == "ok"
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("damage", ["save", "open", "delete"])
def test_a_storage_that_fails_is_missed(monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storages["default"], damage, full)
    with pytest.raises(OSError, match="No space"):
        adapted(MediaStorage())()


def test_a_full_disk_is_a_warning(tmp_path: Path) -> None:
    used = checks.disk_figures(str(tmp_path))["used_percent"]
    assert isinstance(used, float)
    assert adapted(checks.Disk(str(tmp_path), used - 0.5))().state == "warning"
    assert adapted(checks.Disk(str(tmp_path), min(100.0, used + 0.5)))().state == "ok"


def test_memory_has_figures() -> None:
    figures = checks.memory_figures()
    assert figures["process_bytes"]
    assert adapted(checks.Memory(None, 0.001), checks.memory_figures)().state == "warning"


class Probe(HealthCheck):
    """One of the library's checks, ending as it is told."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    async def run(self) -> None:
        if self.error:
            raise self.error


@pytest.mark.parametrize(
    ("error", "state"), [(None, "ok"), (ServiceWarning("w"), "warning"), (ServiceUnavailable("u"), "failed")]
)
def test_a_check_of_the_library_is_one_of_ours(error: Exception | None, state: str) -> None:
    finding = adapted(Probe(error), lambda: {"size": 1})()
    assert (finding.state, finding.figures) == (state, {"size": 1})


def test_a_short_token_stops_the_start() -> None:
    import subprocess
    import sys

    environ = os.environ | {"HEALTH_TOKEN": "guess-me"}
    done = subprocess.run(
        [sys.executable, "-c", "import config.settings"], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "HEALTH_TOKEN" in done.stderr
    assert "guess-me" not in done.stderr
