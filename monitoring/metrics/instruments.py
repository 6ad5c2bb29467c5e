"""The kinds of instruments; every series of the hall is made here, so that its name and its labels follow one rule.

Names start with ``awning_`` and end in their unit (``_seconds``, ``_bytes``, ``_total``). A label has few values that we
choose: never an id, an address or a path.
"""

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

# The time of a counter's first use would be one more series each.
_disable: Callable[[], None] = disable_created_metrics
_disable()

# Seconds; CONTRACT's targets (0.5, 1) and the alert at 2 are edges, so that their shares are exact.
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)

# How the levels of several processes become one; those of dead processes are left out.
Mode: TypeAlias = Literal["livesum", "livemax", "livemin", "livemostrecent"]


def counter(name: str, text: str, labels: Sequence[str] = ()) -> Counter:
    """Counts events since the start of the process; Prometheus appends ``_total``."""
    return Counter(f"awning_{name}", text, labels)


def gauge(name: str, text: str, labels: Sequence[str] = (), *, mode: Mode = "livesum") -> Gauge:
    """A level of this process that goes up and down; processes are added up unless ``mode`` says otherwise."""
    return Gauge(f"awning_{name}", text, labels, multiprocess_mode=mode)


def histogram(name: str, text: str, labels: Sequence[str] = (), *, buckets: Sequence[float] = SECONDS) -> Histogram:
    """Durations or sizes by bucket."""
    return Histogram(f"awning_{name}", text, labels, buckets=buckets)
