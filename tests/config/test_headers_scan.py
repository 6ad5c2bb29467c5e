"""Every address of the site, asked by everybody: each answer carries the same headers, and no page has inline code.

The scan walks the URL configuration itself, so that a page nobody has thought of fails until it has an example.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from csp.constants import HEADER
from csp.utils import build_policy
from django.conf import settings
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.http import HttpResponse
from django.test import Client, override_settings
from django.utils import timezone

from config.headers import _BARE_POLICY
from marketplace.accounts.models import User
from marketplace.catalog.models import Offer
from marketplace.orders.models import Order
from marketplace.sellers.models import Seller
from monitoring.health import registry
from monitoring.health.probes import VIEWS
from monitoring.requests import shutdown
from payments.checkout import check_payment
from tests.config.inline_code import inline_code
from tests.config.page_examples import Example, examples, patterns
from tests.factories import a_category, a_product
from tests.marketplace.catalog.search.stock import on_the_shelf
from tests.payments.conftest import stripe
from tests.shopping import a_cart, a_checkout, payment_of
from tests.stripe_control import StripeControl

__all__ = ["stripe"]

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": settings.PERMISSIONS_POLICY,
}
HSTS = "max-age=31536000; includeSubDomains; preload"
LEAKS = ("Server", "X-Powered-By", "X-AspNet-Version", "X-Generator", "Access-Control-Allow-Origin")


@pytest.fixture(autouse=True)
def _over_https(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    cache.clear()
    # The health pages are asked for their headers: what they would check has tests of its own, and threads.
    monkeypatch.setattr(registry, "_checks", {})
    with override_settings(
        SECURE_HSTS_SECONDS=31_536_000, SECURE_HSTS_INCLUDE_SUBDOMAINS=True, SECURE_HSTS_PRELOAD=True
    ):
        yield


@pytest.fixture
def hall(transactional_db: None, stripe: StripeControl, kiln: Seller, mira: User, olga: User) -> dict[str, str]:
    """A hall in use: goods, a picture, a paid-for order in the making, and what fills the examples' places."""
    product = on_the_shelf(kiln, "Tall vase", category=a_category(name="Vases"))
    a_product(owner=kiln, title="Gone", status="archived")
    offer = Offer.objects.get(variant__product=product)
    now = timezone.now()
    paid = a_checkout(a_cart({offer: 1}, buyer=mira, now=now), buyer=mira, now=now)
    stripe.pay(payment_of(paid).provider_id or "")
    check_payment(group_id=paid.pk, now=now)
    group = a_checkout(a_cart({offer: 1}, buyer=mira, now=now), buyer=mira, now=now)
    if not storages["default"].exists("scan/one.webp"):
        storages["default"].save("scan/one.webp", ContentFile(b"RIFF....WEBP"))
    return {
        "offer": str(offer.pk),
        "group": group.number,
        "paid": paid.number,
        "order": Order.objects.get(group=paid).number,
        "user": str(mira.pk),
    }


@pytest.fixture
def people(hall: dict[str, str], mira: User, olga: User) -> dict[str, Client]:
    clients = {"nobody": Client()}
    for who, user in (("buyer", mira), ("seller", User.objects.get(email="jonas@example.test")), ("operator", olga)):
        clients[who] = Client(raise_request_exception=False)
        clients[who].force_login(user)
    return clients


def wrong_with(answer: HttpResponse, *, resource_policy: str = "same-origin", page: bool = True) -> list[str]:
    """What is missing or different in the headers, and which inline code the page holds."""
    expected = ALWAYS | {"Strict-Transport-Security": HSTS, "Cross-Origin-Resource-Policy": resource_policy}
    expected[HEADER] = build_policy() if page else _BARE_POLICY
    given = answer.headers
    found = [f"{name}: {given.get(name)!r}" for name, value in expected.items() if given.get(name) != value]
    found += [f"{name} says {given[name]!r}" for name in LEAKS if name in given]
    if not given.get("X-Request-ID"):
        found.append("no X-Request-ID")
    if given.get("Content-Type", "").startswith("text/html") and not answer.streaming:
        found += inline_code(answer.content.decode(), given[HEADER])
    return found


def ask(people: dict[str, Client], example: Example) -> HttpResponse:
    # Limits would answer for the page: this asks far more than a person.
    cache.clear()
    call = getattr(people[example.who], example.method.lower())
    answer: HttpResponse = call(example.path, secure=True)
    answer.close()
    return answer


def test_every_pattern_has_an_example(transactional_db: None) -> None:
    known = examples(dict.fromkeys(("offer", "group", "paid", "order", "user"), "1"))
    found = set(patterns())
    assert len(found) > 100
    assert sorted(found - known.keys()) == [], "give these pages an example in tests/config/page_examples.py"
    assert sorted(known.keys() - found) == [], "these pages are gone: remove their examples"


def test_every_answer_carries_the_headers_and_no_page_has_inline_code(
    hall: dict[str, str], people: dict[str, Client]
) -> None:
    wrong, asked = {}, 0
    for pattern, several in examples(hall).items():
        for example in several:
            answer = ask(people, example)
            asked += 1
            what = f"{example.who} {example.method} {example.path}"
            if answer.status_code != (example.status or answer.status_code) or answer.status_code == 500:
                wrong[what] = [f"status {answer.status_code}, not {example.status} ({pattern})"]
                continue
            if found := _wrong_with(answer, example):
                wrong[what] = found
    assert asked > 150
    assert not wrong, "\n".join(f"{what}: {found}" for what, found in wrong.items())


def _wrong_with(answer: HttpResponse, example: Example) -> list[str]:
    if example.path in VIEWS:
        # Answered before https is looked at, and to programs.
        return [found for found in wrong_with(answer, page=False) if not found.startswith("Strict-Transport")]
    picture = example.path.startswith("/media/") and answer.status_code == 200
    return wrong_with(answer, resource_policy="cross-origin" if picture else "same-origin")


@pytest.mark.parametrize("status", [400, 403, 404, 410, 429, 500, 503])
@pytest.mark.urls("tests.browser.failing_urls")
def test_error_pages_carry_them_too(db: None, status: int) -> None:
    answer = Client(raise_request_exception=False).get(f"/failing/{status}/", secure=True)
    assert answer.status_code == status
    assert not wrong_with(answer)


def test_a_host_that_is_not_ours(db: None) -> None:
    answer = Client().get("/", secure=True, headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert not wrong_with(answer)


def test_a_form_without_its_token(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/cart/add/", secure=True)
    assert answer.status_code == 403
    assert not wrong_with(answer)


def test_a_body_that_is_too_large(db: None) -> None:
    answer = Client().post("/webhooks/stripe/", b"x" * 300_000, content_type="application/json", secure=True)
    assert answer.status_code == 413
    assert not wrong_with(answer)


def test_a_redirect_to_https(db: None) -> None:
    with override_settings(SECURE_SSL_REDIRECT=True):
        answer = Client().get("/")
    assert answer.status_code == 301
    assert "Strict-Transport-Security" not in answer.headers, "only https may promise https"
    assert answer.headers[HEADER] == _BARE_POLICY


def test_static_files_carry_them_and_are_open_to_nobody_else(db: None) -> None:
    for path in sorted(Path(settings.BASE_DIR, "static").glob("*.*"))[:20]:
        answer = Client().get(f"/static/{path.name}", secure=True)
        answer.close()
        assert answer.status_code == 200
        wrong = [found for found in wrong_with(answer, page=False) if not found.startswith("Strict")]
        assert not wrong, f"{path.name}: {wrong}"


def test_fonts_alone_may_be_drawn_elsewhere(db: None) -> None:
    """The card provider's frame writes its fields in our type."""
    answer = Client().get("/static/fonts/figtree.woff2", secure=True)
    answer.close()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_a_process_that_leaves_says_so_safely(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutdown, "refuses", lambda path: True)
    for path in ("/", "/api/v1/things/"):
        answer = Client().get(path, secure=True)
        assert answer.status_code == 503
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert not inline_code(answer.content.decode(), answer.headers[HEADER])
