"""The text that Prometheus reads: what all processes of this group have counted, and what is looked up now."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest, values
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector

from monitoring.metrics import collected, remains

logger = logging.getLogger(__name__)

# The library says no types for it.
_files: Callable[..., Collector] = MultiProcessCollector

# The plain text format, which every Prometheus and promtool reads.
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def text() -> bytes:
    """Everything, in Prometheus' text format; never fails for a store that is away."""
    registry = CollectorRegistry()
    registry.register(_Counted())
    registry.register(collected.Families())
    return generate_latest(registry)


def counted() -> Iterator[Metric]:
    """What the processes of this group have counted, without what is looked up."""
    return _Counted().collect()


def directory() -> Path | None:
    """Where the processes of this group keep their figures; None when this process counts for itself."""
    path = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(path) if path and getattr(values.ValueClass, "_multiprocess", False) else None


class _Counted(Collector):
    def collect(self) -> Iterator[Metric]:
        shared = directory()
        if shared is None:
            yield from REGISTRY.collect()
            return
        try:
            remains.tidy(shared)
            with remains.reading(shared):
                counted = list(_files(None, path=str(shared)).collect())
        except Exception:
            # A directory that was swept away, a file cut short: the looked-up gauges still have their say.
            logger.exception("metrics.unreadable")
            counted = []
        yield from counted
        seen = {metric.name for metric in counted}
        yield from (metric for metric in _defined() if metric.name not in seen)

    def describe(self) -> list[Metric]:
        return []


def _defined() -> Iterator[Metric]:
    """Name and text of each instrument: what nobody has used yet is there too, without values."""
    for instrument in set(REGISTRY._names_to_collectors.values()):
        if isinstance(instrument, MetricWrapperBase):
            yield from instrument.describe()
