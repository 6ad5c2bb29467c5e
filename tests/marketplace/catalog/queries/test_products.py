import pytest
from pytest_django import DjangoAssertNumQueries

from marketplace.catalog.errors import Gone
from marketplace.catalog.queries import exact_product, offers, product, sitemap_slugs
from marketplace.catalog.services import reindex
from marketplace.core.errors import NotFound
from marketplace.sellers.models import Seller
from tests.factories import a_product, a_seller, a_variant, an_image, an_offer


def test_a_product_comes_whole_in_one_query(kiln: Seller, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    made = a_product(owner=kiln, title="Vase", attributes={"glaze": "Celadon"}, extras={"Tag": "x"})
    small, large = a_variant(made, size="S"), a_variant(made, size="L")
    an_image(made, key="b", position=2)
    an_image(made, key="a", position=1, variant=large)
    an_image(made, key="pending", state="pending")
    with django_assert_num_queries(1):
        found = product("vase")
    assert (found.pk, found.title, found.attributes, found.extras) == (
        made.pk,
        "Vase",
        {"glaze": "Celadon"},
        {"Tag": "x"},
    )
    assert [(v.pk, v.options) for v in found.variants] == [(small.pk, (("Size", "S"),)), (large.pk, (("Size", "L"),))]
    assert [(i.key, i.variant_id) for i in found.images] == [("a", large.pk), ("b", None)]


@pytest.mark.parametrize(("status", "error"), [("draft", NotFound), ("archived", Gone)])
def test_what_is_off_the_shelves_is_not_shown(kiln: Seller, status: str, error: type[Exception]) -> None:
    a_product(owner=kiln, title="Vase", status=status)
    with pytest.raises(error):
        product("vase")
    with pytest.raises(NotFound):
        product("no-such-thing")


def test_offers_of_closed_stalls_and_paused_ones_are_not_shown(kiln: Seller) -> None:
    made = a_product(owner=kiln)
    variant = a_variant(made)
    dear = an_offer(seller=kiln, variant=variant, price_minor=3000)
    cheap = an_offer(seller=kiln, variant=variant, price_minor=2000, stock=0)
    an_offer(seller=kiln, variant=variant, status="paused")
    an_offer(seller=a_seller(status="suspended"), variant=variant)
    assert [offer.pk for offer in offers(made.pk)] == [cheap.pk, dear.pk]


@pytest.fixture
def coded(kiln: Seller, groove: Seller) -> None:
    vase = a_product(owner=kiln, title="Vase")
    variant = a_variant(vase)
    variant.gtin = "4006381333931"
    variant.save()
    an_offer(seller=kiln, variant=variant, sku="KS-Vase-1")
    other = a_product(owner=groove, title="Other")
    an_offer(seller=groove, product=other, sku="85123A")
    shared = a_product(owner=groove, title="Shared")
    an_offer(seller=groove, product=shared, sku="TWICE-1")
    an_offer(seller=kiln, product=other, sku="TWICE-1", condition="good")
    words = a_product(owner=kiln, title="Words")
    an_offer(seller=kiln, product=words, sku="vase")
    an_offer(seller=kiln, product=words, sku="1984", condition="good")
    an_offer(seller=kiln, product=words, sku="paused-1", condition="fair", status="paused")
    reindex([vase.pk, other.pk, shared.pk, words.pk])


@pytest.mark.parametrize(
    ("code", "slug"),
    [
        ("ks-vase-1", "vase"),
        (" KS-VASE-1 ", "vase"),
        ("85123a", "other"),
        ("4006381333931", "vase"),
        ("4006381-333931", "vase"),
        ("TWICE-1", None),
        ("vase", None),
        ("1984", None),
        ("paused-1", None),
        ("KS-Vase", None),
        ("", None),
    ],
)
def test_an_exact_code_opens_its_product(coded: None, code: str, slug: str | None) -> None:
    assert exact_product(code) == slug


def test_the_sitemap_names_what_can_be_found(coded: None, kiln: Seller) -> None:
    a_product(owner=kiln, title="Nobody sells this")
    assert [slug for slug, _ in sitemap_slugs(offset=0, limit=10)] == ["vase", "other", "shared", "words"]
    assert [slug for slug, _ in sitemap_slugs(offset=1, limit=2)] == ["other", "shared"]
