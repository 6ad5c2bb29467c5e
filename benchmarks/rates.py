"""Adversarial providers: 10,000 answers over 8 real processes, real PostgreSQL and Redis; and the latest rate among a million.

Two runs. In the first, times are scaled (``SPACING``, and the breaker's rest with it), because 10,000 answers at one in 3 s
and house would take three hours: it shows what is kept and how a breaker tries again. In the second all times are the hall's
own for ``REAL_SECONDS``: it shows how often a house is asked. ``RATES_ANSWERS`` sets how many answers the first takes.
"""

import os
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.entries import Entry, at_most, milliseconds, p50

NAMES = ("rates.",)
ANSWERS = int(os.environ.get("RATES_ANSWERS", "10000"))
PROCESSES, SPACING, REAL_SECONDS = 8, 0.005, 12.0
ROWS = 1_000_000
# Given up after so long without the answers; the machine may be busy with other things.
PATIENCE = 900.0


def run() -> dict[str, Entry]:
    """Both runs, and the reading."""
    from benchmarks import _judging
    from marketplace.rates.coins import PAIRS
    from marketplace.rates.models import Rate

    with TemporaryDirectory() as folder, ExitStack() as stack:
        liars, events, name = _hammer(stack, Path(folder), spacing=SPACING, enough=ANSWERS)
        counts, while_open = _judging.probes(events, name)
        escaped = sum(event["what"] == "escaped" for event in events)
        kept, told = Rate.objects.count(), liars.answers
        wrong = len(_judging.invalid()) + escaped
    assert kept > 10 * len(PAIRS), "too little was kept to say anything"
    with TemporaryDirectory() as folder, ExitStack() as stack:
        _, slow, _ = _hammer(stack, Path(folder), spacing=3.0, seconds=REAL_SECONDS)
        most, closest = _judging.most_in(slow, 3.0), _judging.closest(slow)
    what = f"{told:,} answers, {PROCESSES} processes, {kept:,} rates kept"
    return {
        "rates.accepted_invalid": at_most(wrong, 0, "rates", what),
        "rates.probes_per_half_open": at_most(
            max(counts), 1, "calls", f"{len(counts)} half-open periods; {while_open} calls while open"
        ),
        "rates.calls_while_open": at_most(while_open, 0, "calls", f"{len(counts)} half-open periods"),
        "rates.calls_per_3s": at_most(
            most, 1, "calls", f"closest {closest:.2f} s apart in {REAL_SECONDS:g} s, unscaled"
        ),
        **_latest(),
    }


def _hammer(
    stack: ExitStack, folder: Path, *, spacing: float, enough: int = 0, seconds: float = 0.0
) -> tuple[Any, list[dict[str, Any]], str]:
    """Eight processes poll three liars: the houses' logs, what the breakers did, and the breakers' name."""
    from django.db import connections

    from benchmarks._liars import HOUSES, Liars
    from benchmarks._pollers import Pollers
    from marketplace.rates.coins import PAIRS
    from marketplace.rates.models import Rate

    name = f"bench-{uuid.uuid4().hex}"
    liars = Liars(seed=18)
    stack.callback(liars.close)
    scale = spacing / 3.0
    settings = {
        "name": name,
        "bases": {house: liars.url(house) for house in HOUSES},
        "spacing": spacing,
        # Who finds nothing to do waits for a moment: eight that turn in circles take the machine from those who have.
        "pause": 0.02 if scale < 1 else 0.5,
        "read": 0.2 if scale < 1 else 5.0,
        "total": 0.3 if scale < 1 else 10.0,
        "lease": 30.0 if scale < 1 else 10.0,
        "policy": {"rest": 0.02, "longest": 0.02, "probe": 30.0} if scale < 1 else {"rest": 5.0, "longest": 5.0},
    }
    connections.close_all()
    pollers = Pollers(PROCESSES, settings, folder, {"LOG_LEVEL": "CRITICAL"})
    try:
        pollers.go()
        kept = Rate.objects.count()
        _until(lambda: Rate.objects.count() >= kept + len(PAIRS))
        liars.behave("random")
        end = time.monotonic() + seconds
        _until(lambda: time.monotonic() >= end if seconds else liars.answers >= enough)
    finally:
        events = pollers.stop()
    return liars, events, name


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the answers did not come"
        time.sleep(0.05)


def _latest() -> dict[str, Entry]:
    """The latest rate of all pairs, and of one, among a million rows in 13 months."""
    from django.db import connection

    from marketplace.core import partitions
    from marketplace.rates import queries
    from marketplace.rates.coins import PAIRS
    from marketplace.rates.models import BY_MONTH

    now = datetime.now(UTC)
    this = partitions.month_of(now)
    partitions.make_months(BY_MONTH, [partitions.later(this, -step) for step in range(13)])
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO rates_rate
            SELECT coin, currency, 1, 'made', '', at, at FROM unnest(%s::text[], %s::text[]) AS pair (coin, currency),
            generate_series(%s - interval '12 months', %s, interval '12 months' / %s) AS at ON CONFLICT DO NOTHING
            """,
            [[pair.coin for pair in PAIRS], [pair.currency for pair in PAIRS], now, now, ROWS // len(PAIRS)],
        )
        cursor.execute("ANALYZE rates_rate")
    every = p50(milliseconds(lambda: queries.last_good(now=now), runs=15))
    one = p50(milliseconds(lambda: queries.last_good(PAIRS[:1], now=now), runs=15))
    return {
        "rates.latest_all_1m": at_most(every, 10, "ms", f"{len(PAIRS)} pairs of {ROWS:,} rows, 13 months"),
        "rates.latest_one_1m": at_most(one, 2, "ms", "what prices an invoice"),
    }
