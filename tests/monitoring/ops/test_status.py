"""What the public is told, as a pure function of findings and alerts; and the page without anything to stand on."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client

from monitoring.alerts import queries as alerts
from monitoring.alerts import registry
from monitoring.alerts.models import Alert
from monitoring.health import queries
from monitoring.health import registry as health
from monitoring.health.board import Outcome, Result
from monitoring.health.registry import Check, Finding
from monitoring.ops import status, status_page
from monitoring.ops.status import Component, Leg


@pytest.fixture(autouse=True)
def _remember_nothing() -> Iterator[None]:
    status_page.forget()
    yield
    status_page.forget()


@pytest.fixture
def _two_components() -> Iterator[None]:
    saved, public = list(status._components), dict(status._public)
    status.register(
        Component("Browsing", (Leg("db", "stopped", "No pages."), Leg("cache", "limited", "Slow.", warns=True))),
        Component("Paying", (Leg("card", "limited", "Pay later."),)),
        incidents={"late": "E-mails are late."},
    )
    yield
    status.register(*saved, incidents=public)


def found(name: str, state: Outcome, *, last_success: datetime | None = None, text: str = "") -> Result:
    return Result(name, state, text, False, "", 1.0, None, last_success, {})


def shown(now: datetime, *results: Result) -> list[tuple[str, str, list[str], str]]:
    page = status.page(results, firing=(), now=now)
    return [(page.headline, "", [], ""), *((x.title, x.state, list(x.words), x.since) for x in page.lines)]


@pytest.mark.usefixtures("_two_components")
def test_all_is_well(now: datetime) -> None:
    assert shown(now, found("db", "ok"), found("cache", "ok"), found("card", "warning")) == [
        ("Everything works.", "", [], ""),
        ("Browsing", "works", [], ""),
        ("Paying", "works", [], ""),
    ]


@pytest.mark.usefixtures("_two_components")
def test_a_failure_says_what_it_means_and_since_when(now: datetime) -> None:
    since = now - timedelta(minutes=25)
    assert shown(now, found("db", "failed", last_success=since), found("cache", "failed"), found("card", "ok")) == [
        ("Something does not work at the moment.", "", [], ""),
        ("Browsing", "stopped", ["No pages."], "since 22 November, 09:05 UTC"),
        ("Paying", "works", [], ""),
    ]


@pytest.mark.usefixtures("_two_components")
def test_a_warning_limits_only_where_it_matters_and_has_no_beginning(now: datetime) -> None:
    assert shown(now, found("db", "ok"), found("cache", "warning", last_success=now), found("card", "warning"))[1:] == [
        ("Browsing", "limited", ["Slow."], ""),
        ("Paying", "works", [], ""),
    ]


@pytest.mark.usefixtures("_two_components")
def test_what_is_not_known_is_not_called_well(now: datetime) -> None:
    assert shown(now, found("db", "pending"), found("cache", "ok")) == [
        ("We are just checking.", "", [], ""),
        ("Browsing", "unknown", [], ""),
        ("Paying", "unknown", [], ""),
    ]


@pytest.mark.usefixtures("_two_components")
def test_incidents_are_told_once_in_words_and_others_not_at_all(now: datetime) -> None:
    well = [found("db", "ok"), found("cache", "ok"), found("card", "ok")]
    firing = [("late", now), ("late", now - timedelta(hours=1)), ("disk_high", now)]
    page = status.page(well, firing=firing, now=now)
    assert page.headline == "The market is open, with limits."
    assert [(incident.words, incident.since) for incident in page.incidents] == [
        ("E-mails are late.", "since 22 November, 08:30 UTC")
    ]


@pytest.mark.usefixtures("_two_components")
def test_what_a_check_says_never_reaches_the_public(now: datetime) -> None:
    page = status.page([found("db", "failed", text="postgres://hall:secret@10.0.0.7")], firing=(), now=now)
    assert "10.0.0.7" not in repr(page)


def test_every_leg_and_every_incident_of_the_hall_exists() -> None:
    known = {check.name for check in health.checks()}
    for component in status._components:
        for leg in component.legs:
            assert leg.check in known, f"{component.title} stands on {leg.check!r}, which nobody checks"
    assert status.public_rules()
    for rule in status.public_rules():
        assert registry.find(rule) is not None, f"no rule {rule!r}"


# --- the page -------------------------------------------------------------------------------------------------------


def test_it_answers_without_database_and_session(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """No django_db: whoever asks PostgreSQL here raises. The visitor has a session cookie that would have to be read."""
    away = replace(queries.detailed(), checks=(found("postgresql", "failed"),))
    monkeypatch.setattr(queries, "detailed", lambda: away)
    client.cookies["sessionid"] = "abcdefghijklmnopqrstuvwxyz012345"
    answer = client.get("/status/", secure=True)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "Pages cannot be loaded. We are working on it." in text
    assert "Does not work" in text
    assert answer["Cache-Control"] == "public, max-age=5"
    assert "Cookie" not in answer.get("Vary", "")
    assert not answer.cookies
    assert "<script" not in text
    assert "script-src" in answer["Content-Security-Policy"]


def test_it_comes_before_sessions_and_limits() -> None:
    order = settings.MIDDLEWARE.index
    assert order("csp.middleware.CSPMiddleware") < order("monitoring.ops.status_page.middleware")
    for later in ("marketplace.sessions.middleware.SessionMiddleware", "monitoring.limits.middleware.limits"):
        assert order("monitoring.ops.status_page.middleware") < order(later)


def test_it_is_rendered_once_in_five_seconds(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first = client.get("/status/", secure=True).content
    monkeypatch.setattr(status, "page", None)
    assert client.get("/status/", secure=True).content == first


def test_it_is_only_read(client: Client) -> None:
    assert client.post("/status/", secure=True).status_code == 405
    assert client.head("/status/", secure=True).content == b""


@pytest.mark.django_db
def test_alerts_that_fire_are_learned_and_kept_while_postgresql_is_away(
    client: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rule in ("outbox_late", "disk_high"):
        Alert.objects.create(
            rule=rule, title=rule, severity="page", cause="breach", value_text="1", since=now, fired_at=now
        )
    assert status_page.learn(now) == 1

    def away() -> list[object]:
        raise RuntimeError("PostgreSQL is away")

    monkeypatch.setattr(alerts, "open_alerts", away)
    with pytest.raises(RuntimeError):
        status_page.learn(now)
    text = client.get("/status/", secure=True).content.decode()
    assert "E-mails are late. None is lost." in text
    assert "disk" not in text.lower()


def test_a_check_that_hangs_does_not_hold_the_page_up(client: Client) -> None:
    gate = threading.Event()
    health.register(Check("hanging", run=lambda: Finding("ok") if gate.wait(10) else Finding("failed"), timeout=0.1))
    try:
        started = time.monotonic()
        assert client.get("/status/", secure=True).status_code == 200
        assert time.monotonic() - started < 2
    finally:
        gate.set()
        del health._checks["hanging"]
