"""The checks themselves: each must find the fault it is there for."""

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.browser.checks import MOST_BYTES, axe, check_page, findings_of, watched

SOUND = "<!DOCTYPE html><html lang=en><title>Sound</title><main><h1>Sound</h1>{}</main></html>"


def findings(browser: Browser, inside: str) -> str:
    with watched(browser, width=320) as found:
        found.page.goto("about:blank")
        found.page.set_content(SOUND.format(inside))
        found.page.wait_for_timeout(50)
        return "\n".join(findings_of(found))


def test_a_sound_page_passes(chromium: Browser) -> None:
    assert findings(chromium, "<p>Nothing to see here.</p>") == ""


@pytest.mark.parametrize(
    ("inside", "fault"),
    [
        ("<img src='data:,'>", "axe image-alt"),
        ("<p style='color:#aaa;background:#fff'>pale</p>", "axe color-contrast"),
        ("<input type=text>", "axe label"),
        ("<h4>skipped</h4>", "axe heading-order"),
        ("<div style='width:900px'>wide</div>", "px too wide at <div"),
        ("<script>console.error('broken thing')</script>", "broken thing"),
        ("<script>throw new Error('thrown thing')</script>", "thrown thing"),
        ("<img alt='' src='http://127.0.0.1:9/gone.png'>", "ERR_"),
    ],
)
def test_each_fault_is_found(chromium: Browser, inside: str, fault: str) -> None:
    assert fault in findings(chromium, inside)


def test_a_page_that_jumps_is_found(chromium: Browser) -> None:
    with watched(chromium) as found:
        found.page.goto("about:blank")
        found.page.set_content(SOUND.format("<div id=late></div><p style='height:300px'>below</p>"))
        found.page.wait_for_timeout(100)
        found.page.evaluate("document.getElementById('late').style.height = '400px'")
        found.page.wait_for_function("window.__shift > 0")
        assert any(line.startswith("layout shift") for line in findings_of(found))


@pytest.mark.django_db(transaction=True)
def test_a_page_of_ours_passes_and_another_answer_is_found(chromium: Browser, live_server: LiveServer) -> None:
    check_page(chromium, f"{live_server.url}/nowhere/", status=404)
    with pytest.raises(AssertionError, match="answered 404 instead of 200"):
        check_page(chromium, f"{live_server.url}/nowhere/")
    with pytest.raises(AssertionError, match=r"led to .*/account/login/"):
        check_page(chromium, f"{live_server.url}/orders/")


@pytest.mark.django_db(transaction=True)
def test_too_much_script_is_found(chromium: Browser, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.browser.checks.MOST_BYTES", 1_000)
    with pytest.raises(AssertionError, match="scripts and styles weigh"):
        check_page(chromium, f"{live_server.url}/nowhere/", status=404)
    assert MOST_BYTES == 60 * 1024


def test_axe_runs_every_rule_set(chromium: Browser) -> None:
    with watched(chromium) as found:
        found.page.goto("about:blank")
        found.page.set_content("<html><p>no language, no title, no landmark</p></html>")
        rules = "\n".join(axe(found.page))
        assert "html-has-lang" in rules
        assert "landmark-one-main" in rules
