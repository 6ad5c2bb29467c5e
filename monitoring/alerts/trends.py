"""When a level that grows will reach its limit: a straight line through its recent points."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf, sqrt
from typing import TypeAlias

from monitoring.alerts.rules import Reader, Reading, duration_text

# (when, level); levels are shares of what there is.
Points: TypeAlias = Sequence[tuple[datetime, float]]

# Fewer points, or points in less than half of the window, say nothing about hours to come.
LEAST_POINTS = 12
# The slope must be this many times its own standard error: noise around a level has no direction.
LEAST_CERTAINTY = 4.0
# Predictions end here: what lies further ahead is "not in sight". Hours.
HORIZON = 30 * 24.0


@dataclass(frozen=True, slots=True)
class Line:
    """``level`` is the fitted level at the last point, ``slope`` its growth in levels per hour."""

    level: float
    slope: float
    certainty: float

    @property
    def rises(self) -> bool:
        """Whether it grows, and not merely by chance."""
        return self.slope > 0 and self.certainty >= LEAST_CERTAINTY

    def hours_until(self, limit: float) -> float:
        """Hours from the last point until the line reaches the limit; HORIZON when it does not, or much later."""
        if self.level >= limit:
            return 0.0
        return min((limit - self.level) / self.slope, HORIZON) if self.rises else HORIZON


def fit(points: Points, *, window: timedelta) -> Line | None:
    """Ordinary least squares over the points; None when there are too few of them, or they cover too little time."""
    if len(points) < LEAST_POINTS:
        return None
    ordered = sorted(points)
    end = ordered[-1][0]
    if end - ordered[0][0] < window / 2:
        return None
    xs = [(at - end) / timedelta(hours=1) for at, _ in ordered]
    ys = [level for _, level in ordered]
    count = len(ordered)
    mean_x, mean_y = sum(xs) / count, sum(ys) / count
    spread = sum((x - mean_x) ** 2 for x in xs)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    level = mean_y - slope * mean_x
    rest = sum((y - level - slope * x) ** 2 for x, y in zip(xs, ys, strict=True))
    error = sqrt(rest / (count - 2) / spread)
    return Line(level=level, slope=slope, certainty=abs(slope) / error if error > 1e-12 else inf)


def reader(
    points: Callable[[datetime], Points], *, what: str, limit: float, window: timedelta, stale: timedelta
) -> Reader:
    """A rule's reader: the hours until ``what`` reaches ``limit``. Points older than ``stale`` are no data."""

    def read(now: datetime) -> list[Reading]:
        found = points(now)
        line = fit(found, window=window)
        if line is None or now - max(at for at, _ in found) > stale:
            return [Reading(text=f"too few points of {what} to see a trend", count=len(found))]
        hours = line.hours_until(limit)
        if hours >= HORIZON:
            return [Reading(value=HORIZON, count=len(found), text=f"{what} is not growing")]
        ahead = duration_text(hours * 3600) if hours else "no time"
        return [Reading(value=hours, count=len(found), text=f"{what} full in about {ahead}")]

    return read
