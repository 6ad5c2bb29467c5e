import pytest
from django.test import Client

from marketplace.catalog.search.params import MAX_PAGE, PAGE_SIZE
from marketplace.sellers.models import Seller
from tests.factories import a_category, an_attribute
from tests.marketplace.catalog.search.stock import on_the_shelf
from tests.marketplace.storefront.reading import cards, html, meta, option, text


@pytest.fixture
def market(kiln: Seller, groove: Seller) -> None:
    """Ceramics (vases: red new 10, blue good 20) and records (jazz new 30 at Groove; sold out 40)."""
    an_attribute(label="Colour", choices=["Red", "Blue"])
    ceramics = a_category(name="Ceramics")
    vases = a_category(name="Vases", parent=ceramics)
    a_category(name="Bowls", parent=ceramics)
    records = a_category(name="Records")
    on_the_shelf(kiln, "Red vase", category=vases, attributes={"colour": "Red"}, price_minor=1000, popularity=4)
    on_the_shelf(
        kiln,
        "Blue vase",
        category=vases,
        attributes={"colour": "Blue"},
        price_minor=2000,
        condition="good",
        popularity=3,
    )
    on_the_shelf(groove, "Blue jazz", category=records, price_minor=3000, popularity=2)
    on_the_shelf(groove, "Red jazz", category=records, price_minor=4000, stock=0, popularity=1)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/search/", ["Red vase", "Blue vase", "Blue jazz", "Red jazz"]),
        ("/search/?q=vase", ["Red vase", "Blue vase"]),
        ("/search/?q=vase&sort=price-down", ["Blue vase", "Red vase"]),
        ("/search/?colour=Red&colour=Blue", ["Red vase", "Blue vase"]),
        ("/search/?colour=Blue&condition=good", ["Blue vase"]),
        ("/search/?category=ceramics", ["Red vase", "Blue vase"]),
        ("/search/?category=ceramics&category=records&q=blue", ["Blue vase", "Blue jazz"]),
        ("/search/?stall=second-groove&in_stock=1", ["Blue jazz"]),
        ("/search/?price_min=15&price_max=30", ["Blue vase", "Blue jazz"]),
        ("/search/?price_min=30&price_max=15", ["Blue vase", "Blue jazz"]),
        ("/c/ceramics/", ["Red vase", "Blue vase"]),
        ("/c/vases/?colour=Blue", ["Blue vase"]),
        ("/c/bowls/", []),
        ("/c/ceramics/?q=jazz", ["Red vase", "Blue vase"]),
        ("/stall/second-groove/", ["Blue jazz", "Red jazz"]),
        ("/stall/second-groove/?category=ceramics", []),
    ],
)
def test_an_address_is_a_list(client: Client, market: None, address: str, expected: list[str]) -> None:
    assert cards(client.get(address)) == expected


def test_applied_values_stay_checked_and_empty_ones_stay_visible(client: Client, market: None) -> None:
    response = client.get("/search/?colour=Red")
    assert option(response, "colour", "Red") == {"count": "1", "checked": True, "disabled": False}
    assert option(response, "colour", "Blue") == {"count": "1", "checked": False, "disabled": False}
    assert option(response, "condition", "good") == {"count": "0", "checked": False, "disabled": True}
    assert option(response, "category", "records") == {"count": "0", "checked": False, "disabled": True}
    assert option(response, "stall", "second-groove")["disabled"] is True


def test_applied_values_are_chips_that_remove_themselves(client: Client, market: None) -> None:
    page = html(client.get("/search/?q=vase&colour=Red&category=ceramics&price_max=30&in_stock=1&sort=price"))
    for href in (
        "/search/?q=vase&colour=Red&price_max=30&in_stock=1&sort=price",
        "/search/?q=vase&category=ceramics&price_max=30&in_stock=1&sort=price",
        "/search/?q=vase&category=ceramics&colour=Red&in_stock=1&sort=price",
        "/search/?q=vase&category=ceramics&colour=Red&price_max=30&sort=price",
    ):
        assert f'<a class="chip chip-on" href="{href}"' in page, href
    assert '<a class="sm clear" href="/search/?q=vase&sort=price"' in page


def test_more_than_six_values_are_cut_off(client: Client, kiln: Seller) -> None:
    sizes = [f"Size {n}" for n in range(8)]
    an_attribute(label="Size", choices=sizes)
    for size in sizes:
        on_the_shelf(kiln, f"Thing {size}", attributes={"size": size}, category=None)
    assert "Show 2 more" in text(client.get("/search/"))


def test_a_typo_still_finds_and_the_page_says_so(client: Client, market: None) -> None:
    response = client.get("/search/?q=vsae&sort=price")
    assert cards(response) == ["Red vase", "Blue vase"]
    assert "Nothing matches “vsae”. These are the results for “vase”." in text(response)


def test_what_the_address_gets_wrong_is_told(client: Client, market: None) -> None:
    page = text(client.get("/search/?q=vase&price_min=abc&category=toys&stall=nobody&page=9"))
    assert "“abc” is not a price: write it like 12.50. The price is not used as a filter." in page
    assert "There is no category “toys”, so all categories are searched." in page
    assert "There is no stall “nobody” in the market, so it is left out." in page
    assert "The list has 1 page; this is the last one." in page


def test_nothing_found_repeats_the_words_and_offers_a_way_on(client: Client, market: None) -> None:
    page = text(client.get("/search/?q=xylophone"))
    assert "Nothing matches “xylophone”" in page
    response = client.get("/search/?q=vase&colour=Red&condition=good&in_stock=1")
    assert "Nothing matches “vase” with these filters" in text(response)
    # Without "in stock" there is still none, so one of the others is too much.
    assert "Drop the condition (1 thing)" in text(response)
    assert 'href="/search/?q=vase"' in html(response)


@pytest.fixture
def many(kiln: Seller) -> None:
    """Fifty vases: three pages."""
    vases = a_category(name="Vases")
    for number in range(50):
        on_the_shelf(kiln, f"Vase {number:02}", category=vases, price_minor=1000 + number)


def test_a_list_comes_in_pages_that_hold_everything_once(client: Client, many: None) -> None:
    seen: list[str] = []
    for page in (1, 2, 3):
        response = client.get(f"/c/vases/?sort=price&page={page}")
        seen += cards(response)
    assert seen == [f"Vase {number:02}" for number in range(50)]
    first = html(client.get("/c/vases/?sort=price"))
    assert f'Showing 1 to <span id="shown-to">{PAGE_SIZE}</span> of 50 things' in first
    assert 'id="load-more" href="/c/vases/?sort=price&page=2"' in first
    assert 'href="/c/vases/?sort=price&page=3">3</a>' in first
    last = html(client.get("/c/vases/?sort=price&page=3"))
    assert "load-more" not in last
    assert 'rel="prev"' in last


def test_past_the_end_the_last_page_is_shown(client: Client, many: None) -> None:
    response = client.get("/c/vases/?page=999")
    assert len(cards(response)) == 2
    assert "The list has 3 pages; this is the last one." in text(response)
    assert MAX_PAGE > 3


def test_search_engines_index_shelves_and_nothing_narrower(client: Client, many: None) -> None:
    assert meta(client.get("/c/vases/"))["robots"] == ""
    assert meta(client.get("/c/vases/"))["canonical"].endswith("/c/vases/")
    assert meta(client.get("/c/vases/?sort=price&page=2"))["canonical"].endswith("/c/vases/?page=2")
    narrowed = meta(client.get("/c/vases/?price_max=10&sort=price"))
    assert narrowed["robots"] == "noindex, follow"
    assert narrowed["canonical"].endswith("/c/vases/")
    assert meta(client.get("/search/?q=vase"))["robots"] == "noindex, follow"


def test_a_shelf_names_what_stands_under_it(client: Client, market: None) -> None:
    page = html(client.get("/c/ceramics/"))
    assert 'href="/c/vases/">Vases' in page
    assert 'href="/c/bowls/">Bowls' not in page
    crumbs = html(client.get("/c/vases/"))
    assert '<li><a href="/c/ceramics/">Ceramics</a></li>' in crumbs


def test_quick_filters_toggle(client: Client, market: None) -> None:
    page = html(client.get("/search/?q=blue"))
    assert '<a class="chip" href="/search/?q=blue&in_stock=1"' in page
    on = html(client.get("/search/?q=blue&in_stock=1"))
    assert '<a class="chip chip-on" href="/search/?q=blue"' in on


def test_the_form_carries_the_words_and_the_order(client: Client, market: None) -> None:
    page = html(client.get("/search/?q=vase&sort=newest"))
    assert '<input type="hidden" name="q" value="vase">' in page
    assert '<option value="newest" selected>' in page
    assert "Show 2 results" in page
