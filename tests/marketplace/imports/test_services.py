import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DataError, connection
from django.test.utils import CaptureQueriesContext

from marketplace.catalog.models import Attribute, Category, Offer, Product, ProductImage, ProductVariant
from marketplace.core import events
from marketplace.core.errors import NotFound
from marketplace.core.models import OutboxEvent
from marketplace.imports import services
from marketplace.imports.limits import Limits
from marketplace.imports.report import Outcome, Report
from marketplace.imports.services import ImportOptions, import_products
from marketplace.inventory.models import StockItem, StockMovement
from marketplace.sellers.models import Seller
from tests import factories
from tests.marketplace.imports import files
from tests.marketplace.imports.files import NOW, a_shirt

pytestmark = pytest.mark.django_db


def run(path: Path, seller: Seller, **given: Any) -> Report:
    return import_products(path=path, seller_slug=seller.slug, currency="EUR", now=NOW, options=ImportOptions(**given))


def counts(report: Report) -> dict[str, int]:
    return {outcome.value: report.rows[outcome] for outcome in Outcome if report.rows[outcome]}


def snapshot() -> list[list[tuple[Any, ...]]]:
    tables = (Product, ProductVariant, Offer, StockItem, StockMovement, ProductImage, Category, OutboxEvent)
    return [list(table._default_manager.order_by("pk").values_list()) for table in tables]


def some_rows() -> list[dict[str, object]]:
    return [
        a_shirt(Image_Src="https://x.example/1.jpg", Tags="summer, linen", Vendor="Mill"),
        a_shirt(Title="", Option1_Name="", Option1_Value="", Variant_SKU="", Variant_Price="",
                Variant_Inventory_Qty="", Image_Src="https://x.example/2.jpg"),
        a_shirt(Handle="cap", Title="Cap", Variant_SKU="CAP-S", Option1_Name="Size", Option1_Value="S"),
        a_shirt(Handle="cap", Title="", Variant_SKU="CAP-L", Option1_Name="", Option1_Value="L", Variant_Price="55"),
        a_shirt(Handle="bad", Title="Bad", Variant_SKU="BAD", Variant_Price="free"),
        {"Handle": "cap", "Image Src": "https://x.example/3.jpg"},
    ]  # fmt: skip


def test_a_first_run_writes_products_variants_offers_stock_and_pictures(tmp_path: Path, kiln: Seller) -> None:
    report = run(files.shopify(tmp_path, *some_rows()), kiln)
    assert counts(report) == {"created": 5, "skipped": 1}
    assert report.products == {Outcome.CREATED: 2}
    assert report.offers == {Outcome.CREATED: 3}
    assert report.pictures_noted == 3
    shirt = Product.objects.get(external_key="blue-shirt")
    assert (shirt.owner, shirt.brand, shirt.status, shirt.slug) == (kiln, "Mill", "active", "blue-shirt")
    assert shirt.extras == {"Tags": "summer, linen"}
    assert shirt.category.slug == "unsorted"
    assert shirt.product_type.slug == "general-goods"
    offer = Offer.objects.get(seller=kiln, sku="SHIRT")
    assert (offer.price_minor, offer.in_stock, offer.status, offer.stock.on_hand) == (4990, True, "active", 5)
    assert list(offer.stock.movements.values_list("kind", "quantity", "reference")) == [("received", 5, "import")]
    cap = Product.objects.get(external_key="cap")
    assert list(cap.variants.values_list("title", "options_key")) == [("S", "size=S"), ("L", "size=L")]
    picture = shirt.images.first()
    assert picture is not None
    assert (picture.state, picture.source_url, picture.due_at) == ("pending", "https://x.example/1.jpg", NOW)


def test_a_second_run_writes_nothing(tmp_path: Path, kiln: Seller) -> None:
    path = files.shopify(tmp_path, *some_rows())
    run(path, kiln)
    before = snapshot()
    with CaptureQueriesContext(
        connection,
    ) as captured:
        report = run(path, kiln)
    verbs = {q["sql"].split()[0] for q in captured.captured_queries if "jobs_longjob" not in q["sql"]}
    assert verbs <= {"SELECT", "SAVEPOINT", "RELEASE"}
    assert counts(report) == {"unchanged": 5, "skipped": 1}
    assert report.products == {Outcome.UNCHANGED: 2}
    assert snapshot() == before


@pytest.mark.parametrize("first", [True, False])
def test_a_dry_run_reports_what_the_real_run_does_and_writes_nothing(tmp_path: Path, kiln: Seller, first: bool) -> None:
    if not first:
        run(files.shopify(tmp_path, *some_rows()[:3]), kiln)
    path = files.shopify(tmp_path, *some_rows())
    before = snapshot()
    planned = run(path, kiln, dry_run=True)
    assert snapshot() == before
    done = run(path, kiln)
    for name in ("rows", "products", "offers", "joined", "pictures_noted", "notes", "problems", "remarks"):
        assert getattr(planned, name) == getattr(done, name), name


def test_only_what_changed_is_written(tmp_path: Path, kiln: Seller) -> None:
    run(files.shopify(tmp_path, *some_rows()), kiln)
    rows = some_rows()
    rows[0] |= {"Variant Price": "39.90", "Variant Inventory Qty": "2"}
    rows[3] |= {"Variant Inventory Qty": "0"}
    rows[5] |= {"Image Alt Text": "From above"}
    report = run(files.shopify(tmp_path, *rows), kiln)
    assert counts(report) == {"updated": 3, "unchanged": 2, "skipped": 1}
    assert report.products == {Outcome.UPDATED: 2}
    shirt = Offer.objects.get(sku="SHIRT")
    assert (shirt.price_minor, shirt.stock.on_hand) == (3990, 2)
    assert list(shirt.stock.movements.order_by("pk").values_list("kind", "quantity")) == [
        ("received", 5),
        ("corrected", -3),
    ]
    large = Offer.objects.get(sku="CAP-L")
    assert (large.in_stock, large.stock.on_hand) == (False, 0)
    assert Product.objects.get(external_key="blue-shirt").updated_at == NOW


def test_stock_never_falls_below_what_is_held(tmp_path: Path, kiln: Seller) -> None:
    run(files.shopify(tmp_path, a_shirt()), kiln)
    StockItem.objects.update(reserved=3)
    path = files.shopify(tmp_path, a_shirt(Variant_Inventory_Qty=1))
    report = run(path, kiln)
    item = StockItem.objects.get()
    assert (item.on_hand, item.reserved, item.offer.in_stock) == (3, 3, False)
    assert "3 are held" in report.remarks[0].message
    assert counts(run(path, kiln)) == {"unchanged": 1}


def test_what_a_file_leaves_blank_stays(tmp_path: Path, kiln: Seller) -> None:
    run(
        files.shopify(
            tmp_path,
            a_shirt(Vendor="Mill", Tags="linen", Variant_Barcode="4006381333931", **{"Body (HTML)": "<p>Soft</p>"}),
        ),
        kiln,
    )
    report = run(files.shopify(tmp_path, a_shirt()), kiln)
    product = Product.objects.get()
    assert counts(report) == {"unchanged": 1}
    assert (product.brand, product.extras, product.description) == ("Mill", {"Tags": "linen"}, "<p>Soft</p>")


def test_two_stalls_may_import_the_same_file(tmp_path: Path, kiln: Seller, groove: Seller) -> None:
    path = files.shopify(tmp_path, *some_rows())
    run(path, kiln)
    report = run(path, groove)
    assert counts(report) == {"created": 5, "skipped": 1}
    slugs = set(Product.objects.values_list("slug", flat=True))
    assert len(slugs) == 4
    assert counts(run(path, groove)) == {"unchanged": 5, "skipped": 1}


def test_a_sku_of_another_product_is_refused(tmp_path: Path, kiln: Seller) -> None:
    run(files.shopify(tmp_path, *some_rows()), kiln)
    rows = [
        a_shirt(
            Handle="tie", Title="Tie", Variant_SKU="CAP-S", Variant_Price="1", Option1_Name="Size", Option1_Value="S"
        ),
        a_shirt(Handle="tie", Title="", Variant_SKU="TIE-M", Option1_Value="M"),
    ]
    report = run(files.shopify(tmp_path, *rows), kiln)
    assert counts(report) == {"created": 1, "skipped": 1}
    assert "belongs to “Cap”" in report.problems[0].message
    assert report.problems[0].row == 2
    assert Product.objects.get(external_key="cap").title == "Cap"
    assert Offer.objects.get(sku="CAP-S").price_minor == 4990
    alone = run(files.shopify(tmp_path, rows[0]), kiln)
    assert counts(alone) == {"skipped": 1}
    assert not alone.usable


def test_a_product_is_known_again_by_its_skus_when_its_key_changed(tmp_path: Path, kiln: Seller) -> None:
    run(files.shopify(tmp_path, *some_rows()), kiln)
    parent = {
        "ID": 5,
        "Type": "variable",
        "SKU": "CAP",
        "Name": "Cap",
        "Attribute 1 name": "Size",
        "Attribute 1 value(s)": "S, L",
    }
    children = [
        {"Type": "variation", "SKU": f"CAP-{size}", "Regular price": price, "Parent": "CAP", "Stock": 5, "In stock?": 1,
         "Attribute 1 name": "Size", "Attribute 1 value(s)": size}
        for size, price in (("S", "49.90"), ("L", "55"))
    ]  # fmt: skip
    report = run(files.woo(tmp_path, parent, *children), kiln)
    assert counts(report) == {"unchanged": 3}
    assert Product.objects.count() == 2


def test_a_gtin_joins_another_stalls_product_without_touching_it(tmp_path: Path, kiln: Seller, groove: Seller) -> None:
    gtin = "4006381333931"
    run(files.shopify(tmp_path, a_shirt(Variant_Barcode=gtin, Image_Src="https://x.example/1.jpg")), kiln)
    theirs = list(Product.objects.values_list())
    row = a_shirt(
        Handle="hemd",
        Title="Hemd!",
        Variant_SKU="H",
        Variant_Price="30",
        Variant_Barcode=gtin,
        Image_Src="https://y.example/9.jpg",
    )
    path = files.shopify(tmp_path, row)
    report = run(path, groove)
    assert counts(report) == {"created": 1}
    assert (report.joined, report.products, report.pictures_noted) == (1, {}, 0)
    offer = Offer.objects.get(seller=groove)
    assert offer.variant == Offer.objects.get(seller=kiln).variant
    assert list(Product.objects.values_list()) == theirs
    assert ProductImage.objects.count() == 1
    assert counts(run(path, groove)) == {"unchanged": 1}
    again = run(files.shopify(tmp_path, {**row, "Variant Price": "29", "Title": "Mine now"}), groove)
    assert counts(again) == {"updated": 1}
    assert list(Product.objects.values_list()) == theirs


@pytest.mark.parametrize("change", [{"status": "draft"}, {"status": "archived"}])
def test_a_gtin_joins_nothing_that_is_not_on_sale(
    tmp_path: Path, kiln: Seller, groove: Seller, change: dict[str, str]
) -> None:
    run(files.shopify(tmp_path, a_shirt(Variant_Barcode="4006381333931")), kiln)
    Product.objects.update(**change)
    assert run(files.shopify(tmp_path, a_shirt(Variant_Barcode="4006381333931")), groove).joined == 0
    assert Product.objects.filter(owner=groove).count() == 1


def test_categories_are_found_and_never_made(tmp_path: Path, kiln: Seller) -> None:
    home = factories.a_category(name="Home")
    kitchen = factories.a_category(name="Kitchen", parent=home)
    before = Category.objects.count()
    rows = [
        a_shirt(Handle=str(number), Title=f"T{number}", Variant_SKU=str(number), Type=kind)
        for number, kind in enumerate(("Home > Kitchen", "home > kitchen", "Home > Garden", "Elsewhere", ""))
    ]
    report = run(files.shopify(tmp_path, *rows), kiln)
    places = dict(Product.objects.values_list("external_key", "category__slug"))
    assert places == {"0": "kitchen", "1": "kitchen", "2": "home", "3": "unsorted", "4": "unsorted"}
    assert report.missing_categories == {"Home > Garden": 1, "Elsewhere": 1}
    assert Category.objects.count() == before + 1
    Product.objects.filter(external_key="3").update(category=kitchen)
    assert counts(run(files.shopify(tmp_path, *rows), kiln)) == {"unchanged": 5}
    assert Product.objects.get(external_key="3").category == kitchen


def test_attributes_are_typed_where_the_type_knows_them(tmp_path: Path, kiln: Seller) -> None:
    ceramics = factories.a_product_type(name="Ceramics")
    for slug, kind, choices in (
        ("glaze", "choice", ["Celadon", "Ash"]),
        ("height", "number", []),
        ("signed", "boolean", []),
    ):
        Attribute.objects.create(
            product_type=ceramics,
            slug=slug,
            label=slug.capitalize(),
            kind=kind,
            choices=choices,
            unit="cm" if kind == "number" else "",
        )
    text = "Glaze: celadon\nHeight: 12.50 cm\nSigned: Yes\nKiln: Wood\\, salt"
    row = {"product_key": "v", "title": "Vase", "type": "Ceramics", "sku": "V", "price": "80", "attributes": text}
    run(files.awning(tmp_path, row, {**row, "product_key": "w", "sku": "W", "attributes": "Glaze: Pink"}), kiln)
    vase, other = Product.objects.order_by("external_key")
    assert vase.product_type == ceramics
    assert vase.attributes == {"glaze": "Celadon", "height": "12.5", "signed": True}
    assert vase.extras == {"Kiln": "Wood, salt"}
    assert (other.attributes, other.extras) == ({}, {"Glaze": "Pink"})


def test_html_is_sanitised_when_written(tmp_path: Path, kiln: Seller) -> None:
    body = '<p onclick="x()">Hi<script>alert(1)</script><img src=x onerror=alert(1)> <a href="javascript:x">l</a></p>'
    path = files.shopify(tmp_path, a_shirt(**{"Body (HTML)": body}))
    run(path, kiln)
    stored = Product.objects.get().description
    assert "script" not in stored
    assert "onclick" not in stored
    assert "img" not in stored
    assert counts(run(path, kiln)) == {"unchanged": 1}


def test_the_product_the_database_refuses_is_the_only_one_lost(
    tmp_path: Path, kiln: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [a_shirt(Handle=f"h{number}", Title=f"T{number}", Variant_SKU=f"S{number}") for number in range(25)]
    honest = services.write

    def refuse_seven(changes: Any, *, now: Any) -> None:
        honest(changes, now=now)
        if any(product.external_key == "h7" for product in changes.new_products):
            raise DataError("value too long")

    monkeypatch.setattr(services, "write", refuse_seven)
    report = run(files.shopify(tmp_path, *rows), kiln)
    assert counts(report) == {"created": 24, "skipped": 1}
    assert report.problems[0].row == 9
    assert "refused the product: value too long" in report.problems[0].message
    assert not Product.objects.filter(external_key="h7").exists()
    assert not Offer.objects.filter(sku="S7").exists()
    assert StockMovement.objects.count() == 24


def test_a_file_larger_than_a_batch_comes_in_whole(
    tmp_path: Path, kiln: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BATCH_PRODUCTS", 7)
    rows = [a_shirt(Handle=f"h{number}", Title="Same title", Variant_SKU=f"S{number}") for number in range(40)]
    path = files.shopify(tmp_path, *rows)
    planned = run(path, kiln, dry_run=True)
    report = run(path, kiln)
    assert counts(report) == counts(planned) == {"created": 40}
    assert Product.objects.values("slug").distinct().count() == 40
    assert counts(run(path, kiln)) == {"unchanged": 40}


def test_queries_do_not_grow_with_the_rows(tmp_path: Path, kiln: Seller) -> None:
    def queries(number: int) -> list[int]:
        rows = [
            a_shirt(
                Handle=f"{number}-{each}",
                Title=f"T{each}",
                Variant_SKU=f"{number}-{each}",
                Variant_Image=f"https://x.example/{each}.jpg",
                Variant_Barcode="4006381333931",
            )
            for each in range(number)
        ]
        counted = []
        for price in ("10", "10", "11"):
            path = files.shopify(tmp_path, *({**row, "Variant Price": price} for row in rows))
            with CaptureQueriesContext(connection) as captured:
                run(path, kiln)
            counted.append(len(captured))
        return counted

    run(files.shopify(tmp_path, a_shirt()), kiln)
    assert queries(51) == queries(60)


def test_untracked_stock_counts_as_one_unless_told_otherwise(tmp_path: Path, kiln: Seller) -> None:
    path = files.shopify(tmp_path, a_shirt(Variant_Inventory_Qty=""))
    assert run(path, kiln).uncounted == 1
    assert StockItem.objects.get().on_hand == 1
    StockItem.objects.update(on_hand=9)
    assert counts(run(path, kiln)) == {"unchanged": 1}
    other = run(
        files.shopify(tmp_path, a_shirt(Handle="b", Title="B", Variant_SKU="B", Variant_Inventory_Qty="")),
        kiln,
        untracked_stock=0,
    )
    assert other.uncounted == 1
    assert Offer.objects.get(sku="B").in_stock is False


def test_a_renamed_sku_keeps_its_offer(tmp_path: Path, kiln: Seller) -> None:
    run(files.shopify(tmp_path, a_shirt(Variant_SKU="")), kiln)
    offer = Offer.objects.get()
    assert counts(run(files.shopify(tmp_path, a_shirt()), kiln)) == {"updated": 1}
    offer.refresh_from_db()
    assert offer.sku == "SHIRT"
    assert Offer.objects.count() == 1


def test_options_of_another_variant_are_refused(tmp_path: Path, kiln: Seller) -> None:
    run(files.shopify(tmp_path, *some_rows()), kiln)
    rows = some_rows()
    rows[2] |= {"Option1 Value": "L"}
    rows[3] |= {"Option1 Value": "XL", "Variant SKU": "CAP-XL"}
    report = run(files.shopify(tmp_path, *rows), kiln)
    assert {problem.row for problem in report.problems} == {4, 6}
    assert "same options" in report.problems[1].message


def test_changed_products_are_published_and_unchanged_ones_are_not(tmp_path: Path, kiln: Seller) -> None:
    events.subscribe("catalog.products_changed", "tests.imports", lambda payload, now: None)
    path = files.shopify(tmp_path, *some_rows())
    run(path, kiln)
    (event,) = OutboxEvent.objects.filter(handler="tests.imports")
    assert event.payload == {"product_ids": sorted(Product.objects.values_list("pk", flat=True))}
    run(path, kiln)
    assert OutboxEvent.objects.filter(handler="tests.imports").count() == 1
    events._by_topic["catalog.products_changed"] = [
        each for each in events._by_topic["catalog.products_changed"] if each.name != "tests.imports"
    ]
    del events._by_name["tests.imports"]


def test_the_row_report_names_every_row_once(tmp_path: Path, kiln: Seller) -> None:
    path = files.shopify(tmp_path, *some_rows())
    run(path, kiln, report_path=tmp_path / "report.csv")
    with (tmp_path / "report.csv").open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    outcomes = {int(line["row"]): line["outcome"] for line in lines if line["outcome"] != "note"}
    assert outcomes == {2: "created", 3: "created", 4: "created", 5: "created", 6: "skipped", 7: "created"}
    bad = next(line for line in lines if line["row"] == "6")
    assert (bad["sku"], bad["column"]) == ("BAD", "Variant Price")
    run(path, kiln, report_path=tmp_path / "report.json")
    loaded = json.loads((tmp_path / "report.json").read_text())
    assert len(loaded["rows"]) == len(lines)
    assert loaded["summary"]["rows"]["unchanged"] == 5
    assert loaded["summary"]["peak_memory_mib"] > 0


def test_formulas_in_a_file_stay_harmless_in_its_report(tmp_path: Path, kiln: Seller) -> None:
    run(
        files.shopify(tmp_path, a_shirt(Variant_SKU="=HYPERLINK(1)", Variant_Price="x")),
        kiln,
        report_path=tmp_path / "r.csv",
    )
    assert "'=HYPERLINK" in (tmp_path / "r.csv").read_text()


def test_too_many_rows_stop_the_file_but_not_those_before(tmp_path: Path, kiln: Seller) -> None:
    rows = [a_shirt(Handle=f"h{number}", Title=f"T{number}", Variant_SKU=f"S{number}") for number in range(9)]
    report = run(files.shopify(tmp_path, *rows), kiln, limits=Limits(rows=6))
    assert counts(report) == {"created": 6, "skipped": 1}
    assert "more than 6 rows" in report.problems[0].message


def test_an_unknown_stall_is_named(tmp_path: Path, db: None) -> None:
    with pytest.raises(NotFound, match="no stall 'nobody'"):
        import_products(path=files.shopify(tmp_path), seller_slug="nobody", currency="EUR", now=NOW + timedelta(1))
