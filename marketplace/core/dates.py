"""Moments and days as pages and e-mails write them. Everything is UTC; pages of one hall share one clock."""

from datetime import date, datetime


def day(value: date) -> str:
    """``22 Nov 2026``."""
    return f"{value.day} {value:%b %Y}"


def short_day(value: date) -> str:
    """``Tue 24 Nov``."""
    return f"{value:%a} {value.day} {value:%b}"


def moment(value: datetime) -> str:
    """``22 Nov 2026, 10:42``."""
    return f"{day(value)}, {value:%H:%M}"


def span(first: date, last: date) -> str:
    """``Tue 24 to Thu 26 Nov``, or one day when both are the same."""
    if first == last:
        return short_day(first)
    start = f"{first:%a} {first.day}" if first.month == last.month else short_day(first)
    return f"{start} to {short_day(last)}"
