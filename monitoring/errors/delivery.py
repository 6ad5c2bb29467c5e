"""Hands on what waits in this process: by the broker, else straight into PostgreSQL, else, at the end, into the log.

Runs in a thread of its own, so its connection is never a request's: a rollback there must not erase its evidence here.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from monitoring.errors.batches import Batch, BatchRecord, Sender, make
from monitoring.errors.buffer import Taken
from monitoring.errors.capture import buffer, failures
from monitoring.metrics.instruments import counter

logger = logging.getLogger(__name__)

PER_BATCH = 25
# Batches per run: a flood must not keep the thread from noticing that it should end.
PER_RUN = 40
# How long a broker that did not answer is left alone (seconds), and after which the database is asked instead.
REST = 5.0
AWAY = 10.0
# Counts without a sample may wait for so long (seconds): a broker without workers must not fill up.
COUNTS_WAIT = 10.0

sent = counter("errors_sent", "Batches of error reports handed on, by way.", ["way"])
dropped = counter("errors_dropped", "Error reports for which a process had no room.")
failed = counter("errors_report_failures", "Calls of report() that failed themselves.")

Publish = Callable[[BatchRecord], None]
Store = Callable[[BatchRecord], None]


class Unstorable(Exception):
    """The store answers, and refuses this very batch: it must not stand in the way of those behind it."""


@dataclass
class Courier:
    """One process's way out. At most one batch is in hand; the rest waits in the bounded buffer."""

    sender: Sender
    publish: Publish
    store: Store
    clock: Callable[[], float] = time.monotonic
    hand: Batch | None = None
    quiet_until: float = 0.0
    away_since: float | None = None
    store_quiet_until: float = 0.0
    counts_due: float = 0.0
    failures_seen: int = field(default_factory=failures)

    def run(self, *, ending: bool) -> int:
        """Hands on what waits and returns the number of batches; what cannot go stays, at the end it is logged."""
        done = 0
        for _ in range(PER_RUN):
            if self.hand is None:
                self.hand = self._next(ending=ending)
            if self.hand is None or not (self._settle(self.hand, ending=ending)):
                break
            self.hand = None
            done += 1
        self._count_failures()
        if ending:
            self.log_rest()
        return done

    def log_rest(self) -> None:
        """What found no way out becomes a log line: the type, the place and how often; no texts."""
        while (self.hand or len(buffer())) and (batch := self.hand or self._next()):
            self._log(batch)
            self.hand = None

    def _log(self, batch: Batch) -> None:
        places = {sample["fingerprint"]: sample["culprit"] for sample in batch.samples}
        for tally in batch.tallies:
            logger.error(
                "errors.unsent %s ×%d (%s)",
                tally["type"],
                tally["times"],
                places.get(tally["fingerprint"], ""),
                extra={"fingerprint": tally["fingerprint"], "count": tally["times"]},
            )

    def _next(self, *, ending: bool = True) -> Batch | None:
        if not ending and not buffer().samples_wait() and self.clock() < self.counts_due:
            return None
        self.counts_due = self.clock() + COUNTS_WAIT
        taken: Taken = buffer().take(PER_BATCH)
        if taken.dropped:
            dropped.inc(taken.dropped)
            logger.warning("errors.dropped", extra={"count": taken.dropped})
        return make(taken, self.sender, gently=not ending) if taken.samples or taken.tallies else None

    def _settle(self, batch: Batch, *, ending: bool) -> bool:
        """At the end the database goes first: it answers whether it has stored, and nobody may be left to read a queue."""
        if ending:
            return self._try_store(batch, ending=True) or self._try_publish(batch)
        if self.clock() >= self.quiet_until and self._try_publish(batch):
            return True
        gone = self.away_since is not None and self.clock() - self.away_since >= AWAY
        return gone and self._try_store(batch, ending=False)

    def _try_publish(self, batch: Batch) -> bool:
        try:
            self.publish(batch.record())
        except Exception as error:  # noqa: BLE001 - whatever the broker's client raises means the same here
            if self.away_since is None:
                self.away_since = self.clock()
                logger.warning("errors.broker_away", extra={"error": type(error).__name__})
            self.quiet_until = self.clock() + REST
            return False
        self.away_since = None
        sent.labels("broker").inc()
        return True

    def _try_store(self, batch: Batch, *, ending: bool) -> bool:
        if not ending and self.clock() < self.store_quiet_until:
            return False
        try:
            self.store(batch.record())
        except Unstorable:
            logger.exception("errors.unstorable")
            self._log(batch)
            return True
        except Exception as error:  # noqa: BLE001 - the batch stays in hand, whatever the reason
            self.store_quiet_until = self.clock() + REST
            logger.warning("errors.store_away", extra={"error": type(error).__name__})
            return False
        sent.labels("database").inc()
        return True

    def _count_failures(self) -> None:
        now = failures()
        if now > self.failures_seen:
            failed.inc(now - self.failures_seen)
            logger.warning("errors.report_failed", extra={"count": now - self.failures_seen})
        self.failures_seen = now


@dataclass
class _Mine:
    """The courier of this process."""

    courier: Courier | None = None


_mine = _Mine()


def use(courier: Courier) -> None:
    """Sets how this process hands on its errors."""
    _mine.courier = courier


def drain(now: datetime, *, ending: bool = False) -> int:
    """Hands on what waits; returns the number of batches. ``now`` is the background's, the events have their own times."""
    return _mine.courier.run(ending=ending) if _mine.courier is not None else 0


def log_rest() -> None:
    """For the very end of a process whose last run was cut short."""
    if _mine.courier is not None:
        _mine.courier.log_rest()
