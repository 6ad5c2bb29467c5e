"""What a real browser reports about its wait, and that it says nothing of it in its console."""

import time

import pytest
from playwright.sync_api import Browser, Request
from prometheus_client.registry import REGISTRY
from pytest_django.live_server_helper import LiveServer


def paints() -> float:
    return REGISTRY.get_sample_value("awning_web_largest_contentful_paint_seconds_count", {"route": "search/"}) or 0.0


def visit(chromium: Browser, site: str, *, share: float) -> tuple[list[str], list[str]]:
    """The reports of one visit, and what the console said; ``share`` is the visitor's lot, 0..1."""
    context = chromium.new_context()
    said: list[str] = []
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/vitals/"):
            sent.append(request.method)

    context.add_init_script(f"Math.random = () => {share}")
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    context.on("request", note)
    page.goto(f"{site}/search/?q=somebody")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_load_state("networkidle")
    page.goto(f"{site}/cart/")
    page.wait_for_load_state("networkidle")
    context.close()
    return sent, said


@pytest.mark.django_db(transaction=True)
def test_a_visit_is_reported_once_under_its_route(chromium: Browser, live_server: LiveServer) -> None:
    before = paints()
    _, said = visit(chromium, live_server.url, share=0.0)
    deadline = time.monotonic() + 10
    while paints() == before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert paints() == before + 1, "of the page that was left, by its pattern"
    assert said == []


@pytest.mark.django_db(transaction=True)
def test_who_is_not_drawn_reports_nothing(chromium: Browser, live_server: LiveServer) -> None:
    before = paints()
    sent, said = visit(chromium, live_server.url, share=0.9)
    assert (sent, said) == ([], [])
    assert paints() == before
