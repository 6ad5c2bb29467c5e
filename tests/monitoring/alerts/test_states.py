"""The life of a subject as a table: seconds, what was read, and how it stands after that."""

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.alerts import states
from monitoring.alerts.rules import Reading, Rule
from tests.monitoring.alerts.making import MINUTE, a_rule

START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
NONE = None
Row = tuple[int, float | None, str]


def lived(rule: Rule, rows: list[Row], *, count: int | None = None) -> list[tuple[int, str]]:
    """Walks through the rows; returns seconds and state."""
    standing = states.unknown(START)
    found: list[tuple[int, str]] = []
    for seconds, value, _ in rows:
        now = START + timedelta(seconds=seconds)
        standing = states.step(rule, standing, Reading(value=value, count=count), now=now, clear_for=rule.clear_for)
        found.append((seconds, standing.state))
    return found


def expected(rows: list[Row]) -> list[tuple[int, str]]:
    return [(seconds, state) for seconds, _, state in rows]


TABLES: dict[str, tuple[Rule, list[Row]]] = {
    "fires at once without a for-duration": (a_rule(), [(0, 5, "ok"), (15, 11, "firing")]),
    "the threshold itself is still good": (a_rule(), [(0, 10, "ok"), (15, 10.001, "firing")]),
    "fires only after lasting": (
        a_rule(hold=MINUTE),
        [(0, 11, "pending"), (30, 12, "pending"), (59, 11, "pending"), (60, 11, "firing")],
    ),
    "one good reading starts the wait anew": (
        a_rule(hold=MINUTE),
        [(0, 11, "pending"), (45, 10, "ok"), (60, 11, "pending"), (105, 11, "pending"), (120, 11, "firing")],
    ),
    "between clear and threshold nothing changes": (
        a_rule(),
        [(0, 11, "firing"), (15, 9, "firing"), (30, 8.001, "firing"), (45, 8, "ok"), (60, 9, "ok"), (75, 10, "ok")],
    ),
    "clears only after having been clear for long": (
        a_rule(clear_for=MINUTE),
        [(0, 11, "firing"), (15, 7, "firing"), (60, 7, "firing"), (74, 7, "firing"), (75, 7, "ok")],
    ),
    "a value in between starts the clearing anew": (
        a_rule(clear_for=MINUTE),
        [
            (0, 11, "firing"),
            (15, 7, "firing"),
            (60, 9, "firing"),
            (75, 7, "firing"),
            (134, 7, "firing"),
            (135, 7, "ok"),
        ],
    ),
    "below turns it round": (
        a_rule(below=True, threshold=6.0, clear=9.0),
        [(0, 6, "ok"), (15, 5.9, "firing"), (30, 8.9, "firing"), (45, 9, "ok")],
    ),
    "no data is never ok": (a_rule(), [(0, NONE, "missing"), (15, 5, "ok"), (30, NONE, "missing"), (45, 5, "ok")]),
    "no data never fires": (
        a_rule(hold=MINUTE),
        [(0, 11, "pending"), (30, NONE, "missing"), (75, NONE, "missing"), (3600, NONE, "missing")],
    ),
    "no data does not resolve": (a_rule(), [(0, 11, "firing"), (15, NONE, "firing"), (9000, NONE, "firing")]),
    "NaN is no data": (a_rule(), [(0, float("nan"), "missing"), (15, 11, "firing"), (30, float("nan"), "firing")]),
    "a source that fails now and then does not start the wait anew": (
        a_rule(hold=MINUTE),
        [(0, 11, "pending"), (15, NONE, "missing"), (30, 11, "pending"), (45, NONE, "missing"), (60, 11, "firing")],
    ),
    "what nobody saw for long was not broken all that time": (
        a_rule(hold=MINUTE),
        [(0, 11, "pending"), (91, 11, "pending"), (150, 11, "pending"), (151, 11, "firing")],
    ),
    "nor was it clear all that time": (
        a_rule(clear_for=MINUTE),
        [(0, 11, "firing"), (15, 7, "firing"), (106, 7, "firing"), (165, 7, "firing"), (166, 7, "ok")],
    ),
    "a clock that is put back starts the wait anew": (
        a_rule(hold=MINUTE),
        [(3600, 11, "pending"), (0, 11, "pending"), (59, 11, "pending"), (60, 11, "firing")],
    ),
    "a rule gives up when told to": (
        a_rule(give_up=10 * MINUTE),
        [(0, 11, "firing"), (15, NONE, "firing"), (614, NONE, "firing"), (615, NONE, "missing"), (630, 5, "ok")],
    ),
    "data in between put off giving up": (
        a_rule(give_up=10 * MINUTE),
        [(0, 11, "firing"), (15, NONE, "firing"), (600, 9, "firing"), (615, NONE, "firing"), (1214, NONE, "firing")],
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_life(name: str) -> None:
    rule, rows = TABLES[name]
    assert lived(rule, rows) == expected(rows)


@pytest.mark.parametrize(("count", "state"), [(0, "missing"), (19, "missing"), (20, "firing"), (None, "firing")])
def test_a_minimum_denominator_is_needed(count: int | None, state: str) -> None:
    assert lived(a_rule(least=20), [(0, 11, state)], count=count) == [(0, state)]


def test_too_few_events_neither_fire_nor_clear() -> None:
    rule = a_rule(least=20)
    firing = states.step(rule, states.unknown(START), Reading(value=11, count=20), now=START, clear_for=MINUTE)
    after = states.step(rule, firing, Reading(value=0, count=19), now=START + MINUTE, clear_for=MINUTE * 0)
    assert (firing.state, after.state) == ("firing", "firing")


def cause_after(rule: Rule, rows: list[tuple[int, float | None]]) -> list[str | None]:
    standing = states.unknown(START)
    found: list[str | None] = []
    for seconds, value in rows:
        now = START + timedelta(seconds=seconds)
        standing = states.step(rule, standing, Reading(value=value), now=now, clear_for=rule.clear_for)
        found.append(states.cause(rule, standing, now=now))
    return found


def test_people_are_told_of_missing_data_only_after_a_while_and_only_when_wanted() -> None:
    silence: list[tuple[int, float | None]] = [(0, 5), (15, None), (314, None), (315, None), (330, 5)]
    assert cause_after(a_rule(missing_after=5 * MINUTE), silence) == [None, None, None, "missing", None]
    assert cause_after(a_rule(), silence) == [None] * 5


def test_the_state_began_when_it_began() -> None:
    rule = a_rule(hold=MINUTE)
    standing = states.unknown(START)
    for seconds in (0, 15, 30, 45, 60, 75):
        now = START + timedelta(seconds=seconds)
        standing = states.step(rule, standing, Reading(value=11), now=now, clear_for=MINUTE)
    assert (standing.state, standing.since) == ("firing", START + MINUTE)
    assert standing.breach_since == START
