"""One id from the request to what it causes: outbox, Celery, calls to others, sweeps and commands."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
import redis
from celery import shared_task
from django.conf import settings
from django.db import connections, transaction

from marketplace.core import events, services, sweeps
from marketplace.core.events import Payload
from marketplace.core.management.commands.sweep import Command
from marketplace.core.models import OutboxEvent
from marketplace.imports.fetching import Door
from monitoring import background
from monitoring.requests import ids
from payments.deadline import DeadlineSession
from tests.monitoring.requests.lines import Log

logger = logging.getLogger("tests.propagation")


@shared_task(name="tests.says")
def says() -> str:
    """Logs a line and returns the id it ran under."""
    logger.info("task.ran")
    return ids.current()


@pytest.fixture
def heard() -> Iterator[list[tuple[str, int | None]]]:
    """A subscriber that fails when it is told to; what ids it was called under, and for which row."""
    calls: list[tuple[str, int | None]] = []

    def handler(payload: Payload, now: datetime) -> None:
        calls.append((ids.current(), events.delivery_id()))
        logger.info("fact.heard")
        if payload.get("fail"):
            raise OSError("away")

    events.subscribe("test.asked", "test.hears", handler)
    yield calls
    events._by_topic.pop("test.asked")
    events._by_name.pop("test.hears")


def publish(now: datetime, **payload: events.Json) -> None:
    with transaction.atomic():
        events.publish("test.asked", payload, now=now)


def test_the_outbox_delivers_under_the_id_that_published(
    db: None, heard: list[tuple[str, int | None]], now: datetime, log: Log
) -> None:
    ids.begin("the-request-1")
    publish(now)
    ids.begin("the-request-2")
    publish(now, fail=True)
    ids.end()
    with ids.within("the-sweep-1", sweep="core.outbox"):
        services.relay(now=now)
        assert ids.current() == "the-sweep-1"
    assert [entry[0] for entry in heard] == ["the-request-1", "the-request-2"]
    lines = log.of("tests.propagation")
    assert [(line["request_id"], line["sweep"], line["handler"]) for line in lines] == [
        ("the-request-1", "core.outbox", "test.hears"),
        ("the-request-2", "core.outbox", "test.hears"),
    ]
    assert [line["request_id"] for line in log.of("marketplace.core.services")] == ["the-request-2"]


def test_a_fact_without_an_id_is_delivered_under_the_relays(
    db: None, heard: list[tuple[str, int | None]], now: datetime
) -> None:
    publish(now)
    assert OutboxEvent.objects.get().correlation_id == ""
    with ids.within("the-sweep-1"):
        services.relay(now=now)
    assert [entry[0] for entry in heard] == ["the-sweep-1"]


def test_a_message_to_celery_carries_the_id() -> None:
    broker = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    broker.delete("tests-propagation")
    ids.begin("the-request-1")
    says.apply_async(queue="tests-propagation")
    ids.end()
    says.apply_async(queue="tests-propagation")
    messages = [json.loads(text) for text in broker.lrange("tests-propagation", 0, -1)]
    broker.delete("tests-propagation")
    assert [message["headers"].get("request_id") for message in reversed(messages)] == ["the-request-1", None]


@pytest.mark.parametrize(
    "headers", [{"request_id": "the-request-1"}, {"request_id": "bad\nid"}, {"request_id": 7}, None]
)
def test_a_task_runs_under_the_id_it_was_sent_with(log: Log, headers: dict[str, Any] | None) -> None:
    result = says.apply(headers=headers, task_id="4f7f3c1e").get()
    assert ids.is_plain(result)
    assert (result == "the-request-1") is (headers == {"request_id": "the-request-1"})
    (line,) = log.of("tests.propagation")
    assert (line["request_id"], line["task"], line["task_id"]) == (result, "tests.says", "4f7f3c1e")
    assert ids.current() == ""


def test_each_round_of_a_sweep_has_an_id(db: None, log: Log) -> None:
    def works(now: datetime) -> int:
        logger.info("sweep.works")
        raise OSError("away")

    for _ in range(2):
        Command().run(sweeps.Job("test.sweep", 1.0, works))
    lines = [line for line in log.lines if line["event"] in ("sweep.works", "sweep.failed")]
    assert [line["sweep"] for line in lines] == ["test.sweep"] * 4
    assert lines[0]["request_id"] == lines[1]["request_id"] != lines[2]["request_id"] == lines[3]["request_id"]
    assert all(ids.is_plain(line["request_id"]) for line in lines)


def test_each_run_of_a_background_job_has_an_id(db: None, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    def works(now: datetime) -> None:
        logger.info("job.works")
        raise OSError("away")

    monkeypatch.setattr(connections, "close_all", lambda: None)
    with ids.within("of-the-test-1"):
        background._once(background.Job("test.job", 1.0, works))
        assert ids.current() == "of-the-test-1"
    works_line, failed = [line for line in log.lines if line["event"] in ("job.works", "background.failed")]
    assert works_line["request_id"] == failed["request_id"] != "of-the-test-1"
    assert works_line["job"] == failed["job"] == "test.job"


class _Answers(BaseHTTPRequestHandler):
    seen: list[str | None]

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("X-Request-ID"))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        pass


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str | None]]]:
    """Somebody else's server, and the ids it was called with."""
    handler = type("Handler", (_Answers,), {"seen": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", handler.seen  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


def test_calls_to_others_carry_the_id(elsewhere: tuple[str, list[str | None]]) -> None:
    url, seen = elsewhere
    door = Door(also_allowed=frozenset({("127.0.0.1", int(url.rsplit(":", 1)[1].strip("/")))}))
    for request_id in ("the-request-1", "the-request-2"):
        ids.begin(request_id)
        with DeadlineSession(connect=1, total=1) as session:
            session.get(url)
        door.fetch(url)
    ids.end()
    door.fetch(url)
    assert seen == ["the-request-1", "the-request-1", "the-request-2", "the-request-2", None]
