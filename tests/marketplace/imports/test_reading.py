import gzip
from pathlib import Path

import pytest

from marketplace.imports.errors import CatalogueFileError
from marketplace.imports.limits import DEFAULT_LIMITS
from marketplace.imports.reading import open_catalogue
from tests.marketplace.imports import files
from tests.marketplace.imports.files import EURO, a_shirt, entries, products, skipped


def name_of(path: Path, format_name: str = "") -> str:
    return open_catalogue(path, options=EURO, limits=DEFAULT_LIMITS, format_name=format_name).format


def test_the_format_is_found_out_from_the_header(tmp_path: Path) -> None:
    assert name_of(files.shopify(tmp_path)) == "shopify"
    assert name_of(files.woo(tmp_path)) == "woocommerce"
    assert name_of(files.awning(tmp_path)) == "awning"


def test_an_unknown_header_names_what_was_looked_for(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("Artikelnummer,Bezeichnung\n1,x\n")
    with pytest.raises(CatalogueFileError, match=r"shopify: Handle, Title, Variant Price.*Artikelnummer, Bezeichnung"):
        name_of(path)


def test_a_wrong_format_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CatalogueFileError, match=r"no woocommerce export: the header lacks SKU, Name, Regular price"):
        name_of(files.shopify(tmp_path), "woocommerce")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_every_way_a_spreadsheet_saves_it_reads_the_same(tmp_path: Path, encoding: str, end: str, mark: str) -> None:
    content = files.text(
        files.SHOPIFY, [a_shirt(Title="Café “blau”", Variant_Price="1.234,50")], delimiter=mark, end=end
    )
    path = tmp_path / "file.csv.gz"
    path.write_bytes(gzip.compress(content.encode(encoding)))
    (product,) = products(entries(path))
    assert (product.title, product.variants[0].price) == ("Café “blau”", 123450)


def test_undecodable_bytes_cost_their_row(tmp_path: Path) -> None:
    content = files.text(
        files.SHOPIFY,
        [a_shirt(), a_shirt(Handle="b", Variant_SKU="B"), a_shirt(Handle="c", Variant_SKU="C", Title="Ö")],
    )
    path = tmp_path / "file.csv"
    path.write_bytes(content.encode().replace(b"b,Blue shirt", b"b,Blue \xff shirt"))
    found = entries(path)
    assert [product.handle for product in products(found)] == ["blue-shirt", "c"]
    assert "not text in this file's encoding" in skipped(found)[3]


def test_a_sku_is_taken_once_whatever_its_case(tmp_path: Path) -> None:
    found = entries(files.shopify(tmp_path, a_shirt(), a_shirt(Handle="b", Variant_SKU="shirt")))
    assert len(products(found)) == 1
    assert "stands in row 2" in skipped(found)[3]


def test_a_repeated_sku_within_a_product_leaves_the_other_variants(tmp_path: Path) -> None:
    rows = [
        a_shirt(Option1_Name="Size", Option1_Value=size, Variant_SKU=sku)
        for size, sku in (("S", "A"), ("M", "A"), ("L", "B"))
    ]
    found = entries(files.shopify(tmp_path, *rows))
    (product,) = products(found)
    assert [variant.sku for variant in product.variants] == ["A", "B"]
    assert product.rows == (2, 4)
    assert set(skipped(found)) == {3}


def test_a_product_that_stands_twice_is_taken_once(tmp_path: Path) -> None:
    row = {"ID": 1, "Type": "simple", "SKU": "A", "Name": "Bowl", "Regular price": "20"}
    found = entries(files.woo(tmp_path, row, {**row, "SKU": "B"}))
    assert len(products(found)) == 1
    assert "stands in row 2 already" in skipped(found)[3]
