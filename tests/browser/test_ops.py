"""The operators' page and the status page in a real browser: readable for everybody, live, and still where one was."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import HASH_SESSION_KEY
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from marketplace.accounts.models import User
from monitoring.alerts.models import Alert
from monitoring.ops.board import board
from tests.browser.checks import VIEWS, findings_of, settle, watched
from tests.monitoring.ops.making import a_dead_message, a_kind, a_slow_query, an_alert

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cookies(client: Client, olga: User, site: LiveServer) -> list[Any]:
    """Olga's session, as a browser carries it."""
    client.force_login(olga)
    assert HASH_SESSION_KEY in client.session
    return [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site.url}]


@pytest.fixture(autouse=True)
def _trouble() -> Iterator[None]:
    now = timezone.now()
    an_alert(now)
    a_kind(now)
    a_slow_query(now)
    a_dead_message(now)
    board.forget()
    yield
    board.forget()


def ask(page: Page) -> None:
    """One renewal now, instead of in five seconds; waits for its answer."""
    with page.expect_response(lambda response: "/ops/panels/" in response.url):
        page.evaluate("htmx.trigger('#poll', 'ops:poll')")
    page.wait_for_function("!document.querySelector('.htmx-request')")


@pytest.mark.parametrize("path", ["/ops/", "/status/"])
@pytest.mark.parametrize(("width", "scheme"), [*VIEWS, (1280, "dark"), (390, "light"), (320, "light")])
def test_it_passes_every_check(
    chromium: Browser, site: LiveServer, cookies: list[Any], path: str, width: int, scheme: Any
) -> None:
    with watched(chromium, width=width, scheme=scheme, cookies=cookies) as found:
        response = found.page.goto(site.url + path, wait_until="load")
        assert response is not None
        assert response.status == 200
        settle(found.page)
        for fold in found.page.locator("main details").all():
            fold.evaluate("(element) => { element.open = true; }")
        assert not findings_of(found), "\n".join(findings_of(found))


def test_what_has_changed_comes_by_itself_and_nothing_else_is_touched(
    chromium: Browser, site: LiveServer, cookies: list[Any], olga: User
) -> None:
    with watched(chromium, cookies=cookies) as found:
        page = found.page
        page.goto(f"{site.url}/ops/", wait_until="load")
        page.evaluate("document.getElementById('panel-slow').dataset.mine = 'yes'")
        kind = an_alert(timezone.now(), rule="disk", title="Disk is full", severity="warning")
        board.forget()
        ask(page)
        page.get_by_text("Disk is full").first.wait_for()
        assert page.locator("#panel-slow").get_attribute("data-mine") == "yes"
        assert page.locator(f"#alert-resolve-{kind.pk}").is_visible()
        assert not found.complaints


def test_an_open_fold_and_the_focus_stay_when_their_panel_is_renewed(
    chromium: Browser, site: LiveServer, cookies: list[Any]
) -> None:
    first = Alert.objects.get()
    with watched(chromium, cookies=cookies) as found:
        page = found.page
        page.goto(f"{site.url}/ops/", wait_until="load")
        fold = page.locator("#panel-alerts details").first
        fold.locator("summary").click()
        page.locator(f"#alert-acknowledge-{first.pk}").focus()
        page.evaluate("document.getElementById('panel-alerts').dataset.old = 'yes'")
        an_alert(timezone.now(), rule="disk", title="Disk is full", severity="warning")
        board.forget()
        ask(page)
        page.get_by_text("Disk is full").first.wait_for()
        assert page.locator("#panel-alerts").get_attribute("data-old") is None, "the panel was not renewed"
        assert page.evaluate("document.activeElement.id") == f"alert-acknowledge-{first.pk}"
        assert fold.get_attribute("open") is not None
        page.locator("#panel-alerts details summary").first.focus()
        Alert.objects.filter(rule="disk").update(value_text="99 %")
        board.forget()
        ask(page)
        page.get_by_text("99 %").first.wait_for()
        assert page.evaluate("document.activeElement.localName") == "summary"


def test_a_hidden_tab_asks_nothing(chromium: Browser, site: LiveServer, cookies: list[Any]) -> None:
    with watched(chromium, cookies=cookies) as found:
        page = found.page
        page.clock.install()
        page.goto(f"{site.url}/ops/", wait_until="load")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/ops/panels/" in request.url else None)
        page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
        page.clock.run_for(60_000)
        assert asked == []
        page.evaluate("Object.defineProperty(document, 'hidden', { value: false, configurable: true })")
        with page.expect_response(lambda response: "/ops/panels/" in response.url):
            page.clock.run_for(5_000)
        assert len(asked) == 1


def test_a_server_that_does_not_answer_is_said_once(chromium: Browser, site: LiveServer, cookies: list[Any]) -> None:
    with watched(chromium, cookies=cookies) as found:
        page = found.page
        page.goto(f"{site.url}/ops/", wait_until="load")
        page.route("**/ops/panels/**", lambda route: route.fulfill(status=503, body="away"))
        ask(page)
        page.get_by_text("Not up to date").wait_for()
        page.unroute("**/ops/panels/**")
        ask(page)
        page.locator("#stalled").wait_for(state="hidden")


@pytest.mark.parametrize("javascript", [True, False])
def test_an_alert_is_resolved_by_keyboard(
    chromium: Browser, site: LiveServer, cookies: list[Any], javascript: bool
) -> None:
    alert = Alert.objects.get()
    with watched(chromium, cookies=cookies, javascript=javascript) as found:
        page = found.page
        page.goto(f"{site.url}/ops/", wait_until="load")
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "Skip to content"
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.locator(":focus").get_attribute("id") == f"alert-resolve-{alert.pk}":
                break
        page.keyboard.press("Enter")
        page.get_by_text("Resolved: Share of failed requests.").wait_for()
        assert page.url.endswith("/ops/#panel-alerts")
    alert.refresh_from_db()
    assert alert.resolved_at is not None
