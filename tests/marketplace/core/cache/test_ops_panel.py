"""What operators see of the cache."""

from datetime import datetime

import pytest

from marketplace.core import cache
from marketplace.core.cache import ops_panel
from marketplace.core.cache.family import Family
from tests.marketplace.core.cache.cases import Source, family


@pytest.fixture
def numbers(monkeypatch: pytest.MonkeyPatch) -> "Family[int]":
    made: Family[int] = family(int)
    monkeypatch.setattr("marketplace.core.cache.ops_panel.families", lambda: [made])
    return made


def test_each_family_says_how_much_it_finds(numbers: "Family[int]", remembering: cache.Engine, now: datetime) -> None:
    numbers.get("a", Source([1]))
    for _ in range(3):
        numbers.get("a", Source([]))
    with pytest.raises(LookupError):
        numbers.get("b", Source([LookupError()]))
    numbers.tally.write_down(now=0.0)
    (row,) = ops_panel.panel(now).tables[0].rows
    assert [cell.text for cell in row.cells] == [numbers.name, "5", "60 %", "0", "1", "1 load failed"]


def test_a_redis_that_is_left_alone_is_said(numbers: "Family[int]", remembering: cache.Engine, now: datetime) -> None:
    remembering.link.leave_alone()
    assert (ops_panel.panel(now).mark.tone, ops_panel.panel(now).mark.text) == ("bad", "Redis is left alone")
