import random
from pathlib import Path

import pytest

from marketplace.imports.limits import Limits
from tests.marketplace.imports import files
from tests.marketplace.imports.files import a_shirt, entries, notes, products, skipped


def test_one_handle_over_many_rows_is_one_product(tmp_path: Path) -> None:
    path = files.shopify(
        tmp_path,
        {
            "Handle": "mug", "Title": "Mug", "Option1 Name": "Size", "Option1 Value": "S", "Option2 Name": "Glaze",
            "Option2 Value": "Celadon", "Variant SKU": "M-S", "Variant Price": "12", "Variant Inventory Qty": 3,
            "Image Src": "https://x.example/1.jpg", "Image Alt Text": "Front", "Vendor": "Kiln", "Tags": "tea, cup",
            "Body (HTML)": "<p>Line one\nline two</p>", "Type": "Kitchen > Cups",
        },
        {"Handle": "mug", "Option1 Value": "L", "Option2 Value": "Celadon", "Variant SKU": "M-L", "Variant Price": "14",
         "Variant Image": "https://x.example/2.jpg"},
        {"Handle": "mug", "Image Src": "https://x.example/3.jpg"},
        {"Handle": "mug", "Image Src": "https://x.example/2.jpg", "Image Alt Text": "Large"},
    )  # fmt: skip
    (product,) = products(entries(path))
    assert (product.handle, product.title, product.brand, product.tags) == ("mug", "Mug", "Kiln", ("tea", "cup"))
    assert product.rows == (2, 3, 4, 5)
    assert product.categories == (("Kitchen", "Cups"),)
    small, large = product.variants
    assert small.options == (("Size", "S"), ("Glaze", "Celadon"))
    assert large.options == (("Size", "L"), ("Glaze", "Celadon"))
    assert (small.price, small.stock, large.stock) == (1200, 3, None)
    assert [image.url[-5:] for image in product.images] == ["1.jpg", "3.jpg", "2.jpg"]
    assert [image.alt for image in product.images] == ["Front", "", "Large"]
    assert large.image_url == "https://x.example/2.jpg"


def test_the_default_title_is_no_option_and_gets_the_handle_as_sku(tmp_path: Path) -> None:
    (product,) = products(entries(files.shopify(tmp_path, a_shirt(Variant_SKU=""))))
    assert product.variants[0].options == ()
    assert product.variants[0].sku == "blue-shirt"


def test_missing_skus_are_derived_the_same_way_whatever_the_order(tmp_path: Path) -> None:
    rows = [
        {"Handle": "top", "Title": "Top", "Option1 Name": "Size", "Option1 Value": value, "Variant Price": "9"}
        for value in ("Small", "A/B", "A B", "Größe 3")
    ]
    one = products(entries(files.shopify(tmp_path, *rows)))[0]
    two = products(entries(files.shopify(tmp_path, *reversed(rows))))[0]
    first = {variant.options: variant.sku for variant in one.variants}
    assert first == {variant.options: variant.sku for variant in two.variants}
    assert len(set(first.values())) == 4
    assert first[("Size", "Small"),] == "top-small"


def test_rows_of_one_product_may_stand_far_apart(tmp_path: Path) -> None:
    rows = [
        {"Handle": f"h{number}", "Title": f"T{number}" if place == 0 else "", "Option1 Name": "Size",
         "Option1 Value": str(place), "Variant SKU": f"{number}-{place}", "Variant Price": "5"}
        for place in range(3)
        for number in range(40)
    ]  # fmt: skip
    found = products(entries(files.shopify(tmp_path, *rows)))
    assert len(found) == 40
    assert all(len(product.variants) == 3 for product in found)
    shuffled = random.Random(3).sample(rows, len(rows))
    again = products(entries(files.shopify(tmp_path, *shuffled)))
    assert {product.handle: {each.sku for each in product.variants} for product in again} == {
        product.handle: {each.sku for each in product.variants} for product in found
    }


def test_a_bad_row_costs_only_itself(tmp_path: Path) -> None:
    path = files.shopify(
        tmp_path,
        a_shirt(),
        a_shirt(Handle="b", Variant_SKU="B", Variant_Price=""),
        a_shirt(Handle="c", Variant_SKU="C", Variant_Price="cheap"),
        a_shirt(Handle="d", Variant_SKU="D", Title=""),
        a_shirt(Handle="e", Variant_SKU="E", Gift_Card="true"),
        {"Handle": "f"},
        {"Variant SKU": "G", "Variant Price": "3"},
        a_shirt(Handle="h", Variant_SKU="H", Variant_Inventory_Qty="lots"),
        a_shirt(Handle="i", Variant_SKU="I"),
    )
    found = entries(path)
    assert [product.handle for product in products(found)] == ["blue-shirt", "i"]
    reasons = skipped(found)
    assert set(reasons) == {3, 4, 5, 6, 7, 8, 9}
    assert "price is empty" in reasons[3]
    assert "not a price" in reasons[4]
    assert "title is empty" in reasons[5]
    assert "Gift cards" in reasons[6]
    assert "title is empty" in reasons[7]
    assert "handle is empty" in reasons[8]
    assert "whole number" in reasons[9]


def test_a_bad_variant_leaves_its_product_and_picture(tmp_path: Path) -> None:
    path = files.shopify(
        tmp_path,
        a_shirt(Option1_Name="Size", Option1_Value="S", Variant_Price="x", Image_Src="https://x.example/1.jpg"),
        a_shirt(Title="", Option1_Value="M", Variant_SKU="M"),
        a_shirt(Title="", Option1_Value="M", Variant_SKU="M2"),
    )
    found = entries(path)
    (product,) = products(found)
    assert [variant.sku for variant in product.variants] == ["M"]
    assert product.rows == (3,)
    assert len(product.images) == 1
    assert set(skipped(found)) == {2, 4}
    assert "Row 3 has the same options" in skipped(found)[4]


def test_every_row_is_in_exactly_one_entry(tmp_path: Path) -> None:
    dice = random.Random(7)
    rows = [
        {
            "Handle": dice.choice(["a", "b", "c", ""]),
            "Title": dice.choice(["", "Thing"]),
            "Option1 Name": "Size",
            "Option1 Value": dice.choice(["", "S", "M"]),
            "Variant Price": dice.choice(["", "5", "x"]),
            "Image Src": dice.choice(["", "https://x.example/1.jpg", "ftp://x"]),
        }
        for _ in range(300)
    ]
    found = entries(files.shopify(tmp_path, *rows))
    covered = [row for product in products(found) for row in product.rows] + list(skipped(found))
    assert sorted(covered) == list(range(2, 302))


def test_a_missing_handle_comes_from_the_title(tmp_path: Path) -> None:
    found = entries(files.shopify(tmp_path, a_shirt(Handle="")))
    assert products(found)[0].handle == "blue-shirt"
    assert "handle is empty" in notes(found)[2]


def test_what_is_odd_but_harmless_is_noted(tmp_path: Path) -> None:
    path = files.shopify(
        tmp_path, a_shirt(Variant_Inventory_Qty="-4", Variant_Barcode="12345", Image_Src="javascript:alert(1)")
    )
    found = entries(path)
    (product,) = products(found)
    assert (product.variants[0].stock, product.variants[0].gtin, product.images) == (0, "", ())
    assert not skipped(found)


@pytest.mark.parametrize(
    ("cells", "published"),
    [({}, True), ({"Published": "false"}, False), ({"Status": "draft"}, False), ({"Status": "archived"}, False),
     ({"Published": "TRUE", "Status": "active"}, True)],
)  # fmt: skip
def test_what_is_not_published_is_a_draft(tmp_path: Path, cells: dict[str, str], published: bool) -> None:
    (product,) = products(entries(files.shopify(tmp_path, a_shirt(**cells))))
    assert product.published is published


def test_the_newer_template_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    columns = ("Title", "URL handle", "Description", "Vendor", "Published on online store", "Status", "SKU", "Barcode",
               "Option1 name", "Option1 value", "Price", "Inventory quantity", "Product image URL")  # fmt: skip
    row = {"Title": "Bowl", "URL handle": "bowl", "SKU": "B", "Price": "30", "Inventory quantity": "2",
           "Barcode": "4006381333931", "Product image URL": "https://x.example/b.jpg"}  # fmt: skip
    path.write_text(files.text(columns, [row]))
    (product,) = products(entries(path))
    assert (product.handle, product.variants[0].sku, product.variants[0].stock) == ("bowl", "B", 2)
    assert product.variants[0].gtin == "4006381333931"
    assert len(product.images) == 1


def test_a_product_with_too_many_rows_stops_growing(tmp_path: Path) -> None:
    rows = [a_shirt(Title="", Option1_Value=str(number), Variant_SKU=f"S{number}") for number in range(30)]
    rows[0]["Title"] = "Shirt"
    found = entries(files.shopify(tmp_path, *rows), limits=Limits(product_rows=20))
    assert len(products(found)[0].variants) == 20
    assert len(skipped(found)) == 10
