"""Imports and exports as their seller sees them."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from marketplace.dashboard import long_jobs
from marketplace.sellers.models import Seller
from monitoring.jobs import progress
from monitoring.jobs.queries import SILENCE

pytestmark = pytest.mark.django_db


def an_import(seller: Seller, now: datetime, *, total: int | None = 5_000) -> progress.Progress:
    return progress.begin("import", "Import of goods.csv", owner=f"seller:{seller.pk}", total=total, now=now)


def test_a_running_import_says_how_far_it_is_and_is_asked_for_again(kiln: Seller, now: datetime) -> None:
    an_import(kiln, now).advance(1_240, now + timedelta(seconds=2))
    panel = long_jobs.panel(kiln, now=now + timedelta(seconds=3))
    (line,) = panel.lines
    assert (line.title, line.count, line.percent) == ("Import of goods.csv", "1,240 of 5,000 rows", "24")
    assert line.state.text == "Running"
    assert panel.renew_href == "/sell/kiln-street/jobs/"


def test_nobody_asks_again_once_all_have_ended(kiln: Seller, now: datetime) -> None:
    an_import(kiln, now).finish(now, text="5,000 rows read, 3 left out.", done=5_000)
    an_import(kiln, now).fail(now, "No row could be used.")
    panel = long_jobs.panel(kiln, now=now)
    assert panel.renew_href == ""
    assert {(line.state.text, line.note, line.percent) for line in panel.lines} == {
        ("Done", "5,000 rows read, 3 left out.", ""),
        ("Not done", "No row could be used.", ""),
    }


def test_an_import_whose_process_died_has_stopped(kiln: Seller, now: datetime) -> None:
    an_import(kiln, now)
    assert long_jobs.panel(kiln, now=now + SILENCE).lines[0].state.text == "Running"
    panel = long_jobs.panel(kiln, now=now + SILENCE + timedelta(seconds=1))
    assert (panel.lines[0].state.text, panel.renew_href) == ("Stopped", "")
    assert "start it again" in panel.lines[0].note


def test_a_total_that_nobody_knows_is_not_made_up(kiln: Seller, now: datetime) -> None:
    an_import(kiln, now, total=None).advance(70, now + timedelta(seconds=2))
    line = long_jobs.panel(kiln, now=now).lines[0]
    assert (line.count, line.percent, line.running) == ("70 rows", "", True)


def test_each_stall_sees_its_own_and_strangers_none(kiln: Seller, groove: Seller, client: Client) -> None:
    now = timezone.now()
    an_import(kiln, now)
    progress.begin("import", "Import of records.csv", owner=f"seller:{groove.pk}", total=9, now=now)
    progress.begin("reindex", "Search index rebuilt", owner="staff", total=9, now=now)
    client.force_login(kiln.members.get().user)
    for path in ("/sell/kiln-street/jobs/", "/sell/kiln-street/products/", "/sell/kiln-street/today/"):
        page = client.get(path).content.decode()
        assert "Import of goods.csv" in page
        assert 'hx-get="/sell/kiln-street/jobs/"' in page
        assert "records.csv" not in page
        assert "Search index" not in page
    assert client.get(f"/sell/{groove.slug}/jobs/").status_code == 404
    client.logout()
    assert client.get("/sell/kiln-street/jobs/").status_code == 302


def test_what_ended_long_ago_is_not_shown(kiln: Seller, now: datetime) -> None:
    an_import(kiln, now).finish(now)
    assert long_jobs.panel(kiln, now=now + timedelta(minutes=31)).lines == ()
