"""What operators see, also while the store is away."""

from datetime import datetime

import pytest
from django.utils import timezone

from monitoring.limits import queries
from monitoring.limits.keys import Who
from monitoring.limits.load import STATE_KEY
from monitoring.limits.services import add_rule
from monitoring.limits.store import FACTOR_KEY
from tests.monitoring.limits.conftest import Hall
from tests.monitoring.limits.making import closed_port

pytestmark = pytest.mark.django_db


def test_the_whole_page(hall: Hall, now: datetime) -> None:
    made = hall(anonymous="2/minute")
    for _ in range(5):
        made.check(["anonymous"], Who("203.0.113.7"))
    made.store.client.set(FACTOR_KEY, "0.5", ex=60)
    made.store.client.set(STATE_KEY, '{"step": 2, "reason": "Tightened: connection pool at 0.97."}', ex=60)
    add_rule(network="198.51.100.0/24", verdict="deny", reason="Scrapes", expires_at=None, actor="1", now=now)
    page = queries.overview(timezone.now())
    assert page.refused == (("203.0.113.0/24", 3),)
    assert (page.factor, page.reason) == (0.5, "Tightened: connection pool at 0.97.")
    assert page.store.answers
    assert not page.store.resting
    assert [rule.network for rule in page.rules] == ["198.51.100.0/24"]
    rows = {row.name: row for row in page.tiers}
    assert (rows["user"].rate, rows["user"].in_force) == ("100/60 s; 1000/900 s", "50/60 s; 500/900 s")
    assert rows["sign-in"].in_force == rows["sign-in"].rate == "10/60 s"
    assert rows["sign-in"].without_store == "counted in each process"
    assert rows["user"].without_store == "open"


def test_without_store_the_page_comes_all_the_same(hall: Hall) -> None:
    made = hall(url=closed_port())
    made.check(["anonymous"], Who("203.0.113.7"))
    page = queries.overview(timezone.now())
    assert (page.store.answers, page.store.milliseconds, page.store.resting) == (False, None, True)
    assert page.refused == ()
    assert page.factor == 1.0
    assert "does not answer" in page.reason


def test_a_factor_that_has_run_out_is_said_to_be_none(hall: Hall) -> None:
    made = hall()
    made.store.client.set(STATE_KEY, '{"step": 2, "reason": "Tightened."}', ex=60)
    assert queries.present_factor() == (1.0, "Not steered at the moment.")
