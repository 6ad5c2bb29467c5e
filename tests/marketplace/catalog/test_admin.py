from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from marketplace.accounts.models import User
from marketplace.catalog import queries as catalog
from marketplace.catalog.models import Category, Offer, Product
from marketplace.sellers.models import Seller
from tests.caching import remembering_cache
from tests.factories import a_category, a_product, a_variant, an_attribute, an_offer


@pytest.fixture
def desk(client: Client, olga: User) -> Client:
    """Olga at the admin."""
    client.force_login(olga)
    return client


def changelist(model: str, **query: str) -> str:
    text = "&".join(f"{key}={value}" for key, value in query.items())
    return f"{reverse(f'admin:catalog_{model}_changelist')}?{text}"


@pytest.mark.parametrize("query", ["celadon-vase", "Celadon", "KS-77", "4006381333931"])
def test_a_product_is_found_by_slug_title_sku_and_gtin(desk: Client, kiln: Seller, query: str) -> None:
    product = a_product(owner=kiln, title="Celadon vase")
    variant = a_variant(product)
    variant.gtin = "4006381333931"
    variant.save()
    an_offer(seller=kiln, variant=variant, sku="KS-77")
    an_offer(seller=kiln)
    page = desk.get(changelist("product", q=query)).content.decode()
    assert "Celadon vase" in page
    assert "1 product" in page


@pytest.mark.parametrize("model", ["product", "offer", "productvariant", "category", "producttype"])
def test_lists_cost_the_same_however_long(desk: Client, kiln: Seller, model: str) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(changelist(model)).status_code == 200
        return len(captured)

    an_offer(seller=kiln)
    first = queries()
    for _ in range(5):
        an_offer(seller=kiln)
    assert queries() == first


@pytest.mark.parametrize("model", ["product", "offer", "category", "producttype", "productvariant"])
def test_every_form_opens(desk: Client, kiln: Seller, model: str) -> None:
    offer = an_offer(seller=kiln)
    an_attribute(label="Glaze", choices=["Celadon"])
    product = offer.variant.product
    pk = {
        "product": product.pk,
        "offer": offer.pk,
        "category": product.category_id,
        "producttype": product.product_type_id,
        "productvariant": offer.variant_id,
    }[model]
    assert desk.get(reverse(f"admin:catalog_{model}_change", args=[pk])).status_code == 200


def act(desk: Client, model: str, action: str, *pks: int) -> Any:
    return desk.post(changelist(model), {"action": action, "_selected_action": list(pks)}, follow=True)


def test_publishing_and_archiving_go_through_the_services_and_are_logged(
    desk: Client, kiln: Seller, olga: User
) -> None:
    bare = a_product(owner=kiln, title="Bare", status="draft")
    good = an_offer(seller=kiln, product=a_product(owner=kiln, title="Good", status="draft")).variant.product
    page = act(desk, "product", "publish", bare.pk, good.pk).content.decode()
    assert "Bare: Add at least one variant" in page
    assert dict(Product.objects.values_list("title", "status")) == {"Bare": "draft", "Good": "active"}
    act(desk, "product", "archive", good.pk)
    assert Product.objects.get(pk=good.pk).status == "archived"
    logged = LogEntry.objects.filter(user=olga, object_id=str(good.pk)).values_list("change_message", flat=True)
    assert set(logged) == {"Published", "Archived"}


def test_prices_cannot_be_typed_into_the_admin(desk: Client, kiln: Seller) -> None:
    offer = an_offer(seller=kiln, price_minor=1000)
    desk.post(reverse("admin:catalog_offer_change", args=[offer.pk]), {"status": "paused", "price_minor": "1"})
    offer.refresh_from_db()
    assert (offer.status, offer.price_minor) == ("paused", 1000)
    assert Offer.objects.count() == 1


def test_a_category_saved_here_keeps_its_path(desk: Client) -> None:
    top = a_category(name="Ceramics")
    address = reverse("admin:catalog_category_add")
    desk.post(address, {"name": "Vases", "slug": "vases", "parent": top.pk, "position": 1, "blurb": ""})
    assert Category.objects.get(slug="vases").path == "ceramics/vases"


@pytest.mark.parametrize("all_at_once", [False, True])
def test_an_empty_shelf_that_is_deleted_goes_from_every_page(desk: Client, kiln: Seller, all_at_once: bool) -> None:
    with remembering_cache():
        shelf, kind = a_category(name="Vases"), an_attribute(label="Glaze", choices=["Celadon"]).product_type
        assert shelf.pk in catalog.shelves().by_id
        assert "glaze" in catalog.facet_attributes()
        for model, pk in (("category", shelf.pk), ("producttype", kind.pk)):
            if all_at_once:
                form = {"action": "delete_selected", "_selected_action": pk, "post": "yes"}
                assert desk.post(changelist(model), form).status_code == 302
            else:
                address = reverse(f"admin:catalog_{model}_delete", args=[pk])
                assert desk.post(address, {"post": "yes"}).status_code == 302
        assert shelf.pk not in catalog.shelves().by_id
        assert "glaze" not in catalog.facet_attributes()
