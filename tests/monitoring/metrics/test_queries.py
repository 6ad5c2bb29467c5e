import random
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.metrics import queries
from monitoring.metrics.samples import Samples
from monitoring.metrics.tally import EDGES, Tally, quantile

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def seen(name: str, minute: int, values: list[float], *, bad: int = 0, instance: str = "a/web") -> None:
    here = Samples((NOON + timedelta(minutes=minute)).timestamp)
    for number, value in enumerate(values):
        here.add(name, value, bad=number < bad)
    here.flush(instance)


@pytest.mark.django_db
def test_a_window_is_its_minutes_over_all_instances() -> None:
    seen("request", -1, [9.0])
    seen("request", 0, [0.1, 0.3], bad=1)
    seen("request", 4, [0.5], instance="b/web")
    seen("request", 5, [9.0])
    seen("query", 1, [7.0])
    found = queries.window("request", since=NOON + timedelta(seconds=30), until=NOON + timedelta(minutes=5))
    assert (found.count, found.bad, found.highest) == (3, 1, 0.5)
    assert found.mean == pytest.approx(0.3)


@pytest.mark.django_db
def test_an_empty_window_has_no_figures() -> None:
    found = queries.window("request", since=NOON, until=NOON + timedelta(minutes=5))
    assert (found.count, found.bad, found.mean, found.highest, found.share_bad) == (0, 0, None, None, None)
    assert found.quantile(0.95) is None


@pytest.mark.django_db
def test_quantiles_come_from_the_merged_histograms_not_from_the_mean_of_quantiles() -> None:
    """A quiet slow instance beside a busy fast one: the mean of their two p95 would be 2.5 s."""
    seen("request", 0, [0.01] * 990)
    seen("request", 0, [5.0] * 10, instance="b/web")
    p95 = queries.window("request", since=NOON, until=NOON + timedelta(minutes=1)).quantile(0.95)
    assert p95 is not None
    assert p95 <= 0.01
    p999 = queries.window("request", since=NOON, until=NOON + timedelta(minutes=1)).quantile(0.999)
    assert p999 is not None
    assert 3.0 <= p999 <= 5.0


def test_a_quantile_is_right_to_within_its_bucket() -> None:
    numbers = random.Random(3)
    values = sorted(numbers.lognormvariate(-2, 1) for _ in range(5_000))
    tally = Tally()
    for value in values:
        tally.add(value, bad=False)
    for q in (0.1, 0.5, 0.9, 0.95, 0.99):
        exact = values[int(q * len(values)) - 1]
        found = quantile(q, tally.buckets, tally.highest)
        assert found is not None
        assert exact / 1.7 < found < exact * 1.7


def test_a_quantile_never_exceeds_what_was_seen() -> None:
    tally = Tally()
    tally.add(0.21, bad=False)
    assert quantile(1.0, tally.buckets, tally.highest) == pytest.approx(0.21)
    tally.add(1_000.0, bad=False)
    assert quantile(1.0, tally.buckets, tally.highest) == pytest.approx(1_000.0)
    with pytest.raises(ValueError, match=r"0\.95"):
        quantile(95, tally.buckets, tally.highest)


def test_the_limits_that_alerts_speak_of_are_edges() -> None:
    assert set(EDGES) >= {0.5, 1.0, 2.0, 5.0}
    assert list(EDGES) == sorted(set(EDGES))


@pytest.mark.django_db
def test_a_series_has_a_point_for_every_step_also_where_nothing_happened() -> None:
    seen("request", 0, [0.1, 0.3], bad=1)
    seen("request", 2, [0.5])
    points = queries.series("request", since=NOON, until=NOON + timedelta(minutes=4))
    assert [point.at for point in points] == [NOON + timedelta(minutes=minute) for minute in range(4)]
    assert [(point.count, point.bad, point.highest) for point in points] == [
        (2, 1, 0.3),
        (0, 0, None),
        (1, 0, 0.5),
        (0, 0, None),
    ]
    assert points[0].mean == pytest.approx(0.2)
    assert points[1].p95 is None


@pytest.mark.django_db
def test_a_longer_step_adds_its_minutes() -> None:
    for minute in range(10):
        seen("request", minute, [float(minute + 1)])
    points = queries.series("request", since=NOON, until=NOON + timedelta(minutes=10), step=300)
    assert [(point.count, point.highest) for point in points] == [(5, 5.0), (5, 10.0)]


def test_a_series_that_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="longer step"):
        queries.series("request", since=NOON, until=NOON + timedelta(days=30))
    with pytest.raises(ValueError, match="whole minutes"):
        queries.series("request", since=NOON, until=NOON + timedelta(hours=1), step=90)


@pytest.mark.django_db
def test_instances_say_who_has_counted() -> None:
    seen("request", 0, [0.1])
    seen("request", 1, [0.1], instance="b/web")
    seen("request", 3, [0.1], instance="b/web")
    assert [(found.name, found.last_minute) for found in queries.instances("request", since=NOON)] == [
        ("a/web", NOON),
        ("b/web", NOON + timedelta(minutes=3)),
    ]


@pytest.mark.django_db
def test_peaks_are_the_highest_of_the_same_steps_as_a_series() -> None:
    for minute, value in ((-7, 9.0), (-4, 0.3), (-1, 0.5), (0, 0.9), (4, 0.2), (12, 0.7), (15, 9.0)):
        seen("disk", minute, [value, value / 2])
        seen("disk", minute, [value / 3], instance="b/web")
    since, until = NOON - timedelta(minutes=4), NOON + timedelta(minutes=15)
    series = queries.series("disk", since=since, until=until, step=300)
    expected = [(point.at, point.highest) for point in series if point.highest is not None]
    assert queries.peaks("disk", since=since, until=until, step=300) == expected
    assert [value for _, value in expected] == [0.5, 0.9, 0.7]
