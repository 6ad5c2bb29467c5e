"""Every address of the site, asked by one person, then by another and by nobody, in both orders, with all caches warm.

Nothing of a person may reach anybody else: not their name or address, not what is in their cart, not their orders. An answer
that a shared cache may keep holds nothing of anybody, sets no cookie and has no token.
"""

import re
from collections.abc import Iterator

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client
from django.utils import timezone

from config.pages import WholePages
from config.wsgi import application
from marketplace.accounts.models import User
from marketplace.catalog.models import Offer
from marketplace.core import cache
from marketplace.orders.models import Order
from marketplace.sellers.models import Seller
from monitoring.health import registry
from payments.checkout import check_payment
from tests.config.page_examples import Example, examples
from tests.factories import a_category, a_product, a_user
from tests.marketplace.catalog.search.stock import on_the_shelf
from tests.payments.conftest import stripe
from tests.shopping import a_cart, a_checkout, payment_of
from tests.stripe_control import StripeControl
from tests.wsgi import Answer, Visitor

__all__ = ["stripe"]

TOKEN = re.compile(r"csrfmiddlewaretoken|nonce-|awning_cart|sessionid")
SHARED = re.compile(r"\bpublic\b|s-maxage")


@pytest.fixture(autouse=True)
def _quiet_health(monkeypatch: pytest.MonkeyPatch) -> None:
    # The health pages have tests of their own, and threads.
    monkeypatch.setattr(registry, "_checks", {})


@pytest.fixture
def hall(
    transactional_db: None, remembering: cache.Engine, stripe: StripeControl, kiln: Seller, mira: User, olga: User
) -> dict[str, str]:
    product = on_the_shelf(kiln, "Tall vase", category=a_category(name="Vases"), stock=90)
    a_product(owner=kiln, title="Gone", status="archived")
    offer = Offer.objects.get(variant__product=product)
    now = timezone.now()
    paid = a_checkout(a_cart({offer: 1}, buyer=mira, now=now), buyer=mira, now=now)
    stripe.pay(payment_of(paid).provider_id or "")
    check_payment(group_id=paid.pk, now=now)
    group = a_checkout(a_cart({offer: 1}, buyer=mira, now=now), buyer=mira, now=now)
    a_cart({offer: 37}, buyer=mira, now=now)
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
def people(hall: dict[str, str], mira: User, olga: User) -> dict[str, Visitor]:
    """By who they are; ``other`` and ``guest`` have a name and a cart of their own."""
    around = WholePages(application.application)
    found = {"nobody": Visitor(around), "guest": Visitor(around)}
    jonas = User.objects.get(email="jonas@example.test")
    other = a_user(email="canary-other@example.test", name="Canaria Other")
    for who, user in (("buyer", mira), ("seller", jonas), ("operator", olga), ("other", other)):
        client = Client()
        client.force_login(user)
        found[who] = Visitor(around)
        found[who].cookies["sessionid"] = client.cookies["sessionid"].value
    here = {"HTTP_ORIGIN": "http://127.0.0.1:8000", "HTTP_HX_REQUEST": "true"}
    assert found["guest"].post("/cart/add/", f"offer={hall['offer']}&quantity=23", **here).status == 200
    return found


def canaries(hall: dict[str, str], people: dict[str, Visitor]) -> dict[str, tuple[str, ...]]:
    """Words that belong to one person alone, as they would stand in a page."""
    return {
        "buyer": ("Mira", "mira@example.test", "</span>37</span>", hall["group"], hall["paid"], hall["order"]),
        "other": ("Canaria", "canary-other@example.test"),
        "seller": ("Jonas", "jonas@example.test"),
        "operator": ("Olga", "olga@example.test"),
        "guest": ("</span>23</span>", people["guest"].cookies["awning_cart"]),
    }


# Whose business it is, besides their own: sellers have the buyer's order, operators everything.
_MAY_SEE = {"seller": {"buyer"}, "operator": {"buyer", "other", "seller", "guest"}}


def test_nothing_personal_is_ever_shared(hall: dict[str, str], people: dict[str, Visitor]) -> None:
    walk = Walk(people, canaries(hall, people))
    for who, example in _visits(hall, ("buyer", "other", "guest", "nobody")):
        walk.ask(who, example)
    # The other way round, what strangers may see at all: nobody first, so that warm pages are theirs.
    for who, example in _visits(hall, ("nobody", "guest", "other", "buyer")):
        if example.path in walk.open_to_all:
            walk.ask(who, example)
    assert not walk.wrong, "\n".join(walk.wrong)
    assert walk.asked > 300
    # The words can be found where they belong, and there is something to share.
    assert all(walk.seen[who] for who in ("buyer", "other", "guest")), walk.seen
    assert {"/", "/p/tall-vase/", "/c/vases/", "/stall/kiln-street/", "/help/"} <= walk.shared


class Walk:
    """Who has been told what, and what should not have been."""

    def __init__(self, people: dict[str, Visitor], words: dict[str, tuple[str, ...]]) -> None:
        self.people, self.words, self.asked = people, words, 0
        self.wrong: list[str] = []
        self.shared: set[str] = set()
        self.open_to_all: set[str] = set()
        self.seen: dict[str, set[str]] = {who: set() for who in words}

    def ask(self, who: str, example: Example) -> None:
        visitor = self.people[who]
        before = dict(visitor.cookies)
        answer = visitor.get(example.path)
        # Signing out, or a message that was shown, is no part of the walk.
        visitor.cookies = before
        self.asked += 1
        text = answer.body.decode(errors="replace") + str(answer.headers)
        for owner, theirs in self.words.items():
            # Who names an order in the address is told the address again.
            if any(word in text and word not in example.path for word in theirs):
                if owner == who:
                    self.seen[owner].add(example.path)
                elif owner not in _MAY_SEE.get(who, ()):
                    self.wrong.append(f"{who} {example.path}: shows what is {owner}'s")
        self.wrong += [f"{who} {example.path}: {found}" for found in _wrongly_shared(answer, text, self.words)]
        if answer.status == 200 and who == "nobody":
            self.open_to_all.add(example.path)
            if SHARED.search(answer["Cache-Control"]):
                self.shared.add(example.path)


def _visits(hall: dict[str, str], round_of: tuple[str, ...]) -> Iterator[tuple[str, Example]]:
    """Each address by whoever its example names, then by everybody of the round."""
    for pattern, several in sorted(examples(hall).items()):
        for example in several:
            if example.method != "GET":
                continue
            # The admin has one door for all its pages: one stranger before each will do.
            everybody = round_of if not pattern.startswith("admin/") else round_of[-1:]
            if pattern.startswith("admin/") and "nobody" not in everybody:
                continue
            for who in dict.fromkeys((example.who, *everybody)):
                yield who, example


def _wrongly_shared(answer: Answer, text: str, words: dict[str, tuple[str, ...]]) -> Iterator[str]:
    policy = answer["Cache-Control"]
    if "text/html" in answer["Content-Type"] and answer.status == 200 and not policy:
        yield "a page says nothing about caches"
    if not SHARED.search(policy):
        return
    if answer["Set-Cookie"]:
        yield f"shared with a cookie: {answer['Set-Cookie'][:40]}"
    if answer["RateLimit"]:
        yield "shared with what one visitor has left"
    if any(word in text for theirs in words.values() for word in theirs):
        yield "shared with a person's word"
    if "text/html" in answer["Content-Type"]:
        if found := TOKEN.search(text):
            yield f"shared with {found[0]}"
        if "Cookie" not in answer["Vary"]:
            yield "shared without Vary: Cookie"


def test_what_has_a_visitor_is_kept_by_nobody(hall: dict[str, str], people: dict[str, Visitor]) -> None:
    for who in ("buyer", "other", "guest"):
        for path in ("/", "/p/tall-vase/", "/help/", "/search/?q=vase", "/cart/"):
            for _ in range(2):
                policy = people[who].get(path)["Cache-Control"]
                assert "private" in policy, (who, path)
                assert "no-store" in policy, (who, path)


def test_machines_and_files(hall: dict[str, str], people: dict[str, Visitor]) -> None:
    nobody = people["nobody"]
    for path in ("/healthz", "/readyz", "/health/"):
        assert "no-store" in nobody.get(path)["Cache-Control"], path
    assert "immutable" in nobody.get("/media/scan/one.webp")["Cache-Control"]
