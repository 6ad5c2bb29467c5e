"""What operators see of the views: counters, gauges that are looked up at a scrape, and a line each in /ops/."""

from datetime import datetime
from functools import partial

from django.utils import timezone

from marketplace.insights import queries
from marketplace.insights.matviews import ALL, EVERY, Matview
from monitoring.metrics import collected
from monitoring.metrics.instruments import counter
from monitoring.ops import freshness

refreshed_total = counter("view_refreshes", "Refreshes of materialized views, by how they ended.", ["view", "outcome"])

# A dirty view is refreshed within five minutes and a round of beat; after three periods something is wrong.
FRESH_S = EVERY.total_seconds() + 60
USABLE_S = 3 * EVERY.total_seconds()


def register() -> None:
    """Called when the app is ready."""
    collected.register(
        "view_stale_seconds",
        "How long the oldest change has waited that the view does not show; 0 when it shows them all.",
        lambda: _rows("stale"),
        labels=["view"],
        level="view_stale_s",
    )
    collected.register(
        "view_refresh_seconds",
        "How long the last refresh of the view took.",
        lambda: _rows("duration"),
        labels=["view"],
    )
    for view in ALL:
        entry = freshness.View(view.title, "materialized view", partial(_age, view), FRESH_S, USABLE_S)
        freshness.register(f"insights-{view.name}", entry)


def _rows(what: str) -> list[tuple[dict[str, str], float]]:
    now = timezone.now()
    found = queries.states().values()
    values = ((state.name, state.stale(now) if what == "stale" else state.duration_s) for state in found)
    return [({"view": name}, value) for name, value in values if value is not None]


def _age(view: Matview, now: datetime) -> float | None:
    """How long its readers have been missing something."""
    state = queries.states().get(view.name)
    return state.stale(now) if state is not None and state.refreshed_at is not None else None
