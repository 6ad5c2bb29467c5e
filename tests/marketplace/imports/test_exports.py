import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.catalog.models import Attribute, Offer, Product, ProductImage, ProductVariant
from marketplace.core.errors import NotFound
from marketplace.imports.exports import export_products
from marketplace.imports.layouts import LAYOUTS
from marketplace.imports.report import Outcome
from marketplace.imports.services import ImportOptions, import_products
from marketplace.sellers.models import Seller
from tests import factories
from tests.marketplace.imports import files
from tests.marketplace.imports.files import NOW

pytestmark = pytest.mark.django_db


def export(seller: Seller, path: Path, format_name: str = "awning") -> Path:
    target = path / f"out-{format_name}.csv"
    with target.open("w", encoding="utf-8", newline="") as stream:
        export_products(
            seller_slug=seller.slug,
            format_name=format_name,
            currency="EUR",
            site_url="https://hall.test",
            stream=stream,
            now=NOW,
        )
    return target


def load(path: Path, seller: Seller) -> Any:
    return import_products(path=path, seller_slug=seller.slug, currency="EUR", now=NOW, options=ImportOptions())


def contents(seller: Seller) -> list[Any]:
    """Everything a buyer could tell two stalls apart by, without ids."""
    products = Product.objects.filter(owner=seller).order_by("external_key")
    return [
        (
            product.external_key, product.title, product.description, product.brand, product.product_type_id,
            product.category_id, product.attributes, product.extras, product.status,
            [
                (offer.sku, offer.condition, offer.price_minor, offer.status, offer.in_stock, offer.stock.on_hand,
                 offer.variant.options, offer.variant.options_key, offer.variant.gtin, offer.variant.position)
                for offer in Offer.objects.filter(variant__product=product).exclude(status="archived").order_by("sku")
            ],
            [
                (image.source_url, image.alt, image.position, image.variant.options_key if image.variant else None)
                for image in product.images.order_by("position")
            ],
        )
        for product in products
    ]  # fmt: skip


def fill(tmp_path: Path, seller: Seller) -> None:
    """A stall with everything that could get lost on the way."""
    home = factories.a_category(name="Home, table")
    factories.a_category(name="Cups > mugs", parent=home)
    ceramics = factories.a_product_type(name="Ceramics")
    Attribute.objects.create(product_type=ceramics, slug="signed", label="Signed", kind="boolean")
    Attribute.objects.create(product_type=ceramics, slug="glaze", label="Glaze: outer", kind="text")
    common = {"title": "", "price": "12.00", "stock": "3"}
    rows = [
        {"product_key": "=cmd()", "title": "'-formula", "description": "<p>a</p>\n<p>b, \"c\"</p>", "brand": "@home",
         "type": "Ceramics", "category": "Home\\, table > Cups \\> mugs", "sku": "+1", "price": "0.01", "stock": "0",
         "attributes": "Signed: no\nGlaze\\: outer: ash, celadon\nOdd\\, label: a\\\\b", "gtin": "4006381333931",
         "picture_url": "https://x.example/1.jpg", "picture_alt": "-front"},
        {"product_key": "=cmd()", **common, "sku": "-2", "condition": "good", "picture_url": "https://x.example/2.jpg"},
        {"product_key": "size", "title": "Sizes", "status": "draft", "sku": "S", "price": "9999999.99",
         "option1_name": "Size", "option1_value": "=S", "variant_picture_url": "https://x.example/4.jpg",
         "picture_url": "https://x.example/3.jpg"},
        {"product_key": "size", **common, "sku": "M", "option1_name": "Size", "option1_value": "M",
         "offer_status": "paused", "picture_url": "https://x.example/4.jpg"},
        {"product_key": "plain", "title": "Plain", "sku": "P", "price": "5", "stock": "7"},
    ]  # fmt: skip
    report = load(files.awning(tmp_path, *rows), seller)
    assert report.rows == {Outcome.CREATED: 5}


def test_our_own_format_loses_nothing(tmp_path: Path, kiln: Seller, groove: Seller) -> None:
    fill(tmp_path, kiln)
    path = export(kiln, tmp_path)
    assert load(path, kiln).rows == {Outcome.UNCHANGED: 5}
    ProductVariant.objects.update(gtin="")  # or the second stall would join the first one's product
    kept = contents(kiln)
    load(export(kiln, tmp_path), groove)
    assert contents(groove) == kept
    assert len(kept) == 3


@pytest.mark.parametrize("format_name", ["shopify", "woocommerce"])
def test_other_formats_read_back_as_the_same_goods(
    tmp_path: Path, kiln: Seller, groove: Seller, format_name: str
) -> None:
    fill(tmp_path, kiln)
    Offer.objects.filter(condition="good").update(status="archived")  # other shops know no conditions
    path = export(kiln, tmp_path, format_name)
    ProductVariant.objects.update(gtin="")
    load(path, groove)
    mine, theirs = contents(kiln), contents(groove)
    assert [product[1] for product in theirs] == [product[1] for product in mine]
    assert sorted((o[0], o[2], o[5], tuple(map(str, o[6]))) for p in theirs for o in p[9]) == sorted(
        (o[0], o[2], o[5], tuple(map(str, o[6]))) for p in mine for o in p[9]
    )
    assert sorted(image[0] for p in theirs for image in p[10]) == sorted(image[0] for p in mine for image in p[10])
    assert load(export(kiln, tmp_path, format_name), kiln).rows[Outcome.SKIPPED] == 0


@pytest.mark.parametrize("format_name", sorted(LAYOUTS))
def test_no_exported_cell_starts_a_formula(tmp_path: Path, kiln: Seller, format_name: str) -> None:
    fill(tmp_path, kiln)
    with export(kiln, tmp_path, format_name).open(newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert "'+1" in cells


def test_another_stalls_product_is_exported_with_our_offer_only(tmp_path: Path, kiln: Seller, groove: Seller) -> None:
    theirs = factories.an_offer(seller=kiln, sku="THEIRS")
    factories.an_offer(seller=groove, variant=theirs.variant, sku="OURS", price_minor=990)
    with export(groove, tmp_path).open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["sku"], row["price"], row["product_key"]) == ("OURS", "9.90", theirs.variant.product.slug)
    assert load(export(groove, tmp_path), groove).rows == {Outcome.UNCHANGED: 1}


def test_products_made_by_hand_are_found_again(tmp_path: Path, kiln: Seller) -> None:
    offer = factories.an_offer(seller=kiln)
    ProductImage.objects.create(product=offer.variant.product, key="products/ab/abcd", state="ready", alt="Side")
    path = export(kiln, tmp_path)
    assert "https://hall.test/media/products/ab/abcd-1200.webp" in path.read_text()
    assert load(path, kiln).rows == {Outcome.UNCHANGED: 1}
    assert Product.objects.get().images.count() == 1


def test_archived_things_stay_behind(tmp_path: Path, kiln: Seller) -> None:
    factories.an_offer(seller=kiln, sku="GONE", status="archived")
    factories.an_offer(seller=kiln, sku="OLD", product=factories.a_product(owner=kiln, status="archived"))
    factories.an_offer(seller=kiln, sku="HERE")
    with export(kiln, tmp_path).open(newline="") as stream:
        assert [row["sku"] for row in csv.DictReader(stream)] == ["HERE"]


def test_an_export_streams_in_chunks(tmp_path: Path, kiln: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(7):
        factories.an_offer(seller=kiln)
    monkeypatch.setattr("marketplace.imports.exports.CHUNK", 3)
    with CaptureQueriesContext(connection) as captured:
        path = export(kiln, tmp_path)
    assert len(path.read_text().splitlines()) == 8
    # What it tells of its progress is not the export's own.
    assert sum("jobs_longjob" not in query["sql"] and "SAVEPOINT" not in query["sql"] for query in captured) < 20


def test_an_unknown_stall_is_named(db: None) -> None:
    with pytest.raises(NotFound, match="nobody"):
        export_products(
            seller_slug="nobody", format_name="awning", currency="EUR", site_url="", stream=io.StringIO(), now=NOW
        )


words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=20).map(
    lambda text: text.strip("'") or "x"
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=words, brand=words, sku=words, label=words, value=words, alt=words, price=st.integers(1, 10**9))
def test_any_text_survives_the_round_trip(
    tmp_path: Path, kiln: Seller, title: str, brand: str, sku: str, label: str, value: str, alt: str, price: int
) -> None:
    Offer.objects.filter(seller=kiln).update(status="archived")
    ProductVariant.objects.filter(product__owner=kiln).update(gtin="")
    offer = Offer.objects.filter(sku=sku).first() or factories.an_offer(
        seller=kiln, sku=sku, product=factories.a_product(owner=kiln, slug=f"t-{Product.objects.count()}")
    )
    Offer.objects.filter(pk=offer.pk).update(price_minor=price, status="active")
    product = offer.variant.product
    Product.objects.filter(pk=product.pk).update(title=title, brand=brand, extras={label: value}, status="active")
    ProductImage.objects.get_or_create(product=product, source_url="https://x.example/1.jpg", defaults={"alt": alt})

    def stored() -> tuple[object, ...]:
        text = Product.objects.values_list("title", "brand", "extras").get(pk=product.pk)
        return text, Offer.objects.values_list("sku", "price_minor").get(pk=offer.pk)

    before = stored()
    report = load(export(kiln, tmp_path), kiln)
    assert stored() == before
    assert report.rows == {Outcome.UNCHANGED: 1}
