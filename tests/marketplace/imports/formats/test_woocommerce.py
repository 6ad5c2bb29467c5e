import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from marketplace.imports.records import ReadOptions
from tests.marketplace.imports import files
from tests.marketplace.imports.files import EURO, entries, notes, products, skipped


def simple(**cells: object) -> dict[str, object]:
    return {"ID": 1, "Type": "simple", "SKU": "S", "Name": "Bowl", "Regular price": "20", "In stock?": 1, **cells}


def parent(**cells: object) -> dict[str, object]:
    return {
        "ID": 7, "Type": "variable", "SKU": "TEE", "Name": "Tee", "Attribute 1 name": "Colour",
        "Attribute 1 value(s)": "Red, Blue", "Attribute 2 name": "Cloth", "Attribute 2 value(s)": "Cotton\\, organic",
        "Categories": "Clothing > Tees, Gifts", **cells,
    }  # fmt: skip


def variation(colour: str, **cells: object) -> dict[str, object]:
    return {
        "Type": "variation", "SKU": f"TEE-{colour}", "Name": f"Tee {colour}", "Regular price": "15", "Parent": "TEE",
        "In stock?": 1, "Attribute 1 name": "Colour", "Attribute 1 value(s)": colour, **cells,
    }  # fmt: skip


def test_a_parent_and_its_variations_are_one_product(tmp_path: Path) -> None:
    path = files.woo(
        tmp_path,
        variation("Red", Images="https://x.example/red.jpg", Position=2),
        parent(Images="https://x.example/a.jpg, https://x.example/b.jpg"),
        simple(),
        variation("Blue", Parent="id:7", Position=1, Stock=4),
    )
    found = entries(path)
    bowl, tee = products(found)
    assert not skipped(found)
    assert bowl.handle == "id:1"
    assert (tee.handle, tee.title, sorted(tee.rows)) == ("id:7", "Tee", [2, 3, 5])
    assert [variant.sku for variant in tee.variants] == ["TEE-Blue", "TEE-Red"]
    assert tee.variants[1].options == (("Colour", "Red"),)
    assert tee.variants[1].image_url == "https://x.example/red.jpg"
    assert len(tee.images) == 3
    assert tee.attributes == (("Cloth", ("Cotton, organic",)),)
    assert tee.categories == (("Clothing", "Tees"), ("Gifts",))


def test_the_order_of_the_rows_does_not_matter(tmp_path: Path) -> None:
    rows = [parent(ID=number, SKU=f"P{number}", Name=f"P{number}") for number in range(1, 30)]
    rows += [
        variation(colour, SKU=f"{number}-{colour}", Parent=f"P{number}" if number % 2 else f"id:{number}")
        for number in range(1, 30)
        for colour in ("Red", "Blue", "Green")
    ]
    expected = {f"id:{number}": {f"{number}-{each}" for each in ("Red", "Blue", "Green")} for number in range(1, 30)}
    for seed in range(3):
        found = entries(files.woo(tmp_path, *random.Random(seed).sample(rows, len(rows))))
        assert {each.handle: {variant.sku for variant in each.variants} for each in products(found)} == expected


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (simple(Type="grouped"), "only lists others"),
        (simple(Type="external"), "sold on another site"),
        (simple(Type="subscription"), "no type we know"),
        (simple(**{"Regular price": ""}), "price is empty"),
        (simple(Name=""), "title is empty"),
        (variation("Red", Parent=""), "names no parent"),
        (variation("Red", Parent="id:99"), "ID “99”"),
        (variation("Red", Parent="NOPE"), "SKU “nope”"),
        (parent(SKU="EMPTY", ID=70), "no variations"),
        (simple(**{"Sale price": "5", "Date sale price starts": "soon"}), "not a date"),
    ],
)
def test_a_bad_row_says_why_and_costs_only_itself(tmp_path: Path, row: dict[str, object], says: str) -> None:
    found = entries(files.woo(tmp_path, simple(ID=5, SKU="OK"), row, parent(), variation("Blue")))
    assert [product.handle for product in products(found)] == ["id:5", "id:7"]
    assert says in skipped(found)[3]


def test_two_parents_of_one_sku_are_named(tmp_path: Path) -> None:
    found = entries(files.woo(tmp_path, parent(), parent(ID=8), variation("Red")))
    assert len(products(found)) == 1
    assert "Row 2 is a parent with the same SKU" in skipped(found)[3]


@pytest.mark.parametrize(
    ("starts", "ends", "price"),
    [
        ("", "", 1500),
        ("2026-11-01", "2026-11-30", 1500),
        ("2026-11-23", "", 2000),
        ("", "2026-11-22", 1500),
        ("", "2026-11-21", 2000),
        ("2026-11-22 09:00:00", "2026-11-22 09:31:00", 1500),
        ("2026-11-22 09:31:00", "", 2000),
    ],
)
def test_a_sale_counts_while_it_runs(tmp_path: Path, starts: str, ends: str, price: int) -> None:
    row = simple(**{"Sale price": "15", "Date sale price starts": starts, "Date sale price ends": ends})
    options = ReadOptions(currency="EUR", digits=2, now=datetime(2026, 11, 22, 9, 30, tzinfo=UTC))
    (product,) = products(entries(files.woo(tmp_path, row), options=options))
    assert product.variants[0].price == price


def test_stock_and_its_flag(tmp_path: Path) -> None:
    found = products(
        entries(
            files.woo(
                tmp_path,
                simple(SKU="A", ID=1, Stock=3),
                simple(SKU="B", ID=2, Stock=""),
                simple(SKU="C", ID=3, Stock="", **{"In stock?": 0}),
                simple(SKU="D", ID=4, Stock="-2"),
            )
        )
    )
    assert [(each.variants[0].stock, each.variants[0].in_stock) for each in found] == [
        (3, True), (None, True), (None, False), (0, True),
    ]  # fmt: skip


def test_downloads_become_drafts(tmp_path: Path) -> None:
    found = entries(files.woo(tmp_path, simple(Type="simple, downloadable, virtual")))
    assert products(found)[0].published is False
    assert "not delivered here" in notes(found)[2]


def test_a_variation_of_any_value_is_noted(tmp_path: Path) -> None:
    row = variation("Red", **{"Attribute 2 name": "Size", "Attribute 2 value(s)": ""})
    found = entries(files.woo(tmp_path, parent(), row))
    assert products(found)[0].variants[0].options == (("Colour", "Red"),)
    assert "any Size" in notes(found)[3]


def test_texts_are_joined_and_their_line_ends_restored(tmp_path: Path) -> None:
    row = simple(**{"Short description": "Short.", "Description": "One\\ntwo", "SKU": "'=1+1"})
    (product,) = products(entries(files.woo(tmp_path, row), options=EURO))
    assert product.body_html == "<p>Short.</p>\nOne\ntwo"
    assert product.variants[0].sku == "=1+1"


def test_a_product_without_id_and_sku_keeps_a_stable_key(tmp_path: Path) -> None:
    (product,) = products(entries(files.woo(tmp_path, simple(ID="", SKU=""))))
    assert (product.handle, product.variants[0].sku) == ("bowl", "bowl")
