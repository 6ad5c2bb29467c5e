"""Adding to the cart without a token: what the browser says of where the form was sent from decides."""

import pytest
from django.test import Client

from marketplace.carts.models import CartLine
from marketplace.catalog.models import Offer
from marketplace.sellers.models import Seller
from tests.factories import an_offer
from tests.marketplace.storefront.reading import html

HOST = "127.0.0.1"
OURS = f"http://{HOST}"


@pytest.fixture
def offer(kiln: Seller) -> Offer:
    return an_offer(seller=kiln, stock=9)


@pytest.fixture
def strict() -> Client:
    return Client(enforce_csrf_checks=True, SERVER_NAME=HOST)


def add(client: Client, offer: Offer, **headers: str) -> int:
    return client.post("/cart/add/", {"offer": offer.pk}, headers=headers).status_code


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": OURS},
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": OURS, "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_what_our_page_sends_is_taken(strict: Client, offer: Offer, headers: dict[str, str]) -> None:
    assert add(strict, offer, **headers) == 302
    assert CartLine.objects.count() == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Origin": ""},
        {"Origin": "https://evil.example"},
        {"Origin": f"https://{HOST}"},
        {"Origin": f"{OURS}:8443"},
        {"Origin": f"{OURS}.evil.example"},
        {"Origin": f"{OURS}@evil.example"},
        {"Origin": f"{OURS}/"},
        {"Origin": f"{OURS}, https://evil.example"},
        {"Origin": f"https://evil.example, {OURS}"},
        {"Origin": OURS.upper()},
        {"Origin": OURS, "Sec-Fetch-Site": "cross-site"},
        {"Origin": OURS, "Sec-Fetch-Site": "same-site"},
        {"Origin": OURS, "Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin, same-origin"},
        {"Sec-Fetch-Site": " same-origin"},
        {"Referer": f"{OURS}/p/vase/"},
        {"X-Requested-With": "XMLHttpRequest", "HX-Request": "true"},
    ],
)
def test_anything_else_is_refused(strict: Client, offer: Offer, headers: dict[str, str]) -> None:
    assert add(strict, offer, **headers) == 403
    assert not CartLine.objects.exists()


def test_who_says_nothing_may_bring_the_token(strict: Client, offer: Offer) -> None:
    page = html(strict.get("/account/login/"))
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    form = {"offer": offer.pk, "csrfmiddlewaretoken": token}
    assert strict.post("/cart/add/", form).status_code == 302
    assert strict.post("/cart/add/", form | {"csrfmiddlewaretoken": token[::-1]}).status_code == 403
    assert strict.post("/cart/add/", form, headers={"Origin": "https://evil.example"}).status_code == 403


def test_no_other_form_does_without_its_token(strict: Client, offer: Offer) -> None:
    add(strict, offer, Origin=OURS)
    for action in ("", "remove/", "restore/", "accept/"):
        answer = strict.post(f"/cart/lines/{offer.pk}/{action}", {"quantity": 2}, headers={"Origin": OURS})
        assert answer.status_code == 403, action
