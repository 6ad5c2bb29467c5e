"""Every process writes lines of JSON and nothing else, whichever library speaks; and they carry the id of the work."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection

from config.embedded.ports import free_port
from config.env import BadEnvironment, Environment
from config.logs import logging_settings
from marketplace.core.tasks import relay_outbox
from monitoring.requests import ids

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
SECRET = "sk_live_51CanaryCanaryCanary"


def environment(**changes: str) -> dict[str, str]:
    """The test's own, pointed at the test's database, as a process of production would find it."""
    url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{connection.settings_dict['NAME']}"
    return os.environ | {"DATABASE_URL": url, "LOG_FORMAT": "json", "LOG_LEVEL": "INFO"} | changes


@contextmanager
def process(arguments: list[str], log: Path, **changes: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose two outputs go to one file; Celery's standard output, where it says goodbye, goes nowhere."""
    with log.open("wb") as output:
        out = subprocess.DEVNULL if "celery" in arguments[0] else output
        started = subprocess.Popen(
            arguments, cwd=ROOT, start_new_session=True, env=environment(**changes), stderr=output, stdout=out
        )
    try:
        yield started
    finally:
        # With its children, and at once: how processes end in good order is tested elsewhere.
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def lines(log: Path) -> list[dict[str, Any]]:
    """The whole lines so far; a line that is no JSON fails the test."""
    text = log.read_text()
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def until(seen: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not seen():
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.05)


def test_a_worker_writes_lines_under_the_id_of_whoever_asked(db: None, tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    queue = "tests-logs"
    broker = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    broker.delete(queue)
    with ids.within("the-request-1"):
        relay_outbox.apply_async(queue=queue)
        relay_outbox.app.send_task("core.relay", kwargs={"token": "c4nary-argument"}, queue=queue)
        relay_outbox.app.send_task("tests.unknown", args=["c4nary-argument"], queue=queue)
    calm = ["--without-gossip", "--without-mingle", "--concurrency", "1"]
    celery = [str(Path(sys.executable).parent / "celery"), "-q", "-A", "config.celery", "worker", *calm, "-Q", queue]
    with process(celery, log, PROCESS_KIND="worker") as worker:
        until(lambda: "unregistered task" in log.read_text() and "succeeded" in log.read_text(), worker, log)
    found = lines(log)
    assert "c4nary" not in log.read_text()
    (done,) = [line for line in found if "succeeded" in line["event"]]
    assert (done["request_id"], done["task"], done["process"]) == ("the-request-1", "core.relay", "worker")
    assert done["task_id"] in done["event"]
    (failed,) = [line for line in found if "TypeError" in line.get("exception", "")]
    assert failed["request_id"] == "the-request-1"


def test_a_web_process_writes_lines(db: None, tmp_path: Path) -> None:
    log, port = tmp_path / "web.log", free_port()
    serve = [sys.executable, "-m", "config.serve"]
    own = {"PORT": str(port), "WEB_HOST": "127.0.0.1", "WEB_WORKERS": "1", "WEB_THREADS": "1", "DRAIN_DELAY": "0.2"}
    with process(serve, log, PROCESS_KIND="web", ALLOWED_HOSTS="127.0.0.1", **own) as web:
        address = f"http://127.0.0.1:{port}/nothing/here/?token={SECRET}"
        request = urllib.request.Request(address, headers={"X-Request-ID": "from-the-proxy-1"})

        def answered() -> bool:
            try:
                urllib.request.urlopen(request, timeout=5)  # noqa: S310
            except urllib.error.HTTPError as error:
                return error.code == 404 and error.headers["X-Request-ID"] == "from-the-proxy-1"
            except OSError:
                return False
            return False

        until(answered, web, log)
    found = lines(log)
    assert SECRET not in log.read_text()
    assert any(line["logger"] == "_granian" for line in found)
    (visit, *_) = [line for line in found if line["event"] == "request"]
    assert (visit["request_id"], visit["route"], visit["process"]) == ("from-the-proxy-1", "unmatched", "web")


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_command_that_crashes_hides_what_it_had_in_its_hands(db: None, tmp_path: Path, style: str) -> None:
    log = tmp_path / "command.log"
    code = f"raise ValueError('refused: {SECRET}')"
    with process([sys.executable, "manage.py", "shell", "-v0", "-c", code], log, LOG_FORMAT=style) as command:
        assert command.wait(PATIENCE) == 1
    assert SECRET not in log.read_text()
    assert "process.crashed" in log.read_text()
    if style == "json":
        (line,) = [line for line in lines(log) if line["event"] == "process.crashed"]
        assert ids.is_plain(line["request_id"])
        assert line["command"] == "shell"
        assert "ValueError: refused: [masked]" in line["exception"]


@pytest.mark.parametrize(("name", "value"), [("LOG_FORMAT", "yaml"), ("LOG_LEVEL", "LOUD")])
def test_a_value_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    environment = Environment({name: value})
    environment.settle()
    monkeypatch.setattr("config.logs.text", environment.text)
    monkeypatch.setattr("config.logs.refuse", environment.refuse)
    with pytest.raises(BadEnvironment, match=name):
        logging_settings(process="web")


@pytest.mark.parametrize(
    ("arguments", "process", "named"),
    [
        (["celery", "-q", "-A", "config.celery", "worker"], "worker", "worker"),
        (["celery", "-q", "-A", "config.celery", "beat"], "worker", "beat"),
        (["manage.py", "sweep"], "worker", "sweep"),
        (["manage.py", "sweep", "--once"], "command", "command"),
        (["serve"], "web", "web"),
    ],
)
def test_a_line_names_the_kind_of_its_process(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], process: str, named: str
) -> None:
    monkeypatch.setattr(sys, "argv", arguments)
    assert logging_settings(process=process)["formatters"]["line"]["process"] == named


def test_debugging_people_get_readable_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.logs.text", Environment({}).text)
    assert logging_settings(process="web", debug=True)["formatters"]["line"]["style"] == "console"
    assert logging_settings(process="web")["formatters"]["line"]["style"] == "json"
