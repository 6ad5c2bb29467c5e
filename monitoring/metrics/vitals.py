"""What browsers tell about their wait: largest paint, layout shift, slowest answer to a press, by route and nothing else."""

import json
import math
from dataclasses import dataclass

from monitoring.metrics import routes
from monitoring.metrics.instruments import histogram

# One report is about a hundred bytes.
MOST_BYTES = 1_024
_LONGEST_PATH = 400

# The edges of "good" and "poor" (web.dev, Web Vitals): 2.5 and 4 s, 0.2 and 0.5 s, 0.1 and 0.25.
_PAINT = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0, 20.0)
_PRESS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0)
_SHIFT = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0)
_MINUTE_MS = 60_000.0
_MOST_SHIFT = 10.0

paint = histogram("web_largest_contentful_paint_seconds", "Largest contentful paint.", ["route"], buckets=_PAINT)
press = histogram("web_interaction_to_next_paint_seconds", "Interaction to next paint.", ["route"], buckets=_PRESS)
shift = histogram("web_cumulative_layout_shift_ratio", "Cumulative layout shift.", ["route"], buckets=_SHIFT)


class BadReport(ValueError):
    """A report that our own script would not have sent; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Report:
    """Times in seconds; None for what the page has not had."""

    route: str
    lcp: float | None
    inp: float | None
    cls: float | None


def read(body: bytes) -> Report:
    """Parses a report. Raises BadReport."""
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        raise BadReport("The body must be JSON.") from None
    if not isinstance(values, dict) or not values.keys() <= {"path", "lcp", "inp", "cls"}:
        raise BadReport("The body must be an object with path and some of lcp, inp, cls.")
    path = values.get("path")
    if not isinstance(path, str) or not path.startswith("/") or len(path) > _LONGEST_PATH:
        raise BadReport("path must be a path of this site.")
    lcp, inp = _number(values, "lcp", _MINUTE_MS), _number(values, "inp", _MINUTE_MS)
    return Report(
        # The path itself is forgotten here: it may name an order.
        route=routes.of_path(path),
        lcp=None if lcp is None else lcp / 1000,
        inp=None if inp is None else inp / 1000,
        cls=_number(values, "cls", _MOST_SHIFT),
    )


def note(report: Report) -> None:
    """Adds a report to the histograms."""
    for instrument, value in ((paint, report.lcp), (press, report.inp), (shift, report.cls)):
        if value is not None:
            instrument.labels(report.route).observe(value)


def _number(values: dict[str, object], name: str, most: float) -> float | None:
    value = values.get(name)
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or not 0 <= value <= most
    ):
        raise BadReport(f"{name} must be a number from 0 to {most:g}.")
    return float(value)
