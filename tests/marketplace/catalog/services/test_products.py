import pytest

from marketplace.accounts.models import User
from marketplace.catalog.errors import BadProduct
from marketplace.catalog.facts import PRODUCTS_CHANGED
from marketplace.catalog.models import Product
from marketplace.catalog.services import (
    add_variant,
    archive_product,
    create_product,
    publish_product,
    unpublish_product,
    update_product,
    update_variant,
)
from marketplace.core.errors import Conflict, NotFound
from marketplace.sellers.models import Seller
from tests.conftest import NOW
from tests.factories import a_category, a_product, a_product_type, an_attribute
from tests.marketplace.catalog.listening import told


def made(kiln: Seller, *, title: str = "Tall vase", **more: object) -> Product:
    values: dict[str, object] = {"product_type_id": a_product_type().pk, "category_id": a_category().pk} | more
    return create_product(owner_id=kiln.pk, title=title, now=NOW, **values)  # type: ignore[arg-type]


def test_a_new_product_is_a_draft_with_clean_text_and_typed_attributes(kiln: Seller) -> None:
    an_attribute(label="Glaze", choices=["Celadon", "Tenmoku"])
    product = made(
        kiln, title="  Tall\n vase ", description="<p>Tall<script>x()</script></p>", attributes={"glaze": "celadon"}
    )
    product.refresh_from_db()
    assert (product.title, product.slug, product.status) == ("Tall vase", "tall-vase", "draft")
    assert product.description == "<p>Tall</p>"
    assert product.attributes == {"glaze": "Celadon"}


def test_products_of_one_title_get_slugs_of_their_own(kiln: Seller) -> None:
    assert [made(kiln).slug for _ in range(3)] == ["tall-vase", "tall-vase-2", "tall-vase-3"]


def test_a_key_of_the_stalls_own_is_used_once(kiln: Seller, groove: Seller) -> None:
    made(kiln, external_key="handle-1")
    made(groove, external_key="handle-1")
    with pytest.raises(Conflict, match="this key already"):
        made(kiln, external_key="handle-1")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"brand": "x" * 121}, "brand"),
        ({"description": "x" * 50_001}, "description"),
        ({"category_id": 987_654}, "category"),
        ({"product_type_id": 987_654}, "product_type"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_name(kiln: Seller, change: dict[str, object], field: str) -> None:
    with pytest.raises(BadProduct) as caught:
        made(kiln, **change)  # type: ignore[arg-type]
    assert set(caught.value.fields) == {field}
    assert not Product.objects.exists()


def test_an_update_changes_what_is_given_and_keeps_the_address(kiln: Seller) -> None:
    product = made(kiln, brand="Kiln Street")
    update_product(product_id=product.pk, title="Very tall vase", now=NOW)
    product.refresh_from_db()
    assert (product.title, product.slug, product.brand) == ("Very tall vase", "tall-vase", "Kiln Street")
    assert told(PRODUCTS_CHANGED) == [{"product_ids": [product.pk]}]


def test_a_change_of_type_checks_the_attributes_it_keeps(kiln: Seller) -> None:
    an_attribute(label="Glaze", choices=["Celadon"])
    product = made(kiln, attributes={"glaze": "Celadon"})
    with pytest.raises(BadProduct):
        update_product(product_id=product.pk, product_type_id=a_product_type(name="Records").pk, now=NOW)
    update_product(product_id=product.pk, product_type_id=a_product_type(name="Records").pk, attributes={}, now=NOW)
    product.refresh_from_db()
    assert product.attributes == {}


def test_a_product_without_variants_stays_off_the_shelves(kiln: Seller) -> None:
    product = made(kiln)
    with pytest.raises(BadProduct, match="variant"):
        publish_product(product_id=product.pk, now=NOW)
    add_variant(product_id=product.pk, now=NOW)
    assert publish_product(product_id=product.pk, now=NOW).status == "active"
    assert unpublish_product(product_id=product.pk, now=NOW).status == "draft"
    assert archive_product(product_id=product.pk, now=NOW).status == "archived"


def test_a_variant_has_canonical_options_and_a_title(kiln: Seller) -> None:
    variant = add_variant(
        product_id=made(kiln).pk, options=[("Size", "M"), ("Colour", "Blue")], gtin="4006381-333931", now=NOW
    )
    assert variant.title == "M / Blue"
    assert variant.options == [{"name": "Size", "value": "M"}, {"name": "Colour", "value": "Blue"}]
    assert (variant.options_key, variant.gtin) == ("colour=Blue|size=M", "4006381333931")


def test_the_same_combination_is_a_conflict_and_leaves_the_transaction_usable(kiln: Seller) -> None:
    product = made(kiln)
    add_variant(product_id=product.pk, options=[("Size", "M")], now=NOW)
    other = add_variant(product_id=product.pk, options=[("Size", "L")], now=NOW)
    with pytest.raises(Conflict):
        add_variant(product_id=product.pk, options=[("SIZE", "M")], now=NOW)
    with pytest.raises(Conflict):
        update_variant(variant_id=other.pk, options=[("Size", "M")], now=NOW)
    assert product.variants.count() == 2


def test_a_wrong_barcode_is_refused(kiln: Seller) -> None:
    with pytest.raises(BadProduct, match="GTIN"):
        add_variant(product_id=made(kiln).pk, gtin="4006381333932", now=NOW)


def test_what_is_not_there_is_not_found(mira: User) -> None:
    for act in (publish_product, unpublish_product, archive_product):
        with pytest.raises(NotFound):
            act(product_id=987_654, now=NOW)
    with pytest.raises(NotFound):
        update_variant(variant_id=987_654, now=NOW)


def test_publishing_twice_tells_nobody_twice(kiln: Seller) -> None:
    product = a_product(owner=kiln)
    add_variant(product_id=product.pk, now=NOW)
    before = len(told(PRODUCTS_CHANGED))
    publish_product(product_id=product.pk, now=NOW)
    assert len(told(PRODUCTS_CHANGED)) == before
