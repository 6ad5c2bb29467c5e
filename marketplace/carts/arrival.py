"""When a parcel arrives, in working days from Monday to Friday; public holidays are not known."""

from dataclasses import dataclass
from datetime import date, timedelta

_WEEK = 5


@dataclass(frozen=True, slots=True)
class Arrival:
    """The day by which the stall ships, and the first and last day on which the parcel should arrive."""

    ship_by: date
    earliest: date
    latest: date


def after_working_days(start: date, days: int) -> date:
    """The day that is ``days`` working days after ``start``; what comes in at the weekend counts from Monday."""
    first = start + timedelta(days=7 - start.weekday()) if start.weekday() >= _WEEK else start
    weeks, weekday = divmod(first.weekday() + days, _WEEK)
    return first + timedelta(days=weeks * 7 + weekday - first.weekday())
