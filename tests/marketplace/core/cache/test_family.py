"""Getting a value: from memory, from Redis, or loaded once; soft and hard ends; what is kept, and for whom."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.db import transaction

from marketplace.core import cache
from marketplace.core.cache.family import Family
from marketplace.core.cache.packing import MOST
from marketplace.core.cache.terms import Terms
from tests.marketplace.core.cache.cases import Source, answered, clock_at, family, queued

pytestmark = pytest.mark.usefixtures("remembering")


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    price: Decimal
    seen_at: datetime
    parts: tuple[str, ...]
    by_id: dict[int, str]


def test_values_of_every_kind_come_back_as_they_were_without_a_second_load(remembering: cache.Engine) -> None:
    thing = Thing("Vase", Decimal("1.50"), datetime(2026, 11, 22, tzinfo=UTC), ("a", "b"), {3: "x"})
    things: Family[Thing] = family(Thing)
    source = Source([thing])
    assert things.get("a", source) == thing
    assert things.get("a", source) == thing
    remembering.local.clear()
    assert things.get("a", source) == thing
    assert source.calls == 1
    assert answered(things) == {"miss": 1, "hit_local": 1, "hit": 1}


def test_none_is_an_answer_that_is_remembered_for_a_shorter_time(remembering: cache.Engine) -> None:
    clock = clock_at(remembering, 1_000.0)
    names: Family[str | None] = family(str, soft=100.0, hard=200.0, negative=10.0)
    source = Source([None, "now there is one"])
    assert names.get("a", source) is None
    remembering.local.clear()
    assert names.get("a", source) is None
    assert source.calls == 1
    clock.at += 11.0
    assert names.get("a", source) == "now there is one"


def test_an_old_value_is_shown_at_once_and_loaded_anew_once_beside_the_request(remembering: cache.Engine) -> None:
    clock = clock_at(remembering, 1_000.0)
    jobs: list[Any] = []
    remembering.submit = queued(jobs)
    numbers: Family[int] = family(int, soft=100.0, hard=300.0)
    source = Source(count(1))
    assert numbers.get("a", source) == 1
    clock.at += 150.0
    for _ in range(3):
        remembering.local.clear()
        assert numbers.get("a", source) == 1
    assert len(jobs) == 1
    jobs[0]()
    clock.at += 2.0
    assert numbers.get("a", source) == 2
    assert source.calls == 2


def test_a_refresh_that_fails_leaves_the_old_value_until_its_hard_end(remembering: cache.Engine) -> None:
    clock = clock_at(remembering, 1_000.0)
    numbers: Family[int] = family(int, soft=100.0, hard=300.0)
    source = Source([1, ValueError("the database is away"), ValueError("still"), 2])
    assert numbers.get("a", source) == 1
    clock.at += 150.0
    assert numbers.get("a", source) == 1
    remembering.local.clear()
    # The one that failed holds its lease a little longer: not every request tries again.
    assert numbers.get("a", source) == 1
    assert source.calls == 2
    clock.at += 150.0
    remembering.local.clear()
    with pytest.raises(ValueError, match="still"):
        numbers.get("b", source)


def test_beyond_its_hard_end_a_value_is_not_shown(remembering: cache.Engine) -> None:
    clock = clock_at(remembering, 1_000.0)
    numbers: Family[int] = family(int, soft=100.0, hard=300.0)
    assert numbers.get("a", Source([1])) == 1
    clock.at += 301.0
    assert numbers.get("a", Source([2])) == 2


def test_values_of_one_moment_do_not_end_at_one_moment(remembering: cache.Engine) -> None:
    clock = clock_at(remembering, 1_000.0)
    numbers: Family[int] = family(int, soft=100.0, hard=300.0)
    chances = iter((0.0, 1.0))
    remembering.chance = lambda: next(chances)
    numbers.get("late", Source([1]))
    numbers.get("early", Source([1]))
    clock.at += 95.0
    remembering.local.clear()
    late, early = numbers.look("late"), numbers.look("early")
    assert late is not None
    assert early is not None
    assert (late.stale, early.stale) == (False, True)


def test_audiences_with_keys_of_their_own_never_meet(remembering: cache.Engine) -> None:
    texts: Family[str] = family(str)
    keys = ["shelf:de:EUR", "shelf:de:USD", "shelf", "x" * 500, "x" * 500 + "y", "ü\n=", "shelf:de:EUR "]
    for key in keys:
        assert texts.get(key, Source([f"for {key}"])) == f"for {key}"
    remembering.local.clear()
    for key in keys:
        assert texts.get(key, Source([])) == f"for {key}"


def test_families_with_the_same_key_never_meet() -> None:
    first, second = family(str), family(str)
    assert first.get("a", Source(["of the first"])) == "of the first"
    assert second.get("a", Source(["of the second"])) == "of the second"


@pytest.mark.django_db
def test_inside_a_transaction_nothing_is_remembered() -> None:
    numbers: Family[int] = family(int)
    source = Source(count(1))
    with transaction.atomic():
        assert numbers.get("a", source) == 1
        assert numbers.get("a", source) == 2
    assert numbers.get("a", source) == 3
    assert answered(numbers) == {"bypass": 2, "miss": 1}


@pytest.mark.django_db
def test_what_is_made_of_uncommitted_parts_is_kept_by_nobody() -> None:
    """A page that reads one part inside a transaction of its own."""
    parts, whole = family(int), family(str)

    def load() -> str:
        with transaction.atomic():
            return f"page of {parts.get('a', Source([1]))}"

    source = Source(["again"])
    assert whole.get("page", load) == "page of 1"
    assert whole.get("page", source) == "again"


def test_an_old_value_stays_in_memory_while_somebody_loads_it_anew(remembering: cache.Engine) -> None:
    clock = clock_at(remembering, 1_000.0)
    remembering.submit = queued([])
    numbers: Family[int] = family(int, soft=100.0, hard=300.0)
    numbers.get("a", Source([1]))
    clock.at += 150.0
    for _ in range(3):
        assert numbers.get("a", Source([])) == 1
    assert answered(numbers) == {"miss": 1, "stale": 1, "hit_local": 2}


def test_what_is_too_large_is_loaded_and_not_kept(remembering: cache.Engine) -> None:
    texts: Family[str] = family(str)
    source = Source(["x" * (MOST + 1)] * 2)
    texts.get("a", source)
    texts.get("a", source)
    assert source.calls == 2
    assert len(remembering.local) == 0


def test_an_error_keeps_nothing_and_frees_the_way(remembering: cache.Engine) -> None:
    numbers: Family[int] = family(int)
    with pytest.raises(LookupError):
        numbers.get("a", Source([LookupError()]))
    assert numbers.get("a", Source([1])) == 1


@pytest.mark.parametrize("terms", [{"soft": 10.0, "hard": 10.0}, {"soft": 1.0, "hard": 9e9}, {"local": 6.0}])
def test_lives_that_make_no_sense_are_refused(terms: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="soft < hard"):
        cache.declare("nonsense", int, **{"soft": 10.0, "hard": 20.0, **terms})


def test_two_families_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marketplace.core.cache.family._families", {"taken": Family("taken", int, Terms(1.0, 2.0))})
    with pytest.raises(ValueError, match="taken"):
        cache.declare("taken", int, soft=1.0, hard=2.0)
