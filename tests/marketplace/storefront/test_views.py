from unittest.mock import ANY

import pytest
from django.test import Client

from marketplace.catalog.services import reindex
from marketplace.sellers.models import Seller
from tests.factories import a_category, a_product, a_seller, an_offer
from tests.marketplace.catalog.search.stock import on_the_shelf
from tests.marketplace.storefront.reading import cards, html, meta, text

NASTY = "'\";<script>alert(1)</script>\x00%s{{7*7}}"


@pytest.fixture
def market(kiln: Seller) -> None:
    """One vase on the shelf."""
    on_the_shelf(kiln, "Tall vase", category=a_category(name="Vases"))


@pytest.mark.parametrize(
    "address",
    [
        "/search/?price_min=abc", "/search/?price_min=1e999999&price_max=-1", "/search/?page=abc", "/search/?page=999999999",
        "/search/?q=%00", "/search/?q=%F0%9F%8F%BA", "/search/?q=%ED%A0%80",
        "/search/?q=" + "a" * 3000, "/search/?q=%27%22%5C%3A%26%7C!()",
        "/search/?sort=drop&category=%27&stall=%27&condition=x", "/search/?category=nope", "/search/?colour=Red",
        "/c/vases/?category=%00&price_max=%00", "/c/vases/?page=0", "/stall/kiln-street/?category=nope&page=-2",
        "/p/tall-vase/?variant=abc", "/p/tall-vase/?variant=99999999999999999999", "/p/tall-vase/?ship_to=XX&condition=%00",
        "/stalls/?page=abc", "/stalls/?page=99999999999999999999999", "/deliver-to/?next=%00", "/deliver-to/?next=//evil.example",
    ],
)  # fmt: skip
def test_a_strange_address_is_still_a_page(client: Client, market: None, address: str) -> None:
    assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    "address", ["/search/", "/c/vases/", "/p/tall-vase/", "/stall/kiln-street/", "/deliver-to/", "/"]
)
def test_what_is_typed_is_never_markup(client: Client, market: None, address: str) -> None:
    names = ("q", "category", "stall", "colour", "price_min", "price_max", "sort", "page", "variant", "ship_to", "next")
    response = client.get(address, dict.fromkeys(names, NASTY))
    assert response.status_code == 200
    assert b"<script>alert(1)" not in response.content
    assert b"49" not in response.content.split(b"<main")[1].split(b"</main")[0]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/c/nope/", 404), ("/c/nope/vases/", 404), ("/p/nope/", 404), ("/stall/nope/", 404), ("/sitemap-7.xml", 404),
        ("/c/vases", 301), ("/p/tall-vase", 301),
    ],
)  # fmt: skip
def test_what_is_not_there(client: Client, market: None, address: str, status: int) -> None:
    assert client.get(address).status_code == status


def test_a_draft_is_not_found_and_an_archived_product_is_gone(client: Client, kiln: Seller) -> None:
    a_product(owner=kiln, title="Draft", status="draft")
    a_product(owner=kiln, title="Old", status="archived")
    assert client.get("/p/draft/").status_code == 404
    gone = client.get("/p/old/")
    assert gone.status_code == 410
    assert b"<h1" in gone.content


def test_a_suspended_stall_and_its_goods_are_not_found(client: Client, db: None) -> None:
    closed = a_seller(slug="closed", status="suspended")
    product = a_product(title="Vase", owner=closed)
    an_offer(seller=closed, product=product)
    reindex([product.pk])
    assert client.get("/stall/closed/").status_code == 404
    assert cards(client.get("/search/")) == []
    assert client.get("/p/vase/").status_code == 404


def test_what_another_stall_still_offers_stays(client: Client, kiln: Seller) -> None:
    product = a_product(title="Vase", owner=a_seller(slug="closed", status="suspended"))
    an_offer(seller=kiln, product=product)
    assert "Kiln Street" in text(client.get("/p/vase/"))


def test_a_stall_that_waits_for_approval_shows_nothing(client: Client, db: None) -> None:
    waiting = a_seller(slug="waiting", status="applied")
    an_offer(seller=waiting, product=a_product(title="Vase", owner=waiting))
    assert client.get("/p/vase/").status_code == 404


def test_what_nobody_offers_says_so(client: Client, kiln: Seller) -> None:
    a_product(title="Vase", owner=kiln)
    page = text(client.get("/p/vase/"))
    assert "No stall sells this at the moment." in page
    assert "Add to cart" not in page


@pytest.mark.parametrize("address", ["/", "/search/", "/c/vases/", "/p/tall-vase/", "/stall/kiln-street/", "/help/"])
def test_pages_are_everybodys_until_somebody_has_a_cookie_of_ours(client: Client, market: None, address: str) -> None:
    response = client.get(address)
    assert response["Cache-Control"] == "public, max-age=0, s-maxage=5, stale-while-revalidate=15"
    assert "Cookie" in response["Vary"]
    # Nothing is handed out for looking around, not even a token.
    assert not response.cookies
    client.cookies["sessionid"] = "a" * 32
    assert client.get(address)["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("address", ["/", "/search/", "/p/tall-vase/", "/robots.txt", "/sitemap.xml"])
def test_pages_are_only_read(client: Client, market: None, address: str) -> None:
    assert client.post(address).status_code == 405
    assert client.head(address).status_code == 200


def test_no_page_needs_an_inline_script(client: Client, market: None) -> None:
    for address in ("/", "/search/?q=vase", "/c/vases/", "/p/tall-vase/", "/stall/kiln-street/", "/stalls/"):
        response = client.get(address)
        page = html(response)
        assert " style=" not in page, address
        assert "onclick" not in page, address
        assert "script-src 'self'" in response["Content-Security-Policy"], address


@pytest.mark.parametrize("code", ["SKU-77-x", "sku-77-X"])
def test_an_article_number_opens_its_product(client: Client, kiln: Seller, code: str) -> None:
    product = a_product(owner=kiln, title="Tall vase")
    an_offer(seller=kiln, product=product, sku="SKU-77-X")
    reindex([product.pk])
    response = client.get("/search/", {"q": code})
    assert (response.status_code, response["Location"]) == (302, "/p/tall-vase/")
    assert client.get("/search/", {"q": code, "in_stock": "1"}).status_code == 200


def test_a_category_has_one_address(client: Client, db: None) -> None:
    a_category(name="Vases", parent=a_category(name="Ceramics"))
    response = client.get("/c/ceramics/vases/")
    assert (response.status_code, response["Location"]) == (301, "/c/vases/")
    assert client.get("/c/bowls/vases/").status_code == 404


def test_the_country_is_chosen_once_and_remembered(client: Client, kiln: Seller) -> None:
    on_the_shelf(kiln, "Tall vase")
    assert "€4.90 to Germany" in text(client.get("/p/tall-vase/"))
    response = client.get("/p/tall-vase/?ship_to=at")
    assert "€4.90 to Austria" in text(response)
    assert response.cookies["ship_to"].value == "AT"
    assert response.cookies["ship_to"]["httponly"]
    assert "€4.90 to Austria" in text(client.get("/p/tall-vase/"))
    assert "ship_to" not in client.get("/p/tall-vase/?ship_to=ZZ").cookies


@pytest.mark.parametrize(
    ("back", "action"),
    [
        ("/p/tall-vase/?variant=3&ship_to=DE", "/p/tall-vase/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_the_choice_of_a_country_leads_back_into_the_market(client: Client, db: None, back: str, action: str) -> None:
    page = html(client.get("/deliver-to/", {"next": back}))
    assert f'action="{action}"' in page
    assert "evil" not in page
    assert ('name="variant" value="3"' in page) == ("variant" in back)


def test_texts_promise_what_the_software_does(client: Client, db: None) -> None:
    assert "held for 15 minutes" in text(client.get("/buyer-protection/"))
    assert "account" in text(client.get("/help/"))
    assert 'href="/sell/"' in html(client.get("/selling/"))
    assert meta(client.get("/help/")) == {"robots": "", "canonical": ANY}


def test_robots_may_read_goods_and_nothing_personal(client: Client, db: None) -> None:
    lines = client.get("/robots.txt").content.decode().splitlines()
    assert "Disallow: /cart/" in lines
    assert "Disallow: /checkout/" in lines
    assert not any(line in lines for line in ("Disallow: /", "Disallow: /p/", "Disallow: /c/"))
    assert lines[-1].startswith("Sitemap: http")
    assert lines[-1].endswith("/sitemap.xml")
