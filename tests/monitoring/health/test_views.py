import json
import time
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve

from marketplace.accounts.models import User
from monitoring.health import probes, queries
from monitoring.health.board import Board
from monitoring.health.registry import Check, Finding, State, checks
from monitoring.health.visitors import Door
from monitoring.requests import shutdown

TOKEN = "a-token-of-the-operators"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SECRET = "sk_live_51HxSecretSecretSecretSecret"


@pytest.fixture(autouse=True)
def _known_token(monkeypatch: pytest.MonkeyPatch) -> None:
    config = apps.get_app_config("health")
    monkeypatch.setattr(config, "door", Door(TOKEN, "marketplace.sessions.store", "sessionid"))


@pytest.fixture
def draining() -> Iterator[None]:
    shutdown.enter(shutdown.State.REFUSING)
    yield
    shutdown.enter(shutdown.State.OPEN)


def a_hall(monkeypatch: pytest.MonkeyPatch, **states: State) -> list[str]:
    """A hall with these checks, "postgresql" being the vital one; lists what was checked."""
    asked: list[str] = []

    def check(name: str, state: State) -> Check:
        def run() -> Finding:
            asked.append(name)
            return Finding(state, f"{name} is {state}", {"size": 3})

        return Check(name, run, vital=name == "postgresql", section="pool" if name == "pool" else "")

    made = [check(name, state) for name, state in sorted(states.items())]
    monkeypatch.setattr(queries, "_board", Board(lambda: made))
    return asked


def body(answer: HttpResponse) -> dict[str, object]:
    return dict(json.loads(answer.content))


def test_alive_looks_at_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = a_hall(monkeypatch, postgresql="failed")
    answer = client.get("/healthz")
    assert (answer.status_code, body(answer), asked) == (200, {"status": "ok"}, [])


@pytest.mark.parametrize(
    ("states", "code", "status"),
    [
        ({"postgresql": "ok", "cache": "ok"}, 200, "healthy"),
        ({"postgresql": "ok", "cache": "failed"}, 200, "degraded"),
        ({"postgresql": "ok", "cache": "warning"}, 200, "degraded"),
        ({"postgresql": "warning", "cache": "ok"}, 200, "degraded"),
        ({"postgresql": "failed", "cache": "ok"}, 503, "unhealthy"),
    ],
)
def test_the_summary_adds_up(
    client: Client, monkeypatch: pytest.MonkeyPatch, states: dict[str, State], code: int, status: str
) -> None:
    a_hall(monkeypatch, **states)
    answer = client.get("/health/")
    assert (answer.status_code, body(answer)["status"]) == (code, status)
    assert set(body(answer)) == {"status", "uptime_s", "version"}


def test_the_summary_is_looked_up_once_in_five_seconds(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = a_hall(monkeypatch, postgresql="ok", cache="ok")
    for _ in range(5):
        client.get("/health/")
        client.get("/health/detailed/", headers=BEARER)
    assert sorted(asked) == ["cache", "postgresql"]


@pytest.mark.parametrize(("state", "code"), [("ok", 200), ("warning", 200), ("failed", 503)])
def test_ready_is_postgresql_alone(client: Client, monkeypatch: pytest.MonkeyPatch, state: State, code: int) -> None:
    asked = a_hall(monkeypatch, postgresql=state, cache="failed", stripe="failed")
    answer = client.get("/readyz")
    assert (answer.status_code, body(answer)["draining"]) == (code, False)
    assert asked == ["postgresql"]


def test_ready_takes_no_connection_of_the_pool(client: Client) -> None:
    """This test may not use Django's connections, as if all of them were taken."""
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        connection.ensure_connection()
    deadline = time.monotonic() + 10
    # A busy machine may need more than a probe's patience for the first connection.
    while client.get("/readyz").status_code != 200:
        assert time.monotonic() < deadline


@pytest.mark.usefixtures("draining")
def test_a_draining_process_is_alive_and_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    a_hall(monkeypatch, postgresql="ok")
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, body(answer)) == (503, {"status": "unready", "draining": True})
    assert client.get("/health/").status_code == 200
    assert body(client.get("/health/detailed/", headers=BEARER))["draining"] is True
    assert client.get("/").status_code == 503


def test_the_details_are_for_whom_they_concern(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = a_hall(monkeypatch, postgresql="ok")
    refused = client.get("/health/detailed/")
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, 'Bearer realm="health"')
    assert asked == [], "a stranger's request starts nothing"
    assert client.get("/health/detailed/", headers={"Authorization": "Bearer no"}).status_code == 401
    assert client.get("/health/detailed/", headers=BEARER).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_staff_see_the_details_and_buyers_do_not(client: Client, olga: User, mira: User) -> None:
    client.force_login(mira)
    assert client.get("/health/detailed/").status_code == 403
    client.force_login(olga)
    answer = client.get("/health/detailed/")
    assert "checks" in body(answer)
    assert not answer.cookies


def test_the_details_say_everything(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    a_hall(monkeypatch, postgresql="ok", cache="failed", pool="ok")
    answer = body(client.get("/health/detailed/", headers=BEARER))
    assert (answer["status"], answer["draining"]) == ("degraded", False)
    found = answer["checks"]
    assert isinstance(found, dict)
    cache = found["cache"]
    assert (cache["status"], cache["last_success"], cache["detail"]) == ("failed", None, "cache is failed")
    assert cache["latency_ms"] >= 0
    assert found["postgresql"]["last_success"]
    assert answer["pool"] == {"pool": {"size": 3}}
    assert {"cache", "queue", "breakers"} <= set(answer)


def test_no_secret_leaves(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Finding:
        raise ValueError(f"{SECRET} redis://:hunter2secret@cache:6379/0")

    monkeypatch.setattr(queries, "_board", Board(lambda: [Check("broken", broken)]))
    for form in ("json", "text", "openmetrics"):
        page = client.get(f"/health/detailed/?format={form}", headers=BEARER).content.decode()
        assert "broken" in page
        assert SECRET not in page
        assert "hunter2secret" not in page


def test_other_readers_get_other_forms(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    a_hall(monkeypatch, postgresql="failed", cache="warning", disk="ok")
    text = client.get("/health/detailed/?format=text", headers=BEARER)
    assert text.status_code == 503
    assert text.content.decode().splitlines() == [
        "cache: Warning: cache is warning",
        "disk: OK",
        "postgresql: Unavailable: postgresql is failed",
    ]
    series = client.get("/health/detailed/?format=openmetrics", headers=BEARER).content.decode()
    assert 'django_health_check_status{check="disk"} 1' in series
    assert 'django_health_check_status{check="postgresql"} 0' in series
    assert client.get("/health/detailed/?format=atom", headers=BEARER).status_code == 400


@pytest.mark.parametrize("path", sorted(probes.VIEWS))
def test_the_addresses_answer_early_and_are_kept_by_nobody(client: Client, path: str) -> None:
    assert resolve(path).func is probes.VIEWS[path]
    answer = client.get(path, SERVER_NAME="10.0.0.9")
    assert answer.status_code in (200, 401, 503)
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Request-ID"]
    assert "Vary" not in answer
    assert client.post(path).status_code == 405
    assert client.head(path).status_code == answer.status_code


def test_every_floor_has_registered_its_checks() -> None:
    known = {check.name: check for check in checks()}
    assert {
        *("postgresql", "pool", "cache", "broker", "limits", "worker", "beat", "sweep", "disk", "memory", "storage"),
        *("outbox", "inbox", "stripe"),
    } <= set(known)
    assert [name for name, check in known.items() if check.vital] == ["postgresql"]
    reading = {name for name, check in known.items() if check.lane == "database"}
    assert {"worker", "beat", "sweep", "outbox", "inbox"} <= reading


def test_what_is_known_needs_no_look(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = a_hall(monkeypatch, postgresql="ok", pool="ok")
    assert queries.last_known().summary.state == "unhealthy"
    assert asked == []
    queries.summary()
    known = queries.last_known()
    assert (known.summary.state, len(asked)) == ("healthy", 2)
    assert known.summary.checked_at is not None
