"""The lowest asking price through time, against an oracle that looks at every moment."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.prices.steps import Change, Step, daily_lows, days, lowest_between, midnight, present, quartiles, steps

START = datetime(2026, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

# Hours since the start, offer, price or None: few values, so that equal prices and equal times come up.
histories = st.lists(
    st.tuples(st.integers(0, 24 * 80), st.integers(1, 4), st.one_of(st.none(), st.integers(5, 12))),
    min_size=1, max_size=40, unique_by=lambda change: (change[0], change[1]),
)  # fmt: skip


def changes_of(history: Sequence[tuple[int, int, int | None]]) -> list[Change]:
    return [Change(offer, 1, price, START + hour * HOUR) for hour, offer, price in sorted(history, key=lambda c: c[:2])]


def asked_at(changes: Sequence[Change], moment: datetime) -> dict[int, int]:
    """The oracle: who asks what at a moment, by the latest change of each offer."""
    found: dict[int, int | None] = {}
    for change in changes:
        if change.at <= moment:
            found[change.offer_id] = change.price_minor
    return {offer: price for offer, price in found.items() if price is not None}


def lowest_at(changes: Sequence[Change], moment: datetime) -> int | None:
    return min(asked_at(changes, moment).values(), default=None)


def least(prices: Sequence[int | None]) -> int | None:
    return min((price for price in prices if price is not None), default=None)


@settings(max_examples=60, deadline=None)
@given(histories)
def test_steps_say_what_every_moment_says(history: list[tuple[int, int, int | None]]) -> None:
    changes = changes_of(history)
    found = steps(changes)
    assert all(one.price_minor != other.price_minor for one, other in pairwise(found))
    for hour in range(0, 24 * 81, 7):
        moment = START + hour * HOUR
        now = [step.price_minor for step in found if step.at <= moment]
        assert (now[-1] if now else None) == lowest_at(changes, moment)


@settings(max_examples=60, deadline=None)
@given(histories)
def test_the_prior_low_is_the_lowest_of_thirty_days_before_the_price_began(
    history: list[tuple[int, int, int | None]],
) -> None:
    changes = changes_of(history)
    end = changes[-1].at
    current = lowest_at(changes, end)
    found = present(steps(changes))
    if current is None:
        assert found is None
        return
    # Back by the hour, which is how fine the changes are, to where another price was in force.
    began = end
    while began > START and lowest_at(changes, began - HOUR) == current:
        began -= HOUR
    before = [lowest_at(changes, began - back * HOUR) for back in range(1, 24 * 30 + 1) if began - back * HOUR >= START]
    ever = [lowest_at(changes, began - back * HOUR) for back in range(1, 24 * 81)]
    assert found is not None
    assert (found.price_minor, found.began_at) == (current, began)
    asked = sum(price is not None for price in before)
    assert found.prior_low == (least(before) if asked >= 24 * 7 else None)
    assert found.earlier_low == least(ever)


@settings(max_examples=40, deadline=None)
@given(histories)
def test_days_are_what_their_hours_were(history: list[tuple[int, int, int | None]]) -> None:
    changes = changes_of(history)
    first = date(2026, 9, 10)
    found = {day.day: day for day in days(changes, first=first)}
    assert set(found) == {change.at.date() for change in changes if change.at.date() >= first}
    for day, row in found.items():
        hours = [lowest_at(changes, midnight(day) + hour * HOUR) for hour in range(24)]
        assert row.low == least(hours)
        assert row.high == max((price for price in hours if price is not None), default=None)
        assert row.closed == hours[-1]
        assert row.opened == lowest_at(changes, midnight(day) - timedelta(microseconds=1))
        asked = sorted(asked_at(changes, midnight(day) + 23 * HOUR).values())
        assert (row.offers, row.quartiles) == (len(asked), quartiles(asked))
    lows = daily_lows(steps(changes), until=date(2026, 11, 19), count=80)
    assert lows == [
        least([lowest_at(changes, START + (24 * day + hour) * HOUR) for hour in range(24)]) for day in range(80)
    ]


def test_a_price_between_two_changes_of_one_moment_was_never_in_force() -> None:
    both = [Change(1, 1, 100, START), Change(1, 1, 300, START + HOUR), Change(2, 1, 200, START + HOUR)]
    assert steps(both) == [Step(START, 100), Step(START + HOUR, 200)]
    assert steps(both[::2] + both[1:2])[-1].price_minor == 200


def test_the_reduced_price_itself_and_what_ended_before_do_not_count() -> None:
    found = [Step(START, 50), Step(START + HOUR, 90), Step(START + HOUR + timedelta(days=30), 60)]
    current = present(found)
    assert current is not None
    # The 50 ended in the very moment in which the thirty days begin.
    assert current.prior_low == 90
    assert current.earlier_low == 50
    touching = [found[0], Step(START + HOUR + timedelta(microseconds=1), 90), found[2]]
    assert present(touching).prior_low == 50  # type: ignore[union-attr]


def test_a_thing_that_could_not_be_bought_applied_no_price() -> None:
    found = [Step(START, 90), Step(START + HOUR, None), Step(START + timedelta(days=40), 60)]
    assert present(found).prior_low is None  # type: ignore[union-attr]
    assert lowest_between(found, START + 2 * HOUR, START + 3 * HOUR) is None


def test_a_dear_minute_after_a_month_away_is_nothing_to_be_reduced_from() -> None:
    back = START + timedelta(days=40)
    pause = [Step(START, 80), Step(START + 9 * timedelta(days=1), None)]
    for dear, prior in ((timedelta(minutes=1), None), (timedelta(days=7), 120)):
        found = [*pause, Step(back, 120), Step(back + dear, 80)]
        assert present(found).prior_low == prior  # type: ignore[union-attr]
    # The same by an offer made anew.
    assert present([Step(back, 120), Step(back + HOUR, 80)]).prior_low is None  # type: ignore[union-attr]


def test_quartiles_lie_between_neighbours() -> None:
    assert quartiles([]) is None
    assert quartiles([7]) == (7, 7, 7)
    assert quartiles([10, 20]) == (13, 15, 18)
    assert quartiles([40, 10, 20, 30]) == (18, 25, 33)
    assert quartiles([1, 2, 3, 4, 5]) == (2, 3, 4)
