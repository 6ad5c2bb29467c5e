"""Gauges that are looked up when somebody scrapes: depths, ages, levels that live in PostgreSQL, Redis or the machine.

A floor above registers a name and a function. The functions run beside the scrape, one thread per source, at most every
``every`` seconds; a scrape waits for them a moment and else shows what is known. A store that hangs costs its own
gauges, never the page.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from django.db import connection, connections, transaction
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from monitoring.metrics import samples

logger = logging.getLogger(__name__)

Row: TypeAlias = tuple[Mapping[str, str], float]
Run: TypeAlias = Callable[[], Sequence[Row]]

# How long a scrape waits for all sources together (seconds): its own reading of files must fit into the half second too.
PATIENCE = 0.35
# A value that could not be renewed for so many periods, or seconds, is no longer shown: a gap says more than an old number.
STALE_PERIODS, STALE_SECONDS = 6, 60.0
# Sources of this name, and those that begin with it and a colon, read PostgreSQL.
DATABASE = "database"
# A gauge with more labelled values than this is a mistake of its author.
MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Gauge:
    """``run`` gives (labels, value) rows; ``limit`` is what its statements may take (seconds, PostgreSQL only).

    With ``level`` the highest value also becomes a sample of that name, for alerts.
    """

    name: str
    text: str
    run: Run
    labels: Sequence[str] = ()
    source: str = DATABASE
    every: float = 10.0
    limit: float = 0.25
    level: str = ""


@dataclass
class _Source:
    """What one source has told, and the thread that asks it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    asking_since: float | None = None
    answered: threading.Event = field(default_factory=threading.Event)
    values: dict[str, tuple[float, Sequence[Row]]] = field(default_factory=dict)
    tried: dict[str, float] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)


_gauges: dict[str, Gauge] = {}
_sources: dict[str, _Source] = {}
_making = threading.Lock()


def register(
    name: str,
    text: str,
    run: Run,
    *,
    labels: Sequence[str] = (),
    source: str = DATABASE,
    every: float = 10.0,
    limit: float = 0.25,
    level: str = "",
) -> None:
    """Adds a gauge ``awning_<name>``; a second one of the same name takes its place."""
    _gauges[name] = Gauge(name, text, run, tuple(labels), source, every, limit, level)


def gauges() -> list[Gauge]:
    """All registered gauges, by name."""
    return sorted(_gauges.values(), key=lambda gauge: gauge.name)


def forget() -> None:
    """Drops what is known: after a fork, and in tests."""
    global _making  # noqa: PLW0603 - the parent's lock may be held by a thread the child does not have
    _making = threading.Lock()
    _sources.clear()


os.register_at_fork(after_in_child=forget)


def families(patience: float = PATIENCE) -> list[Metric]:
    """The gauges as far as they are known within ``patience`` seconds."""
    names = sorted({gauge.source for gauge in gauges()})
    deadline = time.monotonic() + patience
    for name in names:
        _ask(name)
    for name in names:
        _wait(_source(name), deadline, patience)
    now = time.monotonic()
    return [*(_family(gauge, now) for gauge in gauges()), _answering(names, now)]


def refresh(source: str) -> None:
    """Asks one source for everything that is due, in this thread."""
    state = _source(source)
    for gauge in gauges():
        if gauge.source == source and _due(state, gauge):
            state.tried[gauge.name] = time.monotonic()
            try:
                rows = _run(gauge)
            except Exception as error:  # noqa: BLE001 - one gauge must not cost the others, whatever it raises
                _failed(state, gauge, error)
            else:
                state.failing.discard(gauge.name)
                state.values[gauge.name] = (time.monotonic(), rows)
                if gauge.level and rows:
                    samples.level(gauge.level, max(value for _, value in rows))


def refresh_all(now: object = None) -> None:
    """Asks every source, each in its own thread: the background job of processes that nobody scrapes."""
    for name in {gauge.source for gauge in gauges()}:
        _ask(name)


class Families(Collector):
    """What prometheus_client asks at a scrape."""

    def collect(self) -> Iterator[Metric]:
        yield from families()

    def describe(self) -> list[Metric]:
        """Nothing: registering must not look anything up."""
        return []


def _source(name: str) -> _Source:
    with _making:
        return _sources.setdefault(name, _Source())


def _due(state: _Source, gauge: Gauge) -> bool:
    tried = state.tried.get(gauge.name)
    return tried is None or time.monotonic() - tried >= gauge.every


def _ask(name: str) -> None:
    """Starts a thread for what is due, unless one is at it: a hung source holds one thread, not one per scrape."""
    state = _source(name)
    with state.lock:
        if state.asking_since is not None:
            return
        if not any(_due(state, gauge) for gauge in gauges() if gauge.source == name):
            return
        state.asking_since = time.monotonic()
        state.answered.clear()
    thread = threading.Thread(target=_asked, args=(name, state), name=f"collected:{name}", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        # No more threads: the machine is full, and the scrape shows what is known.
        state.asking_since = None
        state.answered.set()


def _asked(name: str, state: _Source) -> None:
    try:
        try:
            refresh(name)
        finally:
            connections.close_all()
    finally:
        state.asking_since = None
        state.answered.set()


def _wait(state: _Source, deadline: float, patience: float) -> None:
    since = state.asking_since
    # Who has hung for longer than a scrape waits was waited for already.
    if since is not None and time.monotonic() - since < patience:
        state.answered.wait(max(0.0, deadline - time.monotonic()))


def _run(gauge: Gauge) -> Sequence[Row]:
    if gauge.source.partition(":")[0] != DATABASE:
        return list(gauge.run())[:MOST_ROWS]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(int(gauge.limit * 1000))])
        return list(gauge.run())[:MOST_ROWS]


def _failed(state: _Source, gauge: Gauge, error: Exception) -> None:
    if gauge.name not in state.failing:
        logger.warning("collected.failed", extra={"gauge": gauge.name, "error": type(error).__name__})
    state.failing.add(gauge.name)


def _family(gauge: Gauge, now: float) -> Metric:
    family = GaugeMetricFamily(f"awning_{gauge.name}", gauge.text, labels=gauge.labels)
    at, rows = _source(gauge.source).values.get(gauge.name, (0.0, ()))
    if now - at <= max(gauge.every * STALE_PERIODS, STALE_SECONDS):
        for labels, value in rows:
            family.add_metric([str(labels[label]) for label in gauge.labels], value)
    return family


def _answering(names: Sequence[str], now: float) -> Metric:
    family = GaugeMetricFamily(
        "awning_collected_up",
        "1 when a source of scrape-time gauges answers, 0 when it fails or hangs.",
        labels=["source"],
    )
    for name in names:
        state = _source(name)
        hangs = state.asking_since is not None and now - state.asking_since >= PATIENCE
        family.add_metric([name], 0.0 if state.failing or hangs else 1.0)
    return family
