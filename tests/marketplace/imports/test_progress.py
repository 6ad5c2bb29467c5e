"""Long work of the catalogue tells how far it has come: imports, exports, the rebuilding of the index."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command

from marketplace.imports import services
from marketplace.sellers.models import Seller
from monitoring.jobs import progress
from monitoring.jobs.models import LongJob
from tests.marketplace.imports import files
from tests.marketplace.imports.files import NOW, a_shirt

pytestmark = pytest.mark.django_db


def four_shirts(folder: Path, *, price: str = "20.00") -> Path:
    return files.shopify(folder, *(a_shirt(Handle=name, Variant_SKU=name, Variant_Price=price) for name in "abcd"))


def test_an_import_tells_after_every_batch_and_at_its_end(
    tmp_path: Path, kiln: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    monkeypatch.setattr(services, "BATCH_PRODUCTS", 2)
    monkeypatch.setattr(progress.Progress, "advance", lambda self, done, now: told.append(done))
    services.import_products(path=four_shirts(tmp_path), seller_slug=kiln.slug, currency="EUR", now=NOW)
    row = LongJob.objects.get()
    assert told == [2, 4]
    assert (row.owner, row.total, row.done, row.state) == (f"seller:{kiln.pk}", 4, 4, "finished")
    assert row.title.startswith("Import of ")
    assert row.text == "4 rows read."


def test_an_import_without_one_good_row_has_failed(tmp_path: Path, kiln: Seller) -> None:
    path = four_shirts(tmp_path, price="x")
    services.import_products(path=path, seller_slug=kiln.slug, currency="EUR", now=NOW)
    row = LongJob.objects.get()
    assert (row.state, row.text) == ("failed", "No row could be used. 4 rows read, 4 left out.")


def test_an_import_that_is_interrupted_has_failed(
    tmp_path: Path, kiln: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(services, "load_known", stop)
    with pytest.raises(KeyboardInterrupt):
        services.import_products(path=four_shirts(tmp_path), seller_slug=kiln.slug, currency="EUR", now=NOW)
    row = LongJob.objects.get()
    assert (row.state, row.ended_at is None) == ("failed", False)
    assert "KeyboardInterrupt" in row.text


def test_an_export_and_a_reindex_tell_whom_they_concern(tmp_path: Path, kiln: Seller) -> None:
    services.import_products(path=four_shirts(tmp_path), seller_slug=kiln.slug, currency="EUR", now=NOW)
    call_command("export_products", "--seller", kiln.slug, "--output", str(tmp_path / "out.csv"))
    call_command("reindex", stdout=io.StringIO())
    found = {row.kind: (row.owner, row.done, row.total, row.state) for row in LongJob.objects.all()}
    assert found["export"] == (f"seller:{kiln.pk}", 4, 4, "finished")
    assert found["reindex"] == ("staff", 4, 4, "finished")
