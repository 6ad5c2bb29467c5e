from datetime import date

import pytest

from marketplace.carts.arrival import after_working_days

THURSDAY, FRIDAY, SATURDAY, SUNDAY = (date(2026, 11, day) for day in (19, 20, 21, 22))


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        (THURSDAY, 0, THURSDAY),
        (THURSDAY, 1, FRIDAY),
        (FRIDAY, 1, date(2026, 11, 23)),
        (FRIDAY, 5, date(2026, 11, 27)),
        (FRIDAY, 6, date(2026, 11, 30)),
        (SATURDAY, 0, date(2026, 11, 23)),
        (SUNDAY, 3, date(2026, 11, 26)),
        (SUNDAY, 5, date(2026, 11, 30)),
    ],
)
def test_weekends_do_not_count(start: date, days: int, expected: date) -> None:
    assert after_working_days(start, days) == expected


def test_no_parcel_arrives_at_the_weekend() -> None:
    arrivals = {after_working_days(date(2026, 11, day), days).weekday() for day in range(1, 29) for days in range(30)}
    assert arrivals == {0, 1, 2, 3, 4}
