"""Secrets planted in every real way an error can happen: none reaches our tables, Sentry or the log."""

import json
import logging
from collections.abc import Iterator

import pytest
from celery import shared_task
from django.core.management.base import BaseCommand
from django.db import connection
from django.test import Client
from django.utils import timezone

from config.env import BadEnvironment
from config.sentry import sentry
from marketplace.core import events, services
from marketplace.core.models import OutboxEvent
from monitoring.errors import delivery, forwarding, queries, report, wiring
from monitoring.errors.batches import Sender
from monitoring.errors.commands import reported_command
from monitoring.errors.models import ErrorEvent, ErrorGroup
from tests.conftest import NOW
from tests.monitoring.errors.canaries import CANARIES
from tests.monitoring.errors.ingest import Ingest
from tests.monitoring.errors.raising import boom, caught


@pytest.fixture
def ingest(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ingest]:
    """Sentry on loopback, with the options that production gets from its DSN."""
    ingest = Ingest()
    monkeypatch.setenv("SENTRY_DSN", ingest.dsn)
    forwarding.configure(sentry("hall.example"))
    yield ingest
    import sentry_sdk

    sentry_sdk.get_client().close(timeout=1)
    sentry_sdk.Scope.get_global_scope().set_client(None)
    ingest.stop()


@shared_task(name="tests.fails", ignore_result=True)
def fails(value: str, *, word: str) -> None:
    raise LookupError(f"no hook {CANARIES['task text']}: {len(value)} {len(word)}")


def handler(payload: events.Payload, now: object) -> None:
    raise ValueError(f"cannot pay out to {CANARIES['handler text']} ({len(payload)})")


class Fails(BaseCommand):
    def handle(self, *args: object, **options: object) -> None:
        raise RuntimeError(f"refused {CANARIES['command text']}")


def fail_everywhere(client: Client) -> None:
    """Pages, a task, an outbox handler, a command and a plain report."""
    client.raise_request_exception = False
    client.cookies["sessionid"] = CANARIES["cookie"]
    answer = client.post(
        f"/fails/{CANARIES['path']}/?token={CANARIES['query']}",
        {"password": CANARIES["posted password"], "card": CANARIES["posted card"]},
        headers={"X-Api-Key": CANARIES["header"], "Authorization": f"Bearer {CANARIES['authorization']}"},
    )
    assert answer.status_code == 500
    for page in ("/chained/", "/refused/", "/cast/"):
        assert client.get(page).status_code == 500
    fails.apply(args=(CANARIES["task argument"],), kwargs={"word": CANARIES["task keyword"]})
    event = OutboxEvent(topic="t", handler="tests.fails", payload={"secret": CANARIES["payload"]})
    event.created_at = event.due_at = NOW
    event.save()
    services.relay(now=NOW)
    report(
        caught(boom),
        password=CANARIES["unknown fact"],
        handler=CANARIES["known fact"],
        sweep=type("Card", (), {"__repr__": lambda self: CANARIES["object fact"]})(),
    )
    with pytest.raises(RuntimeError), reported_command(["manage.py", "fails", CANARIES["command argument"]]):
        Fails().execute(skip_checks=True, force_color=False, no_color=False)


def everything_stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(g)::text FROM errors_errorgroup g")
        rows = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT row_to_json(e)::text FROM errors_errorevent e")
        rows += [row[0] for row in cursor.fetchall()]
    return "\n".join(rows)


def leaked(text: str) -> list[str]:
    escaped = json.dumps(text)
    return [name for name, value in CANARIES.items() if value in text or value in escaped]


@pytest.mark.urls("tests.monitoring.errors.failing_urls")
def test_no_planted_secret_is_stored_logged_or_sent(
    client: Client,
    transactional_db: None,
    ingest: Ingest,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert len(CANARIES) >= 20
    assert len(set(CANARIES.values())) == len(CANARIES)
    monkeypatch.setattr(events, "_by_name", {"tests.fails": events.Subscription("t", "tests.fails", handler)})
    courier = delivery.Courier(Sender("web", "1.2"), publish=store_here, store=store_here)
    monkeypatch.setattr(delivery._mine, "courier", courier)
    with caplog.at_level(logging.INFO, logger="monitoring.errors"):
        fail_everywhere(client)
        courier.run(ending=False)
    stored = everything_stored()
    assert leaked(stored) == []
    assert forwarding.forward(now=timezone.now()) == 8
    sent = ingest.events()
    assert len(sent) == 8
    assert leaked("\n".join(body.decode() for body in ingest.bodies) + "".join(ingest.headers)) == []
    assert leaked("\n".join(r.getMessage() for r in caplog.records if r.name.startswith("monitoring.errors"))) == []
    assert_useful(sent)


def store_here(batch: object) -> None:
    """The worker's part, through JSON as the broker would carry it."""
    from monitoring.errors import tasks

    assert tasks.store_errors(json.loads(json.dumps(batch)))


def assert_useful(sent: list[dict[str, object]]) -> None:
    """A report without anything would leak nothing either."""
    origins = set(ErrorEvent.objects.values_list("origin", flat=True))
    assert origins >= {"/fails/<str:token>/", "/chained/", "/refused/", "/cast/", "task:tests.fails", "command:fails"}
    kinds = {group.type: group for group in ErrorGroup.objects.all()}
    assert kinds["django.db.utils.IntegrityError"].message.startswith("duplicate key value violates unique constraint")
    assert kinds["LookupError"].message.startswith("no hook")
    assert len(kinds["OSError"].events.get().chain) == 3
    assert {event["transaction"] for event in sent} == origins
    assert all(event["exception"]["values"][-1]["stacktrace"]["frames"] for event in sent)  # type: ignore[index]
    assert all("vars" not in json.dumps(event) and "request" not in event and "user" not in event for event in sent)
    assert queries.summary().open == 8


@pytest.mark.urls("tests.monitoring.errors.failing_urls")
def test_a_sample_is_sent_once_and_an_old_one_never(client: Client, db: None, ingest: Ingest) -> None:
    client.raise_request_exception = False
    client.get("/chained/")
    wiring.courier(Sender("web"))
    delivery.Courier(Sender("web"), publish=store_here, store=store_here).run(ending=False)
    ErrorEvent.objects.create(
        group=ErrorGroup.objects.get(), event_id="0" * 32, at=NOW, handled=True, chain=[], facts={}
    )
    assert forwarding.forward(now=timezone.now()) == 1
    assert forwarding.forward(now=timezone.now()) == 0
    assert len(ingest.events()) == 1


@pytest.mark.urls("tests.monitoring.errors.failing_urls")
def test_without_a_dsn_nothing_is_marked_and_the_client_is_not_begun(client: Client, db: None) -> None:
    client.raise_request_exception = False
    client.get("/chained/")
    delivery.Courier(Sender("web"), publish=store_here, store=store_here).run(ending=False)
    forwarding.configure(None)
    assert forwarding.forward(now=timezone.now()) == 0
    assert not forwarding._sentry.begun
    assert ErrorEvent.objects.filter(forwarded_at=None).count() == 1


def test_the_options_collect_nothing_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", "https://key@sentry.example/1")
    options = sentry("hall.example")
    assert options is not None
    assert not options["send_default_pii"]
    assert options["include_local_variables"] is False
    assert options["auto_enabling_integrations"] is False
    assert options["default_integrations"] is False
    assert options["max_request_body_size"] == "never"
    assert options["traces_sample_rate"] <= 0.01
    monkeypatch.delenv("SENTRY_DSN")
    assert sentry("hall.example") is None


def test_the_client_itself_collects_nothing_about_people(client: Client, db: None, ingest: Ingest) -> None:
    import sentry_sdk

    forwarding._begin(forwarding._sentry.options or {})
    options = sentry_sdk.get_client().options
    assert not options["data_collection"]["user_info"]
    assert not options["data_collection"]["stack_frame_variables"]
    assert not sentry_sdk.get_client().integrations.keys() - {"atexit"}


def test_a_dsn_that_is_none_stops_the_start_and_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", "swordfish")
    with pytest.raises(BadEnvironment) as refused:
        sentry("hall.example")
    assert "SENTRY_DSN" in str(refused.value)
    assert "swordfish" not in str(refused.value)
