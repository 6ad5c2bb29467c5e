"""The canaries: secrets in the hands of failing code never reach a log line or an answer."""

import json
import logging
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.http.response import HttpResponseBase
from django.test import Client

from monitoring.requests import scrubber
from tests.monitoring.requests.canaries import Act, planted
from tests.monitoring.requests.lines import Log, logged

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.monitoring.requests.canaries")]
PLANTED = list(planted())


@pytest.fixture
def client() -> Client:
    return Client(SERVER_NAME="127.0.0.1", raise_request_exception=False)


@pytest.fixture
def taught() -> Iterator[None]:
    """What the process learns in a test is forgotten after it."""
    before = scrubber._lessons.secrets
    yield
    scrubber._lessons.secrets = before
    scrubber._remembered.cache_clear()


def test_there_are_enough_canaries() -> None:
    assert len(PLANTED) >= 40
    assert len({what for what, _, _ in PLANTED}) == len(PLANTED)


@pytest.mark.parametrize(("secret", "act"), [entry[1:] for entry in PLANTED], ids=[entry[0] for entry in PLANTED])
def test_a_canary_is_never_seen(client: Client, log: Log, secret: str, act: Act) -> None:
    answer = act(client)
    assert log.text, "the canary was meant to be logged"
    assert secret not in log.text
    assert all(isinstance(line["event"], str) for line in log.lines)
    if isinstance(answer, HttpResponseBase):
        shown = b"".join(answer) + repr(dict(answer.headers)).encode()
        assert secret.encode() not in shown


@pytest.mark.parametrize(("secret", "act"), [entry[1:] for entry in PLANTED], ids=[entry[0] for entry in PLANTED])
def test_nor_at_a_terminal(client: Client, secret: str, act: Act) -> None:
    with logged(style="console") as log:
        act(client)
    assert log.text
    assert secret not in log.text


@pytest.mark.parametrize("name", ["SECRET_KEY", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"])
def test_what_the_environment_holds_is_masked_whatever_it_looks_like(log: Log, name: str) -> None:
    value = getattr(settings, name)
    logging.getLogger("tests").error(
        f"half way through {value} we stopped", extra={"error": [value, {"reason": value}]}
    )
    assert value not in log.text
    assert log.text.count("[masked]") == 3


def test_tokens_of_probes_are_learned_from_the_environment(
    log: Log, monkeypatch: pytest.MonkeyPatch, taught: None, tmp_path: object
) -> None:
    import os

    from config.env import _Own

    values = {
        "HEALTH_TOKEN": "plain words for health",
        "METRICS_TOKEN": "plain words for metrics",
        "SESSION_SECRET_FALLBACKS": "plain words one,plain words two",
        "BREVO_API_KEY": "plain words for mails",
        "DATABASE_URL": "postgres://awning:plain%20words%21@db/awning",
        "SENTRY_DSN": "https://plainwordskey@sentry.example/1",
        "ALERT_WEBHOOK_URL": "https://chat.example/services/T0/plain-room",
    }
    environment = _Own({**os.environ, **values})
    for name in values:
        environment.raw(name)
    logging.getLogger("tests").error(
        "plain words for health, plain words for metrics, plain words one; plain words two; plain words for mails; "
        "plain words!; plain%20words%21; https://plainwordskey@sentry.example/1; "
        "https://chat.example/services/T0/plain-room; HTTPSConnectionPool: url: /services/T0/plain-room (timed out)"
    )
    assert "plain" not in log.text


def test_a_forged_line_is_part_of_the_line_it_came_in(client: Client, log: Log) -> None:
    forged = '\r\n{"event": "forged", "level": "critical"}\u2028\x1b[31m'
    client.get("/explode/x", HTTP_USER_AGENT=forged, HTTP_X_REQUEST_ID=f"abcdefgh{forged}")
    logging.getLogger("tests").error("given %s", forged, extra={"error": forged, "reason": forged})
    assert all(json.loads(line)["event"] != "forged" for line in log.text.split("\n") if line)
    assert log.text.isascii()
    assert "\x1b" not in log.text


def test_a_forged_line_is_indented_at_a_terminal() -> None:
    with logged(style="console") as log:
        try:
            raise ValueError("bad\n2026-11-22 [critical] forged\x1b[31m")
        except ValueError:
            logging.getLogger("tests").exception("given\n2026-11-22 [critical] forged")
    assert all(line.startswith(("2026-11-22T", "    ")) or not line for line in log.text.splitlines())
    assert "\x1b[31m" not in log.text
    assert "given\\x0a2026" in log.text


def test_fields_of_a_call_cannot_pretend_to_be_the_lines_own(log: Log) -> None:
    logging.getLogger("tests").error("real", extra={"event": "forged", "request_id": "forged", "logger": "forged"})
    (line,) = log.lines
    assert (line["event"], line["request_id"], line["logger"]) == ("real", "", "tests")
