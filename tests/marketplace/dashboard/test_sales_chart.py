"""The geometry and the words of the chart, from plain days."""

from datetime import UTC, date, datetime, timedelta

import pytest

from marketplace.dashboard import sales_chart
from marketplace.dashboard.viewmodels import SalesChart
from marketplace.insights.queries import DaySales

TODAY = date(2026, 11, 22)
AS_OF = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)


def drawn(*days: DaySales, chosen: str = "30", currency: str = "EUR", as_of: datetime | None = AS_OF) -> SalesChart:
    return sales_chart.chart(days, chosen=chosen, today=TODAY, as_of=as_of, currency=currency, here="/sell/x/today/")


def sold(minor: int, *, ago: int = 0) -> DaySales:
    return DaySales(TODAY - timedelta(days=ago), 1, 2, minor)


def test_a_bar_is_as_high_as_its_share_of_the_top_line() -> None:
    chart = drawn(sold(30_000, ago=29), sold(60_000))
    first, last = chart.bars
    assert (first.height, last.height) == ("50.00", "100.00")
    assert (first.y, last.y) == ("50.00", "0.00")
    assert [line.text for line in chart.lines] == ["€0", "€200", "€400", "€600"]
    assert float(first.x) < 100 / 30 < 96 < float(last.x) < 100
    assert last.text == "Sun 22 Nov: €600"


@pytest.mark.parametrize(
    ("most", "currency", "top"),
    [
        (1, "EUR", "€1"),
        (399, "EUR", "€4"),
        (80_100, "EUR", "€1,000"),
        (123_456_789, "EUR", "€1,500,000"),
        (900, "JPY", "¥1,000"),
    ],
)
def test_lines_stand_at_round_amounts_and_reach_the_highest_bar(most: int, currency: str, top: str) -> None:
    chart = drawn(sold(most), currency=currency)
    assert chart.lines[-1].text == top
    assert 2 <= len(chart.lines) <= 6
    assert float(chart.bars[0].height) <= 100


def test_a_year_is_twelve_months_with_this_one_last() -> None:
    chart = drawn(sold(500), sold(700, ago=21), sold(900, ago=22), chosen="year")
    assert [row.name for row in chart.rows][::11] == ["December 2025", "November 2026"]
    assert [row.sales for row in chart.rows][-2:] == ["€9.00", "€12.00"]
    assert chart.unit == "Month"
    assert sum(label.wide for label in chart.labels) == 6


@pytest.mark.parametrize("today", [date(2026, 1, 31), date(2026, 11, 30), date(2026, 12, 31), date(2024, 2, 29)])
def test_the_longest_range_begins_eleven_months_before_this_one(today: date) -> None:
    first = sales_chart.first_day(today)
    assert (today.year - first.year) * 12 + today.month - first.month == 11
    assert first.day == 1


def test_the_table_says_every_day_and_the_summary_the_best() -> None:
    chart = drawn(sold(1000, ago=2), sold(2500, ago=1), chosen="7")
    assert len(chart.rows) == 7
    assert [(row.orders, row.units, row.sales) for row in chart.rows][-3:] == [
        ("1", "2", "€10.00"),
        ("1", "2", "€25.00"),
        ("0", "0", "€0.00"),
    ]
    assert chart.summary == "Sales in the last 7 days: €35. Most on Sat 21 Nov: €25."
    assert len(chart.bars) == 2


def test_without_sales_there_is_a_sentence_instead_of_bars() -> None:
    chart = drawn(sold(1000, ago=40))
    assert chart.bars == ()
    assert chart.nothing == "Nothing sold in the last 30 days."


def test_a_chart_says_from_when_it_is() -> None:
    assert drawn().as_of == "As of 14:05 UTC."
    assert drawn(as_of=AS_OF - timedelta(days=1)).as_of == "As of 21 Nov 2026, 14:05 UTC."
    assert drawn(as_of=None).as_of == ""


def test_ranges_are_links_and_the_usual_one_has_no_parameter() -> None:
    assert [(tab.text, tab.href, tab.current) for tab in drawn(chosen="7").tabs] == [
        ("7 days", "/sell/x/today/?range=7", True),
        ("30 days", "/sell/x/today/", False),
        ("Year", "/sell/x/today/?range=year", False),
    ]
