from django.test import Client

from marketplace.accounts.models import User
from marketplace.carts import services as carts
from marketplace.sellers.models import Seller
from tests.conftest import NOW
from tests.factories import a_category, an_offer
from tests.marketplace.storefront.reading import html, text


def test_navigation_marks_where_we_are(client: Client, db: None) -> None:
    ceramics = a_category(name="Ceramics")
    a_category(name="Vases", parent=ceramics)
    a_category(name="Records")
    for address in ("/c/vases/", "/c/ceramics/"):
        page = html(client.get(address))
        assert '<a href="/c/ceramics/" aria-current="page">Ceramics</a>' in page
        assert '<a href="/c/records/">Records</a>' in page
        assert '<option value="ceramics" selected>' in page
    assert '<option value="records" selected>' in html(client.get("/search/?category=records&q=x"))


def test_the_search_field_keeps_the_words(client: Client, db: None) -> None:
    assert 'value="tall \'vase"' in html(client.get("/search/", {"q": " tall  'vase"}))


def test_a_stranger_is_asked_to_sign_in_and_a_buyer_is_named(client: Client, mira: User, kiln: Seller) -> None:
    assert "Sign in" in text(client.get("/"))
    client.force_login(mira)
    cart = carts.open_cart(user_id=mira.pk, cart_id=None, now=NOW)
    carts.add_line(cart_id=cart.pk, offer_id=an_offer(seller=kiln).pk, quantity=3, now=NOW)
    page = text(client.get("/"))
    assert "Sign in" not in page
    assert "Mira" in page
    assert "Cart : 3" in page


def test_a_forged_cart_cookie_is_nobody(client: Client, db: None) -> None:
    client.cookies["awning_cart"] = "6f1f2a1e-0000-4000-8000-000000000000:forged"
    assert client.get("/").status_code == 200
