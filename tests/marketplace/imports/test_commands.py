import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from marketplace.catalog.models import Product, ProductImage
from marketplace.imports import tasks
from marketplace.imports.fetching import Door
from marketplace.sellers.models import Seller
from tests.marketplace.imports import files
from tests.marketplace.imports.files import a_shirt

pytestmark = pytest.mark.django_db


def run(path: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("import_products", str(path), "--seller", "kiln-street", *options, stdout=out)
    return out.getvalue()


def test_the_summary_counts_and_explains(tmp_path: Path, kiln: Seller) -> None:
    path = files.shopify(tmp_path, a_shirt(Type="Hats"), a_shirt(Handle="b", Variant_SKU="B", Variant_Price="x"))
    text = run(path)
    assert "Imported: shopify, 2 rows" in text
    assert "peak memory" in text
    assert "rows               1         0          0         1" in text
    assert "Hats: 1" in text
    assert "row 3, Variant Price, B: “x” is not a price" in text


def test_the_summary_can_be_read_by_machines(tmp_path: Path, kiln: Seller) -> None:
    summary = json.loads(run(files.shopify(tmp_path, a_shirt()), "--json"))
    assert summary["rows"] == {"created": 1, "updated": 0, "unchanged": 0, "skipped": 0}
    assert summary["format"] == "shopify"


def test_a_dry_run_says_so_and_writes_nothing(tmp_path: Path, kiln: Seller) -> None:
    assert "Dry run, nothing was written" in run(files.shopify(tmp_path, a_shirt()), "--dry-run")
    assert not Product.objects.exists()


def test_a_file_without_one_good_row_ends_with_1(tmp_path: Path, kiln: Seller) -> None:
    with pytest.raises(SystemExit) as caught:
        run(files.shopify(tmp_path, a_shirt(Variant_Price="")))
    assert caught.value.code == 1


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        (None, [], "no file"),
        ("a,b\n1,2\n", [], "no format we read"),
        ("Handle,Title,Variant Price\n", ["--seller", "nobody"], "no stall 'nobody'"),
        ("Handle,Title,Variant Price\n", ["--report", "report.txt"], "must end in .csv or .json"),
        ("Handle,Title,Variant Price\n", ["--untracked-stock", "-1"], "must be 0 or more"),
        ("Handle,Title,Variant Price\n", ["--format", "woocommerce"], "no woocommerce export"),
        ("Handle,Title,Variant Price\n", ["--encoding", "klingon"], "No encoding is called"),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path, kiln: Seller, content: str | None, options: list[str], says: str
) -> None:
    path = tmp_path / "file.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(CommandError, match=says):
        run(path, *options)


def test_the_decimal_mark_can_be_named(tmp_path: Path, kiln: Seller) -> None:
    path = files.shopify(tmp_path, a_shirt(Variant_Price="1.234"))
    with pytest.raises(SystemExit):
        run(path)
    good = a_shirt(Handle="b", Title="B", Variant_SKU="B")
    assert "could mean 1234 or 1.234" in run(files.shopify(tmp_path, a_shirt(Variant_Price="1.234"), good))
    run(path, "--decimal", ",")
    assert Product.objects.count() == 2


def test_an_export_can_be_piped_and_written(tmp_path: Path, kiln: Seller) -> None:
    run(files.shopify(tmp_path, a_shirt()))
    out = io.StringIO()
    call_command("export_products", "--seller", "kiln-street", stdout=out)
    assert out.getvalue().splitlines()[1].startswith("blue-shirt,Blue shirt,")
    call_command(
        "export_products", "--seller", "kiln-street", "--format", "shopify", "--output", str(tmp_path / "o.csv")
    )
    assert "Blue shirt" in (tmp_path / "o.csv").read_text(encoding="utf-8-sig")
    with pytest.raises(CommandError, match="nobody"):
        call_command("export_products", "--seller", "nobody", stdout=out)
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_products", "--seller", "kiln-street", "--output", str(tmp_path / "no" / "o.csv"))


def test_the_task_takes_all_that_is_due(tmp_path: Path, kiln: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    run(files.shopify(tmp_path, a_shirt(Image_Src="http://127.0.0.1/1.jpg", Variant_Image="http://10.0.0.1/2.jpg")))
    monkeypatch.setattr(Door, "_addresses", lambda self, host, port, seconds: [host])
    assert tasks.fetch_pictures() == 2
    states = set(ProductImage.objects.values_list("state", "attempts"))
    assert states == {("failed", 1)}
    assert tasks.fetch_pictures() == 0
