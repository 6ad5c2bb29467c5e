"""Whether a supervised process is wedged: alive, but doing nothing.

A wrong verdict interrupts work, so it needs continuous evidence. Whatever blinds the judge starts the count again: the
database or the broker away, the judge itself suspended, for a worker also a silent beat, which sends nothing to consume.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.supervision import probes, queries

logger = logging.getLogger(__name__)

# Several idle workers share beat's signs of life, one every 10 s: each must get one in time.
SHARE = timedelta(seconds=20)
LATELY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: without a sign of life or with work left lying before a process counts as wedged; and between two looks."""

    silence: float = 60.0
    look: float = 5.0


class Judge:
    """Looks at one process again and again; ``kind`` is worker or beat.

    ``delivers``: work that lies about is this worker's to do; one of other queues is not to blame for it.
    """

    def __init__(self, *, kind: str, instance: str, patience: Patience, delivers: bool = True) -> None:
        self.kind, self.instance, self.patience, self.delivers = kind, instance, patience, delivers
        self.silence = timedelta(seconds=patience.silence)
        self._blind_until: datetime | None = None
        self._beat_missed_until: datetime | None = None
        self._looked_at: datetime | None = None

    def look(self, *, now: datetime, started: datetime) -> str | None:
        """Why the process that ``started`` then is wedged; None when it is not, or when nobody can tell."""
        before, self._looked_at = self._looked_at or now, now
        # Suspended, or the clock was set: what was noted before says nothing about now.
        jumped = now < before or now - before > self.silence / 2
        try:
            for ground in probes.grounds().values():
                ground()
            reason = self._find(now, started)
        except Exception as error:  # noqa: BLE001 - whatever it is: without sight there is no verdict
            logger.warning("supervisor.blind", extra={"kind": self.kind, "reason": type(error).__name__})
            self._blind_until = now
            return None
        if jumped:
            self._blind_until = now
            return None
        return reason

    def _find(self, now: datetime, started: datetime) -> str | None:
        # A clock that was set back leaves moments that are still to come.
        base = max((at for at in (started, self._blind_until) if at and at <= now), default=now)
        if self.kind == "beat":
            return self._silent(now, base, self.silence)
        beat = queries.last_seen("beat")
        if beat is None or now - beat > self.silence / 2:
            self._beat_missed_until = now
        workers = queries.alive("worker", since=now - LATELY)
        heard = max(base, min(self._beat_missed_until or base, now))
        return self._left_lying(now, base) or self._silent(now, heard, max(self.silence, SHARE * workers))

    def _silent(self, now: datetime, base: datetime, limit: timedelta) -> str | None:
        seen = queries.seen(self.kind, self.instance)
        # One given since this look began is the best there is; one from far ahead is left by a clock that was set back.
        told = seen is not None and seen <= now + self.silence
        silent = now - (max(base, seen) if seen and told else base)
        return f"no sign of life for {silent.total_seconds():.0f} s" if silent > limit else None

    def _left_lying(self, now: datetime, base: datetime) -> str | None:
        if not self.delivers or now - base <= self.silence:
            return None
        sweep = queries.last_seen("sweep")
        if sweep is not None and now - sweep > self.silence / 2:
            # Then it lies because the sweep is gone, and a new worker would not deliver it either.
            return None
        for name, age in probes.backlogs().items():
            waited = age(now)
            if waited is not None and waited > self.silence.total_seconds():
                return f"due work of {name} has waited for {waited:.0f} s"
        return None
