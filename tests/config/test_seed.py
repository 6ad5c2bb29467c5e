"""The demo's seed, on a real database and a real simulator: what it writes must satisfy every invariant."""

from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from config.embedded import logins
from config.embedded.seed import artist, drawing, filling
from config.embedded.seed.hall import demo_hall
from marketplace.accounts.models import User
from marketplace.catalog.models import Offer, Product, ProductImage, SearchEntry
from marketplace.core.pictures import LARGE, SMALL
from marketplace.orders.models import Order
from marketplace.sellers.models import Seller
from payments.audit import audit
from tests.payments.conftest import stripe
from tests.stripe_control import StripeControl

__all__ = ["stripe"]


class NoArtist:
    """Stands in for the drawing process: pictures have tests of their own, and take a minute."""

    def wait(self) -> int:
        return 0

    def poll(self) -> int:
        return 0


@pytest.fixture
def filled(transactional_db: None, stripe: StripeControl, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    monkeypatch.setenv("PUBLIC_MEDIA_URL", f"file://{tmp_path}")
    monkeypatch.setattr(drawing, "start_drawing", NoArtist)
    return list(filling.fill())


def test_the_filled_hall(filled: list[str]) -> None:
    """One test for all of it: filling takes seconds."""
    a_year_of_trade_satisfies_every_invariant_and_the_provider_agrees()
    the_three_logins_have_something_to_look_at()
    the_artist_makes_the_large_picture_and_the_other_views_appear()
    assert list(filling.fill()) == ["the goods of the last run are kept"]


def a_year_of_trade_satisfies_every_invariant_and_the_provider_agrees() -> None:
    assert audit(now=timezone.now()) == []
    assert Seller.objects.count() >= 14
    assert Product.objects.count() >= 600
    assert SearchEntry.objects.count() == Product.objects.count()
    assert Order.objects.filter(state=Order.State.DELIVERED).count() > 1000
    assert Order.objects.filter(state=Order.State.PAID).exists(), "somebody must have something to ship"
    shared = Offer.objects.values("variant__product").distinct().count()
    assert Offer.objects.count() > shared
    assert not ProductImage.objects.exclude(width=SMALL).exists()


def the_three_logins_have_something_to_look_at() -> None:
    for login, path, text in (
        (logins.BUYER, "/orders/", "A-"),
        (logins.SELLER, "/sell/", "To ship"),
        (logins.OPERATOR, "/admin/orders/order/", "Select order"),
    ):
        client = Client()
        assert client.post("/account/login/", {"login": login.email, "password": logins.PASSWORD}).status_code == 302
        answer = client.get(path, follow=True)
        assert answer.status_code == 200
        assert text in answer.content.decode(), login.role
    assert User.objects.get(email=logins.OPERATOR.email).is_superuser


def the_artist_makes_the_large_picture_and_the_other_views_appear() -> None:
    name, spec = next(iter(drawing.specs(demo_hall()).items()))
    before = ProductImage.objects.count()
    artist._show(spec, 0)
    artist._show(spec, 1)
    artist._show(spec, 1)
    product = Product.objects.get(slug=name)
    views = list(product.images.filter(variant=None).values_list("position", "width"))
    assert views == [(0, LARGE), (1, LARGE)]
    assert ProductImage.objects.count() == before + 1
