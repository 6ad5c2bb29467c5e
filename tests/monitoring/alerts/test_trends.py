from datetime import UTC, datetime, timedelta
from itertools import cycle

import pytest

from monitoring.alerts import trends

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
WINDOW = timedelta(hours=6)
Points = list[tuple[datetime, float]]


def line(*, hours: float = 6.0, count: int = 72, end: float, per_hour: float, noise: float = 0.0) -> Points:
    """Points up to NOW, alternately above and below a straight line."""
    waves = cycle([noise, -noise, -noise, noise])
    step = hours / (count - 1)
    return [
        (NOW - timedelta(hours=step * back), end - per_hour * step * back + wave)
        for back, wave in zip(range(count - 1, -1, -1), waves, strict=False)
    ]


def predicted(points: Points) -> tuple[float | None, str]:
    read = trends.reader(lambda now: points, what="disk", limit=1.0, window=WINDOW, stale=timedelta(minutes=15))
    (reading,) = read(NOW)
    return reading.value, reading.text


@pytest.mark.parametrize(
    ("end", "per_hour", "hours"), [(0.70, 0.05, 6.0), (0.40, 0.05, 12.0), (0.98, 0.04, 0.5), (0.9, 0.001, 100.0)]
)
def test_the_hours_until_it_is_full_are_predicted(end: float, per_hour: float, hours: float) -> None:
    value, _ = predicted(line(end=end, per_hour=per_hour))
    assert value == pytest.approx(hours, rel=1e-6)


def test_people_read_it_in_words() -> None:
    assert predicted(line(end=0.70, per_hour=0.05, noise=0.002))[1] == "disk full in about 6 h"
    assert predicted(line(end=0.70, per_hour=-0.01))[1] == "disk is not growing"
    assert predicted(line(end=1.2, per_hour=0.05))[1] == "disk full in about no time"


def test_noise_hides_no_true_growth() -> None:
    value, _ = predicted(line(end=0.70, per_hour=0.05, noise=0.02))
    assert value == pytest.approx(6.0, rel=0.05)


@pytest.mark.parametrize("per_hour", [0.0, -0.05, 0.0005])
def test_noise_without_direction_predicts_nothing(per_hour: float) -> None:
    assert predicted(line(end=0.80, per_hour=per_hour, noise=0.05))[0] == trends.HORIZON


def test_a_level_at_rest_predicts_nothing() -> None:
    assert predicted(line(end=0.80, per_hour=0.0))[0] == trends.HORIZON


def test_what_is_full_is_full() -> None:
    assert predicted(line(end=1.0, per_hour=0.0))[0] == 0.0


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ([], "none"),
        (line(count=11, end=0.7, per_hour=0.05), "too few"),
        (line(hours=2.9, end=0.7, per_hour=0.05), "too short a time"),
        ([(at - timedelta(minutes=16), level) for at, level in line(end=0.7, per_hour=0.05)], "too old"),
    ],
)
def test_too_little_to_see_is_no_data(points: Points, why: str) -> None:
    value, text = predicted(points)
    assert value is None, why
    assert text == "too few points of disk to see a trend"


def test_the_order_of_the_points_does_not_matter() -> None:
    points = line(end=0.70, per_hour=0.05)
    assert predicted(points[::-1]) == predicted(points)
