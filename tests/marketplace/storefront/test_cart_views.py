"""The cart over HTTP: as a form without scripts, and as htmx asks."""

import re
import uuid
from html import unescape

import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from marketplace.accounts.models import User
from marketplace.carts import services
from marketplace.carts.models import Cart
from marketplace.catalog.models import Offer
from marketplace.inventory import services as inventory
from marketplace.sellers.models import Seller
from marketplace.storefront.guest_cart import COOKIE, SALT, guest_cart_id
from tests.conftest import NOW
from tests.factories import PASSWORD, a_product, a_seller, a_variant, an_offer
from tests.marketplace.carts.baskets import VIENNA, a_cart, quantities

HTMX = {"HX-Request": "true"}


def signed(text: object) -> str:
    """The cookie as the server signs it."""
    response = HttpResponse()
    response.set_signed_cookie(COOKIE, str(text), salt=SALT)
    return response.cookies[COOKIE].value


def holding(client: Client, cart: Cart) -> Client:
    """A guest with this cart's cookie."""
    client.cookies[COOKIE] = signed(cart.pk)
    return client


def cart_of(client: Client) -> Cart:
    """The cart that the client's cookie names."""
    request = HttpRequest()
    request.COOKIES[COOKIE] = client.cookies[COOKIE].value
    cart_id = guest_cart_id(request)
    assert cart_id is not None
    return Cart.objects.get(pk=cart_id)


def shown(client: Client, path: str = "/cart/") -> str:
    """The page's words, without markup."""
    response = client.get(path)
    assert response.status_code == 200
    main = response.content.decode().partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def test_an_empty_cart_makes_no_cart(client: Client, db: None) -> None:
    assert "Your cart is empty" in shown(client)
    assert not Cart.objects.exists()
    assert COOKIE not in client.cookies


def test_a_guest_adds_without_scripts_and_stays_on_the_page(client: Client, kiln: Seller) -> None:
    offer = an_offer(seller=kiln, product=a_product(title="Tall vase", owner=kiln))
    response = client.post(
        "/cart/add/", {"offer": offer.pk, "quantity": 2}, headers={"Referer": "http://testserver/p/tall-vase/"}
    )
    assert (response.status_code, response["Location"]) == (302, "http://testserver/p/tall-vase/")
    assert quantities(cart_of(client)) == {offer.pk: 2}
    assert "Tall vase is in your cart, 2 pieces." in shown(client)


@pytest.mark.parametrize("address", ["https://evil.test/", "//evil.test/", "javascript:alert(1)", ""])
def test_nobody_is_sent_elsewhere(client: Client, kiln: Seller, address: str) -> None:
    response = client.post("/cart/add/", {"offer": an_offer(seller=kiln).pk, "next": address})
    assert response["Location"] == "/cart/"


def test_the_cookie_is_kept_from_scripts_and_other_sites(client: Client, kiln: Seller) -> None:
    client.post("/cart/add/", {"offer": an_offer(seller=kiln).pk})
    cookie = client.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 90 * 24 * 3600)
    assert "sessionid" not in client.cookies


def test_htmx_gets_the_announcement_and_the_count(client: Client, kiln: Seller) -> None:
    offer = an_offer(seller=kiln, product=a_product(title="Tall vase", owner=kiln))
    client.post("/cart/add/", {"offer": offer.pk}, headers=HTMX)
    response = client.post("/cart/add/", {"offer": offer.pk, "quantity": 2}, headers=HTMX)
    text = response.content.decode()
    assert response.status_code == 200
    assert "Tall vase is in your cart, 3 pieces." in text
    assert re.search(r'id="cart-count"[^>]*hx-swap-oob="true"[^>]*>.*3</span>', text)
    assert "<html" not in text


def test_htmx_is_told_why_nothing_was_added(client: Client, kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=1)
    response = client.post("/cart/add/", {"offer": offer.pk, "quantity": 2}, headers=HTMX)
    assert response.status_code == 409
    assert "Only 1 left." in response.content.decode()
    assert "cart-count" not in response.content.decode()
    response = client.post("/cart/add/", {"offer": 987_654_321}, headers=HTMX)
    assert response.status_code == 422, "htmx swaps 409 and 422"


def test_a_form_is_told_why_nothing_was_added(client: Client, kiln: Seller) -> None:
    client.post("/cart/add/", {"offer": an_offer(seller=kiln, stock=1).pk, "quantity": 2})
    assert "Only 1 left." in shown(client)


@pytest.mark.parametrize("field", ["offer", "quantity"])
@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "٣", "9" * 30, "0" * 20 + "9" * 5000])
def test_what_no_form_of_ours_sends_is_not_found(client: Client, kiln: Seller, field: str, text: str) -> None:
    values = {"offer": str(an_offer(seller=kiln).pk), "quantity": "1", field: text}
    assert client.post("/cart/add/", values).status_code == 404


def test_a_forged_cookie_starts_a_new_cart(client: Client, kiln: Seller) -> None:
    theirs, offer = a_cart(an_offer(seller=kiln)), an_offer(seller=kiln)
    for forged in (str(theirs.pk), f"{theirs.pk}:x:y", signed("nonsense"), signed(uuid.uuid4())):
        client.cookies[COOKIE] = forged
        assert "Your cart is empty" in shown(client)
        client.post("/cart/add/", {"offer": offer.pk})
        assert cart_of(client) != theirs
    assert offer.pk not in quantities(theirs)


def test_a_guest_cannot_hold_an_accounts_cart(client: Client, kiln: Seller, mira: User) -> None:
    own = a_cart(an_offer(seller=kiln), user=mira)
    assert "Your cart is empty" in shown(holding(client, own))


def test_the_cart_shows_parcels_with_dates_and_sums(client: Client, kiln: Seller, groove: Seller) -> None:
    product = a_product(title="Tall vase", owner=kiln)
    vase = an_offer(seller=kiln, variant=a_variant(product, size="Large"), condition="very_good", price_minor=2400)
    record = an_offer(seller=groove, price_minor=12_000)
    cart = a_cart(vase, record, quantity=2)
    services.set_shipping_address(cart_id=cart.pk, address=VIENNA, now=NOW)
    text = shown(holding(client, cart))
    for words in (
        "From Kiln Street", "From Second Groove", "Tall vase", "Large, Very good", "€24 each", "€48.00",
        "€4.90 to Austria", "Free to Austria", "Things (4)", "€288.00", "Shipping, 2 parcels", "Total, VAT included",
        "€292.90", "Go to checkout",
    ):  # fmt: skip
        assert words in text
    assert re.search(r"Arrives \w{3} \d", text)


def test_shipping_is_shown_before_the_address_is_known(client: Client, kiln: Seller) -> None:
    holding(client, a_cart(an_offer(seller=kiln)))
    text = shown(client)
    assert "€4.90 within Germany" in text
    assert "Choose your country" in text
    text = shown(client, "/cart/?ship_to=AT")
    assert "€4.90 to Austria" in text
    assert "Shipping is reckoned to Austria until you enter your address." in text
    assert "€4.90 to Austria" in shown(client), "the choice is remembered"


def test_a_country_that_is_not_served_is_said(client: Client, kiln: Seller) -> None:
    kiln.shipping_options.update(countries=["DE"])
    cart = a_cart(an_offer(seller=kiln))
    services.set_shipping_address(cart_id=cart.pk, address=VIENNA, now=NOW)
    assert "Kiln Street does not ship to Austria." in shown(holding(client, cart))


def test_a_quantity_is_set(client: Client, kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=4)
    cart = a_cart(offer)
    response = holding(client, cart).post(f"/cart/lines/{offer.pk}/", {"quantity": "4"}, follow=True)
    assert response.redirect_chain == [("/cart/", 302)]
    assert quantities(cart) == {offer.pk: 4}
    client.post(f"/cart/lines/{offer.pk}/", {"quantity": "5"})
    assert "Only 4 left" in shown(client)
    assert quantities(cart) == {offer.pk: 4}


def test_only_what_can_be_had_is_offered(client: Client, kiln: Seller) -> None:
    holding(client, a_cart(an_offer(seller=kiln, stock=12), quantity=2))
    options = re.findall(r"<option[^>]*>(\d+)</option>", client.get("/cart/").content.decode().partition("<main")[2])
    assert options == [str(units) for units in (*range(1, 11), 12)]


@pytest.mark.parametrize(("address", "values"), [("remove/", {}), ("", {"quantity": "0"})])
def test_removing_can_be_undone(client: Client, kiln: Seller, address: str, values: dict[str, str]) -> None:
    offer, other = an_offer(seller=kiln, product=a_product(title="Tall vase", owner=kiln)), an_offer(seller=kiln)
    cart = a_cart(offer, other, quantity=2)
    response = holding(client, cart).post(f"/cart/lines/{offer.pk}/{address}", values)
    assert response["Location"] == f"/cart/?removed={offer.pk}"
    page = client.get(response["Location"]).content.decode()
    assert "Tall vase was removed." in page
    assert f'action="/cart/lines/{offer.pk}/restore/"' in page
    client.post(f"/cart/lines/{offer.pk}/restore/")
    assert quantities(cart) == {offer.pk: 2, other.pk: 2}
    assert "was removed" not in shown(client, f"/cart/?removed={offer.pk}")


def test_the_last_thing_removed_can_be_put_back(client: Client, kiln: Seller) -> None:
    offer = an_offer(seller=kiln)
    response = holding(client, a_cart(offer)).post(f"/cart/lines/{offer.pk}/remove/")
    text = shown(client, response["Location"])
    assert "Your cart is empty" in text
    assert "Undo" in text


@pytest.mark.parametrize("text", ["", "x", "0", "9" * 30, "1'--", "٣"])
def test_a_made_up_removal_is_nothing(client: Client, kiln: Seller, text: str) -> None:
    holding(client, a_cart(an_offer(seller=kiln)))
    assert "was removed" not in shown(client, f"/cart/?removed={text}")


def test_a_price_change_must_be_accepted(client: Client, kiln: Seller) -> None:
    offer = an_offer(seller=kiln, price_minor=2400)
    cart = a_cart(offer)
    Offer.objects.filter(pk=offer.pk).update(price_minor=2600)
    text = shown(holding(client, cart))
    assert "Now €26, was €24 when you added it." in text
    assert "Go to checkout" not in text
    assert "Something has changed: accept it or remove it first." in text
    client.post(f"/cart/lines/{offer.pk}/accept/", {"price_minor": "2600", "quantity": "1"})
    text = shown(client)
    assert "was €24" not in text
    assert "Go to checkout" in text


def test_a_newer_change_than_the_accepted_one_is_shown(client: Client, kiln: Seller) -> None:
    offer = an_offer(seller=kiln, price_minor=2400)
    cart = a_cart(offer)
    Offer.objects.filter(pk=offer.pk).update(price_minor=9900)
    holding(client, cart).post(f"/cart/lines/{offer.pk}/accept/", {"price_minor": "2600", "quantity": "1"})
    text = shown(client)
    assert "That has changed once more" in text
    assert "Now €99, was €24" in text


def test_a_shortage_offers_what_is_left(client: Client, kiln: Seller) -> None:
    offer = an_offer(seller=kiln, stock=5, price_minor=2400)
    cart = a_cart(offer, quantity=4)
    inventory.set_on_hand(offer_id=offer.pk, on_hand=2, now=NOW)
    Offer.objects.filter(pk=offer.pk).update(price_minor=2600)
    page = holding(client, cart).get("/cart/").content.decode()
    assert "Only 2 left. Now €26, was €24 when you added it." in page
    hidden = dict(re.findall(r'<input type="hidden" name="(price_minor|quantity)" value="(\d+)">', page))
    client.post(f"/cart/lines/{offer.pk}/accept/", hidden)
    assert quantities(cart) == {offer.pk: 2}
    assert "Go to checkout" in shown(client)


def test_what_cannot_be_bought_must_go(client: Client, kiln: Seller, groove: Seller) -> None:
    gone, paused = an_offer(seller=kiln), an_offer(seller=groove)
    cart = a_cart(gone, paused)
    inventory.set_on_hand(offer_id=gone.pk, on_hand=0, now=NOW)
    Offer.objects.filter(pk=paused.pk).update(status=Offer.Status.PAUSED)
    text = shown(holding(client, cart))
    for words in ("This has sold out.", "This is not for sale any more.", "Remove what can no longer be bought first."):
        assert words in text
    assert "Go to checkout" not in text
    assert "Things (0)" in text


def test_without_a_cart_nothing_is_changed(client: Client, kiln: Seller) -> None:
    offer = an_offer(seller=kiln)
    theirs = a_cart(offer)
    for act, values in (("", {"quantity": "3"}), ("remove/", {}), ("restore/", {})):
        assert client.post(f"/cart/lines/{offer.pk}/{act}", values)["Location"] == "/cart/"
    assert quantities(theirs) == {offer.pk: 1}


def test_a_line_that_is_gone_is_said(client: Client, kiln: Seller) -> None:
    offer = an_offer(seller=kiln)
    holding(client, a_cart()).post(f"/cart/lines/{offer.pk}/remove/")
    assert "This is not in your cart any more." in shown(client)


def test_changes_are_posted_with_a_token(kiln: Seller) -> None:
    offer = an_offer(seller=kiln)
    strict = Client(enforce_csrf_checks=True)
    cart = a_cart(offer)
    holding(strict, cart)
    for path in ("/cart/add/", *(f"/cart/lines/{offer.pk}/{act}" for act in ("", "remove/", "restore/", "accept/"))):
        assert strict.post(path, {"offer": offer.pk, "quantity": "2"}).status_code == 403
        assert strict.get(path).status_code == 405
    assert quantities(cart) == {offer.pk: 1}


def test_signing_in_brings_the_guests_things(client: Client, kiln: Seller, mira: User) -> None:
    vase, record = an_offer(seller=kiln), an_offer(seller=kiln)
    own = a_cart(vase, user=mira)
    guest = a_cart(record)
    response = holding(client, guest).post("/account/login/", {"login": mira.email, "password": PASSWORD})
    assert response.status_code == 302
    assert quantities(own) == {vase.pk: 1, record.pk: 1}
    guest.refresh_from_db()
    assert guest.closed_at is not None
    client.logout()
    holding(client, guest)
    assert "Your cart is empty" in shown(client), "the old cookie opens nothing"


def test_signing_in_does_not_fail_with_the_merge(
    client: Client, kiln: Seller, mira: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**wanted: object) -> Cart:
        raise OperationalError("lock timeout")

    monkeypatch.setattr(services, "merge", fail)
    guest = a_cart(an_offer(seller=kiln))
    response = holding(client, guest).post("/account/login/", {"login": mira.email, "password": PASSWORD})
    assert (response.status_code, client.session["_auth_user_id"]) == (302, str(mira.pk))
    guest.refresh_from_db()
    assert guest.closed_at is None, "the next sign-in brings its things"


def test_the_cart_is_kept_by_nobody(client: Client, kiln: Seller) -> None:
    response = holding(client, a_cart(an_offer(seller=kiln))).get("/cart/")
    assert "no-store" in response["Cache-Control"]
    assert 'name="robots" content="noindex"' in response.content.decode()


@pytest.mark.parametrize(("stalls", "each"), [(1, 1), (4, 5)])
def test_the_page_costs_the_same_for_any_cart(client: Client, mira: User, stalls: int, each: int) -> None:
    offers = []
    for _ in range(stalls):
        seller = a_seller()
        offers += [an_offer(seller=seller, product=a_product(owner=seller)) for _ in range(each)]
    guest = holding(Client(), a_cart(*offers))
    a_cart(*offers, user=mira)
    client.force_login(mira)
    costs = []
    for visitor in (guest, client):
        visitor.get("/cart/")
        with CaptureQueriesContext(connection) as captured:
            assert visitor.get("/cart/").status_code == 200
        costs.append(len(captured))
    # Guest: find, snapshot in four, count in the header. Signed in: session, person, usual country, stalls too.
    assert costs == [6, 10]


def test_adding_costs_the_same_for_any_cart(client: Client, kiln: Seller) -> None:
    product = a_product(owner=kiln)
    offers = [an_offer(seller=kiln, product=product) for _ in range(8)]
    costs = []
    for cart in (a_cart(offers[0]), a_cart(*offers[:7])):
        holding(client, cart).get("/cart/")
        with CaptureQueriesContext(connection) as captured:
            client.post("/cart/add/", {"offer": offers[7].pk}, headers=HTMX)
        costs.append(len(captured))
    # Find, begin, lock, touch, offer, lines, stock, write, commit, count; the header around it counts once more.
    assert costs == [11, 11]
