"""What the samples say about a stretch of time, over all processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import Max

from monitoring.metrics.models import Sample
from monitoring.metrics.samples import minute_of
from monitoring.metrics.tally import SLOTS, quantile

# As many points as a chart has pixels, and no more rows than one answer should carry.
MOST_POINTS = 2_000

# One row per stretch of ``step`` seconds: sums over all instances, and the sum of each bucket.
_BY_STRETCH = """
WITH seen AS MATERIALIZED (
    SELECT (floor(extract(epoch FROM minute) / %(step)s) * %(step)s)::bigint AS stretch, *
    FROM metrics_sample WHERE name = %(name)s AND minute >= %(since)s AND minute < %(until)s
), bars AS (
    SELECT stretch, array_agg(filled ORDER BY slot) AS buckets FROM (
        SELECT stretch, slot, sum(part)::bigint AS filled
        FROM seen, unnest(buckets) WITH ORDINALITY AS bar(part, slot) GROUP BY stretch, slot
    ) AS slots GROUP BY stretch
)
SELECT stretch, sum(count)::bigint, sum(bad)::bigint, sum(total), max(highest), bars.buckets
FROM seen JOIN bars USING (stretch) GROUP BY stretch, bars.buckets ORDER BY stretch
"""
# Without the buckets, whose unfolding is nearly all of the work.
_PEAKS = """
SELECT (floor(extract(epoch FROM minute) / %(step)s) * %(step)s)::bigint AS stretch, max(highest)
FROM metrics_sample WHERE name = %(name)s AND minute >= %(since)s AND minute < %(until)s AND highest IS NOT NULL
GROUP BY stretch ORDER BY stretch
"""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time added up. ``mean``, ``highest`` and ``quantile`` are None when nothing had a value."""

    count: int = 0
    bad: int = 0
    total: float = 0.0
    highest: float | None = None
    buckets: Sequence[int] = (0,) * SLOTS

    @property
    def mean(self) -> float | None:
        """The mean of the values."""
        sized = sum(self.buckets)
        return self.total / sized if sized else None

    @property
    def share_bad(self) -> float | None:
        """Bad ones among all, 0..1; None when there were none at all."""
        return self.bad / self.count if self.count else None

    def quantile(self, q: float) -> float | None:
        """The value below which the share ``q`` lies, to within its bucket. Raises ValueError for a q not in 0..1."""
        return quantile(q, self.buckets, self.highest)


@dataclass(frozen=True, slots=True)
class Point:
    """One step of a chart; ``at`` is where it begins."""

    at: datetime
    count: int
    bad: int
    mean: float | None
    highest: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Instance:
    """One machine and kind of process, and the last minute in which it has counted this name."""

    name: str
    last_minute: datetime


def window(name: str, *, since: datetime, until: datetime) -> Window:
    """All observations of ``name`` from the minute of ``since`` up to ``until``, over all instances."""
    span = max(1, int((until - minute_of(since)).total_seconds()) + 60)
    added = Window()
    for found in _stretches(name, since=since, until=until, step=span).values():
        added = _sum(added, found)
    return added


def series(name: str, *, since: datetime, until: datetime, step: int = 60) -> list[Point]:
    """One point per ``step`` seconds (whole minutes), also where nothing happened. Raises ValueError for too many."""
    if step < 60 or step % 60:
        raise ValueError(f"A step is in whole minutes, not {step} s: use 60, 300, 3600 …")
    first = int(minute_of(since).timestamp()) // step * step
    starts = range(first, max(first, int(until.timestamp())), step)
    if len(starts) > MOST_POINTS:
        raise ValueError(f"{len(starts)} points are more than {MOST_POINTS}: use a longer step than {step} s.")
    found = _stretches(name, since=datetime.fromtimestamp(first, UTC), until=until, step=step)
    return [_point(start, found.get(start, Window())) for start in starts]


def peaks(name: str, *, since: datetime, until: datetime, step: int = 60) -> list[tuple[datetime, float]]:
    """The highest value in each ``step`` seconds (whole minutes) in which there was one: where it begins, and the value."""
    first = int(minute_of(since).timestamp()) // step * step
    values: dict[str, str | int | datetime] = {
        "name": name,
        "since": datetime.fromtimestamp(first, UTC),
        "until": until,
        "step": step,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PEAKS, values)
        return [(datetime.fromtimestamp(stretch, UTC), highest) for stretch, highest in cursor.fetchall()]


def instances(name: str, *, since: datetime) -> list[Instance]:
    """Who has counted ``name`` since then, by instance."""
    rows = (
        Sample.objects.filter(name=name, minute__gte=minute_of(since))
        .values_list("instance")
        .annotate(last=Max("minute"))
        .order_by("instance")
    )
    return [Instance(name=who, last_minute=last) for who, last in rows]


def oldest_kept(now: datetime, *, days: int = 30) -> datetime:
    """The first minute that is kept: CONTRACT says for how long."""
    return minute_of(now) - timedelta(days=days)


def _stretches(name: str, *, since: datetime, until: datetime, step: int) -> dict[int, Window]:
    values: dict[str, str | int | datetime] = {"name": name, "since": minute_of(since), "until": until, "step": step}
    with connection.cursor() as cursor:
        cursor.execute(_BY_STRETCH, values)
        return {
            stretch: Window(count, bad, total, highest, _whole(buckets))
            for stretch, count, bad, total, highest, buckets in cursor.fetchall()
        }


def _whole(buckets: Sequence[int]) -> list[int]:
    """Rows of a release with other buckets must not break the pages of this one."""
    return [*buckets, *(0,) * SLOTS][:SLOTS]


def _sum(one: Window, other: Window) -> Window:
    heights = [height for height in (one.highest, other.highest) if height is not None]
    return Window(
        count=one.count + other.count,
        bad=one.bad + other.bad,
        total=one.total + other.total,
        highest=max(heights, default=None),
        buckets=[mine + theirs for mine, theirs in zip(one.buckets, other.buckets, strict=True)],
    )


def _point(start: int, found: Window) -> Point:
    return Point(
        at=datetime.fromtimestamp(start, UTC),
        count=found.count,
        bad=found.bad,
        mean=found.mean,
        highest=found.highest,
        p95=found.quantile(0.95),
    )
