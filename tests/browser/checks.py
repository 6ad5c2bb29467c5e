"""What every page of ours must pass in a real browser.

`check_page` opens a URL wide and light, narrow and dark, and at 320 px, and fails with every finding at once:
axe (WCAG 2.2 AA and best practice), console and Content-Security-Policy errors, sideways scrolling, layout shift, and
the weight of scripts and styles on the wire.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

import axe_playwright_python
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, ConsoleMessage, Page

VIEWS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((1280, "light"), (390, "dark"), (320, "light"))
HEIGHT = 844
MOST_SHIFT = 0.02
"""Cumulative layout shift; 0.1 counts as good on the web, ours has nothing that may move."""
MOST_BYTES = 60 * 1024
"""Scripts and styles of one page, compressed: our CSS and script and htmx (16.5 kB of it). Pictures, fonts and the
payment provider's own script are not counted."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

WATCH_SHIFT = """
window.__shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.__shift += entry.value;
}).observe({ type: 'layout-shift', buffered: true });
"""
WEIGH = """
() => performance.getEntriesByType('resource')
  .filter((entry) => /\\.(js|css)(\\?|$)/.test(entry.name) && entry.name.startsWith(location.origin))
  .map((entry) => [entry.name.split('/').pop(), entry.encodedBodySize])
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
            self.complaints.append(f"{message.type}: {message.text[:200]}")


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
            found.page.wait_for_load_state("networkidle")
            if status >= 400:
                own = f"status of {status}"
                found.complaints = [line for line in found.complaints if own not in line]
            findings += [f"{width} px, {scheme}: {finding}" for finding in findings_of(found)]
    assert not findings, "\n".join([url, *findings])


def findings_of(found: Watched) -> list[str]:
    """Everything wrong with an open page as it is now, for instance after a click."""
    findings = list(found.complaints)
    findings += [sideways] if (sideways := cast("str", found.page.evaluate(WIDEST))) else []
    findings += axe(found.page)
    shift = float(found.page.evaluate("window.__shift"))
    if shift >= MOST_SHIFT:
        findings.append(f"layout shift {shift:.3f}")
    weights = weigh(found.page)
    if sum(weights.values()) > MOST_BYTES:
        findings.append(f"scripts and styles weigh {sum(weights.values()):,} bytes: {weights}")
    return findings


def weigh(page: Page) -> dict[str, int]:
    """Our scripts and styles with their bytes on the wire."""
    return dict(cast("list[tuple[str, int]]", page.evaluate(WEIGH)))


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
