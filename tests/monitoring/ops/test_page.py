"""Who may see the operators' page, what it says of every panel, and what travels when it is renewed."""

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from marketplace.accounts.models import User
from monitoring.health import queries as health
from monitoring.health import registry
from monitoring.health.board import Board
from monitoring.health.registry import Check, Finding
from monitoring.ops import board, freshness, gate, panels
from monitoring.ops.freshness import View
from monitoring.requests import shutdown
from tests.monitoring.ops.conftest import allow
from tests.monitoring.ops.making import Source, a_dead_message, a_kind, a_slow_query, an_alert

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_checks")]


def html(answer: Any) -> str:
    return str(answer.content.decode())


def marks(page: str) -> str:
    return " ".join(re.findall(r'data-mark="([^"]+)"', page))


def test_a_stranger_signs_in_a_buyer_is_refused_staff_sees(client: Client, mira: User, watcher: User) -> None:
    for path in ("/ops/", "/ops/panels/"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/account/login/?next={path}")
    client.force_login(mira)
    assert [client.get(path).status_code for path in ("/ops/", "/ops/panels/")] == [403, 403]
    assert client.post("/ops/do/alert-resolve/1/").status_code == 403
    client.force_login(watcher)
    assert [client.get(path).status_code for path in ("/ops/", "/ops/panels/")] == [200, 200]


def test_who_was_made_inactive_or_no_staff_sees_nothing_more(client: Client, watcher: User) -> None:
    client.force_login(watcher)
    # Other rights end the session; signed in anew, nothing is shown either.
    User.objects.filter(pk=watcher.pk).update(is_staff=False)
    assert client.get("/ops/").status_code == 302
    client.force_login(watcher)
    assert client.get("/ops/").status_code == 403
    User.objects.filter(pk=watcher.pk).update(is_staff=True, is_active=False)
    assert client.get("/ops/").status_code == 302


def test_an_ended_session_reloads_the_open_page(client: Client) -> None:
    answer = client.get("/ops/panels/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")


def test_every_panel_is_there_without_any_data(operator: Client) -> None:
    page = html(operator.get("/ops/"))
    for panel in panels.panels():
        assert f'id="panel-{panel.name}"' in page
    assert "Not available" not in page
    assert "being looked up" not in page
    assert "Nothing fires." in page
    assert "No error is open." in page
    assert "No statement was slow." in page


def test_the_floors_above_have_their_panels() -> None:
    names = {panel.name for panel in panels.panels()}
    assert names >= {"outbox", "inbox", "breakers"}
    assert "rates" in freshness._views


def test_what_is_wrong_stands_there_with_what_can_be_done(operator: Client) -> None:
    now = timezone.now()
    alert, kind, query, dead = an_alert(now), a_kind(now), a_slow_query(now), a_dead_message(now)
    page = html(operator.get("/ops/"))
    for text in (
        "Share of failed requests",
        "125 of 1,502 failed",
        "imports/shopify.py:88",
        "SELECT count(*)",
        "Disk of web-1",
    ):
        assert text in page
    for action in (
        f"alert-acknowledge/{alert.pk}", f"alert-resolve/{alert.pk}", f"error-resolve/{kind.pk}", f"error-ignore/{kind.pk}",
        f"query-plan/{query.pk}", f"delivery-again/{dead.pk}",
    ):  # fmt: skip
        assert f'formaction="/ops/do/{action}/"' in page
    # A hall that has just been made has done none of its jobs yet, which stands there too.
    assert re.search(r"Alerts, [^<]*Messages about alerts[^<]*: look here first\.", page)


def test_buttons_are_for_those_who_may(client: Client, watcher: User) -> None:
    an_alert(timezone.now())
    a_kind(timezone.now())
    client.force_login(watcher)
    assert "formaction" not in html(client.get("/ops/"))
    allow(watcher, "alerts.change_alert")
    page = html(client.get("/ops/"))
    assert "alert-resolve" in page
    assert "error-resolve" not in page


def test_what_errors_and_alerts_carry_is_text(operator: Client) -> None:
    a_kind(timezone.now(), message="<script>alert(1)</script>")
    an_alert(timezone.now(), title='"><img src=x onerror=alert(1)>')
    page = html(operator.get("/ops/"))
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_a_failed_check_is_shown_with_its_words(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    check = Check("till", lambda: Finding("failed", "The drawer is stuck."), every=0.0)
    monkeypatch.setattr(registry, "_checks", {"till": check})
    health._board.results(names=("till",), patience=5.0)
    page = html(operator.get("/ops/"))
    assert "The drawer is stuck." in page
    assert "Failed" in page


def test_a_source_that_fails_is_said_to_be_away(operator: Client, only: Callable[..., None]) -> None:
    source = Source()
    source.error = OperationalError("password=secret")
    only(source.panel("stock"), Source().panel("doors"))
    answer = operator.get("/ops/")
    page = html(answer)
    assert answer.status_code == 200
    assert "Not available since" in page
    assert "OperationalError" in page
    assert "secret" not in page
    assert "Stock: look here first." in page


def test_what_is_refreshed_says_how_old_it_is(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ages: dict[str, float | None] = {"new": 10.0, "old": 100.0, "ancient": 9_000.0, "never": None}
    views = {name: View(name, "A view", lambda now, age=age: age, 60.0, 600.0) for name, age in ages.items()}  # type: ignore[misc]
    monkeypatch.setattr(freshness, "_views", views)
    page = html(operator.get("/ops/"))
    for words in ("Fresh", "Getting old", "Too old", "Never refreshed", "3 of 4 old"):
        assert words in page
    monkeypatch.setattr(freshness, "_views", {})
    assert "Nothing that is refreshed ahead of time is registered yet." in html(operator.get("/ops/"))


def test_the_page_costs_a_known_number_of_queries(
    operator: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    now = timezone.now()
    for index in range(12):
        an_alert(now, subject=f"s{index}")
        a_kind(now)
        a_slow_query(now)
        a_dead_message(now)
    operator.get("/ops/")
    # Two for who asks; a panel of PostgreSQL has three of its own for its savepoint and limit.
    with django_assert_max_num_queries(70):
        operator.get("/ops/")
    with django_assert_max_num_queries(2):
        operator.get("/ops/panels/")


def test_only_what_changed_travels(operator: Client, only: Callable[..., None]) -> None:
    stock, doors = Source("ten"), Source("open")
    only(stock.panel("stock", every=0.0), doors.panel("doors", every=0.0))
    seen = marks(html(operator.get("/ops/")))
    assert operator.get("/ops/panels/", {"seen": seen}).status_code == 204
    stock.text = "nine"
    news = operator.get("/ops/panels/", {"seen": seen})
    assert news.status_code == 200
    assert re.findall(r'id="box-(\w+)"', html(news)) == ["overview", "stock"]
    assert html(news).count('hx-swap-oob="true"') == 2
    newer = {pair.partition(".")[0]: pair for pair in (*seen.split(), *marks(html(news)).split())}
    assert operator.get("/ops/panels/", {"seen": " ".join(newer.values())}).status_code == 204


def test_a_page_with_other_panels_is_loaded_anew(operator: Client, only: Callable[..., None]) -> None:
    only(Source().panel("stock"))
    answer = operator.get("/ops/panels/", {"seen": "overview.1 stock.2 gone.3"})
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")


def test_nonsense_is_answered_with_everything_or_a_reload(operator: Client, only: Callable[..., None]) -> None:
    only(Source().panel("stock"))
    assert html(operator.get("/ops/panels/")).count("hx-swap-oob") == 2
    for text in (".", "..", "\x00", "a" * 9_000, "overview.x stock.y"):
        assert operator.get("/ops/panels/", {"seen": text}).status_code in (200, 204)


def test_the_page_is_kept_by_nobody(operator: Client) -> None:
    for path in ("/ops/", "/ops/panels/"):
        assert "no-store" in operator.get(path).headers["Cache-Control"]


def test_staff_finds_the_way_from_the_menu_and_the_admin(operator: Client, client: Client, mira: User) -> None:
    assert 'href="/ops/"' in html(operator.get("/admin/"))
    assert 'href="/ops/"' in html(operator.get("/help/"))
    client.force_login(mira)
    assert 'href="/ops/"' not in html(client.get("/help/"))


def test_without_postgresql_it_says_so_at_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    away = health.Readiness(ready=False, draining=False)
    monkeypatch.setattr(health, "readiness", lambda max_age: away)
    client.cookies["sessionid"] = "a" * 32
    for path in ("/ops/", "/ops/panels/", "/ops/do/alert-resolve/1/"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
        assert "The database does not answer" in html(answer)
    assert client.get("/robots.txt").status_code == 200


def test_a_database_that_answered_a_moment_ago_is_asked_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["ok", "failed"])
    check = Check("postgresql", lambda: Finding(next(answers)), vital=True, every=60.0)  # type: ignore[arg-type]
    monkeypatch.setattr(registry, "_checks", {"postgresql": check})
    monkeypatch.setattr(health, "_board", Board(registry.checks))
    assert [client.get("/ops/").status_code for _ in range(2)] == [302, 503]


def test_a_stopping_process_does_not_blame_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "readiness", lambda max_age: health.Readiness(ready=False, draining=True))
    assert shutdown.draining() is False
    assert not gate.closed("/ops/")


def test_a_hung_source_does_not_hold_the_page(
    operator: Client, only: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = Source()
    stuck.gate.clear()
    only(stuck.panel("redis"), Source().panel("doors", lane="other"))
    monkeypatch.setattr(board.board, "start", board.in_a_thread)
    try:
        begun = time.monotonic()
        page = html(operator.get("/ops/"))
        assert time.monotonic() - begun < 1.0
        assert "It does not answer." in page
    finally:
        stuck.gate.set()


def test_old_days_are_named(now: datetime) -> None:
    from monitoring.ops.parts import clock

    assert clock(now, now) == "09:30:00"
    assert clock(now - timedelta(days=2), now) == "20 Nov, 09:30"
    assert clock(None, now) == "never"
