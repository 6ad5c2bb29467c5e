"""How fresh each view is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from marketplace.insights.matviews import Matview
from marketplace.insights.queries.reading import rows

_STATES = "SELECT name, refreshed_at, dirty_since, duration_ms, attempts, last_error FROM insights_viewstate"


@dataclass(frozen=True, slots=True)
class State:
    """``dirty_since`` is when the oldest change that the view lacks became known, None when it lacks none."""

    name: str
    refreshed_at: datetime | None
    dirty_since: datetime | None
    duration_ms: int | None
    attempts: int
    last_error: str

    @property
    def duration_s(self) -> float | None:
        """Seconds the last refresh took."""
        return None if self.duration_ms is None else self.duration_ms / 1000

    def stale(self, now: datetime) -> float:
        """Seconds for which a change has been waiting; 0 when none is."""
        return max(0.0, (now - self.dirty_since).total_seconds()) if self.dirty_since else 0.0


def states() -> Mapping[str, State]:
    """By the name of the view; one that has never been touched is missing."""
    return {row[0]: State(*row) for row in rows(_STATES)}


def refreshed_at(view: Matview) -> datetime | None:
    """From when the view's figures are, None before its first refresh."""
    found = rows("SELECT refreshed_at FROM insights_viewstate WHERE name = %(name)s", {"name": view.name})
    return found[0][0] if found else None
