from xml.etree import ElementTree as Xml

import pytest
from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import Client

from marketplace.sellers.models import Seller
from marketplace.storefront import crawlers
from tests.factories import a_category, a_product
from tests.marketplace.catalog.search.stock import on_the_shelf


def addresses(client: Client, path: str) -> list[str]:
    """Paths in a sitemap."""
    response: HttpResponseBase = client.get(path)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/xml; charset=utf-8"
    assert isinstance(response, StreamingHttpResponse)
    body = response.getvalue()
    found = Xml.fromstring(body).iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")  # noqa: S314 - our own
    return ["/" + (loc.text or "").split("/", 3)[3] for loc in found]


@pytest.fixture
def market(kiln: Seller) -> None:
    vases = a_category(name="Vases")
    for number in range(3):
        on_the_shelf(kiln, f"Vase {number}", category=vases)
    a_product(owner=kiln, title="Draft", status="draft", category=vases)


def test_a_small_market_fits_one_file(client: Client, market: None) -> None:
    found = addresses(client, "/sitemap.xml")
    assert set(found) == {
        "/", "/stalls/", "/buyer-protection/", "/help/", "/selling/", "/c/vases/", "/stall/kiln-street/",
        "/p/vase-0/", "/p/vase-1/", "/p/vase-2/",
    }  # fmt: skip
    assert len(found) == len(set(found))


def test_a_large_market_has_an_index_of_parts(client: Client, market: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawlers, "PER_FILE", 2)
    parts = addresses(client, "/sitemap.xml")
    assert parts == ["/sitemap-0.xml", "/sitemap-1.xml", "/sitemap-2.xml"]
    assert "/c/vases/" in addresses(client, parts[0])
    assert addresses(client, parts[1]) + addresses(client, parts[2]) == ["/p/vase-0/", "/p/vase-1/", "/p/vase-2/"]
    assert client.get("/sitemap-3.xml").status_code == 404


def test_an_empty_market_has_a_sitemap_too(client: Client, db: None) -> None:
    assert "/" in addresses(client, "/sitemap.xml")
