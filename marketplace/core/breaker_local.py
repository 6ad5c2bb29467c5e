"""The breaker of one process: the same rule as the script's, for the time in which Redis does not decide."""

from collections import deque
from dataclasses import dataclass, field

from marketplace.core.breaker_store import Answer, Policy

# Outcomes remembered: enough for the share of the last minute of a busy process, bounded for a flood.
_REMEMBERED = 500


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whether a call may go out, and as the one that tries again; otherwise how many seconds to wait."""

    allowed: bool
    probe: bool = False
    wait: float = 0.0


@dataclass
class LocalBreaker:
    """All times are seconds of ``time.monotonic``. Not locked: the caller holds the lock."""

    policy: Policy
    open_until: float | None = None
    probing_until: float = 0.0
    row: int = 0
    last_failure: float = 0.0
    outcomes: "deque[tuple[float, bool]]" = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def ask(self, now: float) -> Ruling:
        """Whether a call may go out now; hands out one probe at a time."""
        if self.open_until is None:
            return Ruling(True)
        if now < self.open_until:
            return Ruling(False, wait=self.open_until - now)
        if now < self.probing_until:
            return Ruling(False, wait=self.probing_until - now)
        self.probing_until = now + self.policy.probe
        return Ruling(True, probe=True)

    def succeeded(self, now: float, *, probe: bool) -> bool:
        """Notes a success; True when it closes the breaker."""
        if self.open_until is not None:
            if probe:
                self.close()
            return probe
        self.row = 0
        self.outcomes.append((now, True))
        return False

    def failed(self, now: float, *, probe: bool, retry_after: float) -> bool:
        """Notes a failure; True when it opens the breaker, again or for the first time."""
        if self.open_until is not None:
            if probe:
                self._open(now, retry_after)
            return probe
        self.row = self.row + 1 if now - self.last_failure <= self.policy.window else 1
        self.last_failure = now
        self.outcomes.append((now, False))
        recent = [good for at, good in self.outcomes if at > now - self.policy.window]
        bad = recent.count(False)
        many = bad >= self.policy.failures and bad >= self.policy.share * len(recent)
        if retry_after > 0 or self.row >= self.policy.failures or many:
            self._open(now, retry_after)
        return self.open_until is not None

    def dropped(self) -> None:
        """The probe ended without saying anything about the other side: the next caller may try."""
        self.probing_until = 0.0

    def follow(self, answer: Answer, now: float) -> None:
        """Takes over what Redis says, so that its silence changes nothing."""
        if answer.state == "closed":
            if self.open_until is not None:
                self.close()
        else:
            self.open_until = now + max(0.0, answer.until - answer.now)

    def close(self) -> None:
        """As if nothing had ever failed."""
        self.open_until, self.probing_until, self.row = None, 0.0, 0
        self.outcomes.clear()

    def _open(self, now: float, retry_after: float) -> None:
        pause = min(retry_after, self.policy.longest) if retry_after > 0 else self.policy.rest
        self.open_until, self.probing_until = now + pause, 0.0
