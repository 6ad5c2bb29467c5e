"""Finding things in a real browser: lists that can be narrowed, lengthened and come back to, with and without JavaScript."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.checks import Watched, findings_of, sideways, watched
from tests.browser.market import VASES, Market

pytestmark = pytest.mark.django_db

PATIENCE_MS = 20_000
CELADON = VASES // 3
"""Vases of this glaze; the glazes take turns."""
PAGE = 24


@pytest.fixture
def window(chromium: Browser) -> Iterator[Watched]:
    with watched(chromium) as found:
        found.page.set_default_timeout(PATIENCE_MS)
        yield found


@pytest.fixture
def page(window: Watched, market: Market) -> Page:
    """The list of all vases."""
    window.page.goto(f"{market.site}/search/?q=vase")
    return window.page


@pytest.fixture
def plain(chromium: Browser, market: Market) -> Iterator[Page]:
    """The same list in a browser without JavaScript."""
    with watched(chromium, javascript=False) as found:
        found.page.set_default_timeout(PATIENCE_MS)
        found.page.goto(f"{market.site}/search/?q=vase")
        yield found.page


def cards(page: Page) -> Locator:
    return page.locator("#cards .card-title")


def titles(page: Page) -> list[str]:
    return cards(page).all_inner_texts()


def query(address: str) -> list[tuple[str, str]]:
    """What an address asks for; a form sends its fields in an order of its own."""
    return sorted(parse_qsl(urlsplit(address).query, keep_blank_values=True))


def has_query(page: Page, wanted: str) -> None:
    """Waits until the address asks for this and nothing else."""
    page.wait_for_url(lambda address: query(address) == query(f"?{wanted}"))


def test_filter_sort_and_page_stand_in_the_address_and_back_restores_each(window: Watched, page: Page) -> None:
    everything = titles(page)
    page.get_by_role("checkbox", name=re.compile("^Celadon")).check()
    has_query(page, "q=vase&glaze=Celadon")
    expect(cards(page)).to_have_count(CELADON)
    found = titles(page)
    page.get_by_label("Sort by").select_option("price-down")
    has_query(page, "q=vase&glaze=Celadon&sort=price-down")
    expect(cards(page).first).to_have_text(f"Bottle vase {VASES}, celadon glaze")
    page.go_back()
    has_query(page, "q=vase&glaze=Celadon")
    expect(cards(page)).to_have_text(found)
    expect(page.get_by_role("checkbox", name=re.compile("^Celadon"))).to_be_checked()
    page.go_back()
    has_query(page, "q=vase")
    expect(cards(page)).to_have_text(everything)
    expect(page.get_by_role("checkbox", name=re.compile("^Celadon"))).not_to_be_checked()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="2", exact=True).click()
    has_query(page, "q=vase&page=2")
    expect(cards(page)).to_have_count(VASES - PAGE)
    page.go_back()
    has_query(page, "q=vase")
    expect(cards(page)).to_have_text(everything)
    assert window.complaints == []


def test_a_narrowed_list_shows_what_narrows_it_and_lets_go_of_it(window: Watched, page: Page) -> None:
    page.get_by_role("checkbox", name=re.compile("^Celadon")).check()
    has_query(page, "q=vase&glaze=Celadon")
    page.get_by_role("checkbox", name=re.compile("^Rust")).check()
    has_query(page, "q=vase&glaze=Celadon&glaze=Rust")
    expect(page.get_by_role("status").filter(has_text=f"{2 * CELADON} things").first).to_be_visible()
    page.get_by_label("Lowest price").fill("40")
    page.get_by_label("Lowest price").press("Enter")
    page.wait_for_url(lambda url: "price_min=40" in url)
    page.reload()
    expect(page.get_by_role("checkbox", name=re.compile("^Rust"))).to_be_checked()
    expect(page.get_by_label("Lowest price")).to_have_value("40")
    assert findings_of(window) == []
    page.get_by_role("link", name="Clear all").click()
    has_query(page, "q=vase")
    expect(cards(page)).to_have_count(PAGE)


def test_load_more_appends_and_the_numbered_links_stay(window: Watched, page: Page) -> None:
    first = titles(page)
    expect(page.get_by_text(f"Showing 1 to {PAGE} of")).to_be_visible()
    page.get_by_role("link", name="Load more").click()
    expect(cards(page)).to_have_count(VASES)
    longer = titles(page)
    assert longer[:PAGE] == first
    assert len(set(longer)) == VASES
    expect(page.get_by_text(f"Showing 1 to {VASES} of")).to_be_visible()
    expect(page.get_by_role("link", name="Load more")).to_have_count(0)
    numbers = page.get_by_role("navigation", name="Pages")
    expect(numbers.get_by_role("link", name="1", exact=True)).to_be_visible()
    expect(numbers.locator("[aria-current=page]")).to_have_text("2")
    assert findings_of(window) == []
    cards(page).last.get_by_role("link").click()
    page.wait_for_url("**/p/*/")
    page.go_back()
    expect(cards(page)).to_have_text(longer)
    expect(cards(page).last).to_be_in_viewport()
    assert window.complaints == []


def test_lists_work_without_javascript(plain: Page) -> None:
    plain.get_by_role("checkbox", name=re.compile("^Celadon")).check()
    plain.get_by_role("button", name="Show 30 results").click()
    expect(cards(plain)).to_have_count(CELADON)
    assert ("glaze", "Celadon") in query(plain.url)
    plain.get_by_label("Sort by").select_option("price-down")
    plain.get_by_role("button", name="Sort").click()
    expect(cards(plain).first).to_have_text(f"Bottle vase {VASES}, celadon glaze")
    plain.go_back()
    plain.go_back()
    expect(cards(plain)).to_have_count(PAGE)
    plain.get_by_role("link", name="Load more").click()
    expect(cards(plain)).to_have_count(VASES - PAGE)
    has_query(plain, "q=vase&page=2")
    plain.get_by_role("navigation", name="Pages").get_by_role("link", name="1", exact=True).click()
    expect(cards(plain)).to_have_count(PAGE)


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_on_a_phone_the_filters_are_a_sheet(chromium: Browser, market: Market, javascript: bool) -> None:
    with watched(chromium, width=390, javascript=javascript) as found:
        page = found.page
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{market.site}/search/?q=vase")
        sheet = page.get_by_role("form", name="Filters")
        expect(sheet).to_be_hidden()
        page.get_by_role("button", name="Filters").click()
        expect(sheet).to_be_visible()
        if javascript:
            assert sideways(page) == ""
            assert findings_of(found) == []
        sheet.get_by_role("checkbox", name=re.compile("^Rust")).check()
        if javascript:
            expect(sheet.get_by_role("button", name=f"Show {CELADON} results")).to_be_visible()
        sheet.get_by_role("button", name=re.compile(r"^Show \d+ results")).click()
        expect(sheet).to_be_hidden()
        expect(cards(page)).to_have_count(CELADON)
        assert ("glaze", "Rust") in query(page.url)
        expect(page.get_by_role("button", name="Filters 1")).to_be_visible()
        assert found.complaints == []


def test_a_typo_still_finds(page: Page) -> None:
    page.get_by_role("searchbox", name="Search the market").fill("botle vsae celadon")
    page.keyboard.press("Enter")
    expect(cards(page)).to_have_count(CELADON)
    expect(page.get_by_text("These are the results for “bottle vase celadon”")).to_be_visible()


def test_an_article_number_opens_its_product(page: Page, market: Market) -> None:
    page.get_by_role("searchbox", name="Search the market").fill("night-1")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{market.site}/p/night-ferry/")


def press_until_focused(page: Page, wanted: Locator, *, most: int) -> None:
    """Presses Tab until this element has the focus, at most so many times."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
    focused = page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
    raise AssertionError(f"not reached in {most} steps; the focus is on {focused}")


def test_everything_up_to_the_cart_works_by_keyboard(window: Watched, market: Market) -> None:
    page = window.page
    page.goto(market.site)
    skip = page.get_by_role("link", name="Skip to content")
    press_until_focused(page, skip, most=1)
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    page.goto(market.site)
    press_until_focused(page, page.get_by_role("searchbox", name="Search the market"), most=4)
    page.keyboard.type("serving bowl")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/**")
    bowl = page.get_by_role("link", name="Serving bowl with a foot")
    press_until_focused(page, bowl, most=60)
    page.keyboard.press("Enter")
    page.wait_for_url("**/p/bowl/")
    add = page.locator("#add").get_by_role("button", name="Add to cart")
    press_until_focused(page, add, most=60)
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_contain_text("is in your cart.")
    expect(page.locator("#cart-count")).to_have_text(": 1")
    assert window.complaints == []


def test_choosing_a_variant_changes_address_price_and_stock(window: Watched, market: Market) -> None:
    page = window.page
    page.goto(f"{market.site}/p/bowl/")
    page.get_by_role("link", name=re.compile("^Large")).click()
    page.wait_for_url("**/p/bowl/?variant=*")
    expect(page.locator(".price-xl")).to_have_text("€48")
    expect(page.get_by_text("Only 2 left")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Medium")).click()
    expect(page.locator("#add")).to_have_count(0)
    page.go_back()
    expect(page.locator(".price-xl")).to_have_text("€48")
    assert findings_of(window) == []


def test_a_page_that_the_back_button_brings_is_asked_for_anew_when_the_cart_has_changed(page: Page) -> None:
    """Playwright switches off what keeps pages, so the browser's word is said for it."""
    back = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
    page.evaluate("window.mark = 1")
    page.evaluate(back)
    assert page.evaluate("window.mark") == 1
    page.evaluate("sessionStorage.setItem('visitor', 'another')")
    with page.expect_navigation():
        page.evaluate(back)
    assert page.evaluate("window.mark ?? 0") == 0
