"""The kinds of instruments; every series of the hall is made here, so that its name and its labels follow one rule.

Names start with ``awning_`` and end in their unit (``_seconds``, ``_bytes``, ``_total``). A label has few values that we
choose: never an id, an address or a path.
"""

from collections.abc import Sequence

from prometheus_client import Counter, Gauge, Histogram

# Seconds; CONTRACT's targets (0.5, 1) and the alert at 2 are edges, so that their shares are exact.
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


def counter(name: str, text: str, labels: Sequence[str] = ()) -> Counter:
    """Counts events since the start of the process; Prometheus appends ``_total``."""
    return Counter(f"awning_{name}", text, labels)


def gauge(name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
    """A level of this process that goes up and down; processes are added up, dead ones left out."""
    return Gauge(f"awning_{name}", text, labels, multiprocess_mode="livesum")


def histogram(name: str, text: str, labels: Sequence[str] = (), *, buckets: Sequence[float] = SECONDS) -> Histogram:
    """Durations or sizes by bucket."""
    return Histogram(f"awning_{name}", text, labels, buckets=buckets)
