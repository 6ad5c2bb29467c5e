"""What every page of ours must pass in a real browser.

`check_page` opens a URL wide and light, then narrow and dark, and fails with every finding at once: axe (WCAG 2.2 AA and
best practice), console and Content-Security-Policy errors, sideways scrolling (down to 320 px), layout shift, and the
weight of scripts and styles on the wire.
"""

import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

import axe_playwright_python
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, ConsoleMessage, Page

VIEWS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((1280, "light"), (390, "dark"))
NARROWEST = 320
"""The width of 1280 pixels at four times their size, which WCAG's reflow asks for."""
HEIGHT = 844
MOST_SHIFT = 0.02
"""Cumulative layout shift; 0.1 counts as good on the web, ours has nothing that may move."""
MOST_BYTES = 60 * 1024
"""Scripts and styles of one page, compressed: our CSS and script and htmx (16.5 kB of it). Pictures, fonts and the
payment provider's own script are not counted."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

WATCH_SHIFT = """
window.__shift = 0;
window.__shifted = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries().filter((entry) => !entry.hadRecentInput)) {
    window.__shift += entry.value;
    window.__shifted.push(...entry.sources.map(({ node }) => node?.id || node?.className || node?.nodeName));
  }
}).observe({ type: 'layout-shift', buffered: true });
"""
PARTS = """
() => performance.getEntriesByType('resource')
  .map((entry) => entry.name)
  .filter((name) => /\\.(js|css)(\\?|$)/.test(name) && name.startsWith(location.origin))
"""
SETTLED = """
async () => {
  await document.fonts.ready;
  const awaited = [...document.images].filter((image) => !image.complete && image.loading !== 'lazy');
  await Promise.all(awaited.map((image) => new Promise((done) => { image.onload = image.onerror = done; })));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}
"""
WIDEST = """
() => {
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  if (wide <= 0) return '';
  const sticksOut = (element) => element.getBoundingClientRect().right > window.innerWidth + 1;
  const guilty = [...document.querySelectorAll('body *')].find(sticksOut);
  return `${wide} px too wide` + (guilty ? ` at <${guilty.tagName.toLowerCase()} class="${guilty.className}">` : '');
}
"""


@dataclass
class Watched:
    """An open page and what it complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text[:200]} ({message.location.get('url', '')})")


@contextmanager
def watched(
    browser: Browser,
    *,
    width: int = 1280,
    scheme: Literal["light", "dark"] = "light",
    cookies: Sequence[SetCookieParam] = (),
    javascript: bool = True,
) -> Iterator[Watched]:
    """A fresh context with one page, listening for console messages, page errors and failed requests of our own."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT},
        color_scheme=scheme,
        java_script_enabled=javascript,
        reduced_motion="reduce",
    )
    context.add_cookies(cookies)
    if javascript:
        context.add_init_script(WATCH_SHIFT)
    page = context.new_page()
    found = Watched(page)
    page.on("console", found.hear)
    page.on("pageerror", lambda error: found.complaints.append(f"script: {str(error)[:200]}"))
    try:
        yield found
    finally:
        context.close()


def check_page(browser: Browser, url: str, *, cookies: Sequence[SetCookieParam] = (), status: int = 200) -> None:
    """Assert that the page at `url` answers `status` and passes every check in every view.

    A page that is meant to answer an error logs one failed load, its own: that line is not held against it.
    """
    findings: list[str] = []
    for width, scheme in VIEWS:
        with watched(browser, width=width, scheme=scheme, cookies=cookies) as found:
            response = found.page.goto(url, wait_until="load")
            assert response is not None
            if response.status != status:
                findings.append(f"answered {response.status} instead of {status}")
            if response.url != url:
                findings.append(f"led to {response.url}")
            settle(found.page)
            if status >= 400:
                own = f"status of {status}"
                found.complaints = [line for line in found.complaints if own not in line]
            findings += [f"{width} px, {scheme}: {finding}" for finding in findings_of(found)]
            if width == min(VIEWS)[0]:
                found.page.set_viewport_size({"width": NARROWEST, "height": HEIGHT})
                findings += [f"{NARROWEST} px: {wide}"] if (wide := sideways(found.page)) else []
    assert not findings, "\n".join([url, *findings])


def settle(page: Page) -> None:
    """Wait until pictures in view and fonts are there and the page has been painted with them."""
    page.evaluate(SETTLED)


def sideways(page: Page) -> str:
    """What makes the page wider than the window, "" if nothing does."""
    return cast("str", page.evaluate(WIDEST))


def check_quiet(browser: Browser, url: str, *, cookies: Sequence[SetCookieParam] = ()) -> None:
    """Assert that a page that is not ours, such as the admin's, answers 200 and runs into no error or policy."""
    with watched(browser, cookies=cookies) as found:
        response = found.page.goto(url, wait_until="load")
        assert response is not None
        settle(found.page)
        assert (response.status, response.url) == (200, url), f"{url} answered {response.status} from {response.url}"
        assert not found.complaints, "\n".join([url, *found.complaints])


def findings_of(found: Watched) -> list[str]:
    """Everything wrong with an open page as it is now, for instance after a click."""
    findings = list(found.complaints)
    findings += [wide] if (wide := sideways(found.page)) else []
    findings += axe(found.page)
    shift = float(found.page.evaluate("window.__shift"))
    if shift >= MOST_SHIFT:
        findings.append(f"layout shift {shift:.3f} of {found.page.evaluate('window.__shifted')}")
    weights = weigh(found.page)
    if sum(weights.values()) > MOST_BYTES:
        findings.append(f"scripts and styles weigh {sum(weights.values()):,} bytes: {weights}")
    return findings


def weigh(page: Page) -> dict[str, int]:
    """Our scripts and styles with their bytes on the wire: as gzip makes them, which is how they are stored for production."""
    parts = cast("list[str]", page.evaluate(PARTS))
    for part in parts:
        if part not in _weights:
            _weights[part] = len(gzip.compress(page.request.get(part).body()))
    return {part.rpartition("/")[2]: _weights[part] for part in parts}


_weights: dict[str, int] = {}


def axe(page: Page) -> list[str]:
    """Violations of the accessibility rules, one line each with the first element concerned."""
    page.evaluate(_axe_source())
    violations = page.evaluate(
        "(rules) => axe.run(document, { runOnly: rules }).then((result) => result.violations.map("
        "(rule) => [rule.id, rule.help, rule.nodes.length, rule.nodes[0].target.join(' '), rule.nodes[0].failureSummary]))",
        RULES,
    )
    return [f"axe {rule}: {text} ({count}×, {where}) {why}" for rule, text, count, where, why in violations]


@lru_cache(maxsize=1)
def _axe_source() -> str:
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
