from pathlib import Path

import pytest

from tests.marketplace.imports import files
from tests.marketplace.imports.files import entries, products, skipped


def row(**cells: object) -> dict[str, object]:
    return {"product_key": "bowl", "title": "Bowl", "sku": "B", "price": "20.00", "stock": "4", **cells}


def test_every_column_is_read(tmp_path: Path) -> None:
    path = files.awning(
        tmp_path,
        row(
            description="<p>Round</p>", brand="Kiln", type="Ceramics", category="Home > Kitchen, Gifts",
            attributes="Glaze: Celadon, Ash\nFor: Tea\\: green", status="active", gtin="4006381333931",
            condition="like_new", option1_name="Size", option1_value="S", picture_url="https://x.example/1.jpg",
            picture_alt="Front", variant_picture_url="https://x.example/2.jpg",
        ),
        row(title="", sku="B2", option1_name="Size", option1_value="S", condition="new", offer_status="paused",
            picture_url="https://x.example/2.jpg"),
        {"product_key": "bowl", "picture_url": "https://x.example/3.jpg"},
    )  # fmt: skip
    found = entries(path)
    assert not skipped(found)
    (product,) = products(found)
    assert (product.handle, product.brand, product.kind) == ("bowl", "Kiln", "Ceramics")
    assert product.categories == (("Home", "Kitchen"), ("Gifts",))
    assert product.attributes == (("Glaze", ("Celadon", "Ash")), ("For", ("Tea: green",)))
    used, new = product.variants
    assert (used.condition, used.active, new.condition, new.active) == ("like_new", True, "new", False)
    assert [image.url[-5] for image in product.images] == ["1", "2", "3"]
    assert used.image_url == "https://x.example/2.jpg"


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"product_key": ""}, "product key is empty"),
        ({"condition": "mint"}, "write one of new, like_new"),
        ({"status": "hidden"}, "write one of active, draft"),
        ({"offer_status": "gone"}, "write one of active, paused"),
        ({"attributes": "Glaze"}, "no attribute"),
        ({"stock": "-1"}, "write 0 or more"),
        ({"price": ""}, "price is empty"),
        ({"price": "", "sku": ""}, "neither a price nor a picture"),
        ({"title": "x" * 201}, "longer than 200"),
        ({"sku": "x" * 121}, "longer than 120"),
        ({"brand": "x" * 121}, "longer than 120"),
        ({"product_key": "x" * 201}, "longer than 200"),
    ],
)
def test_a_bad_row_says_what_to_write(tmp_path: Path, cells: dict[str, object], says: str) -> None:
    found = entries(files.awning(tmp_path, row(**cells), row(product_key="ok", sku="OK")))
    assert [product.handle for product in products(found)] == ["ok"]
    assert says in skipped(found)[2]
