"""What is watched: a rule compares a measurement with a threshold, and says who must do what when it stays broken.

Rules are plain data and know no database; whoever has something to watch registers a rule (see ``registry``).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

# A page wakes somebody up; a warning is read in the morning.
Severity: TypeAlias = Literal["page", "warning"]
# share: 0.05 is 5 %. duration: seconds. hours: until a predicted breach. count: things.
Unit: TypeAlias = Literal["share", "duration", "hours", "count"]

_NAME = re.compile(r"[a-z][a-z0-9_]{2,59}")
_ZERO = timedelta(0)


class BadRule(ValueError):
    """A rule that could never fire, never clear or never be understood; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One measurement of a rule.

    ``subject`` tells several of one rule apart (a process, an error), "" when there is only one. ``value`` is in the
    rule's unit, None when there are no data. ``count`` is how many events the value was made of, for the minimum
    denominator. ``text`` is a detail for people; it is scrubbed before anybody reads it.
    """

    subject: str = ""
    value: float | None = None
    count: int | None = None
    text: str = ""


Reader: TypeAlias = Callable[[datetime], Sequence[Reading]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Fires when the value is beyond ``threshold`` for ``hold``; clears when it is at or within ``clear`` for ``clear_for``.

    Between ``clear`` and ``threshold`` nothing changes (hysteresis). ``least`` is the minimum denominator: a value made
    of fewer events is not judged. ``below`` turns the comparison round. ``absent`` says what a subject that is no longer
    read means: no data, or that its trouble is over. Without data for ``missing_after`` people are told so; None: never.
    A firing rule without data keeps firing; with ``give_up`` it ends after that long without enough data, and says so.
    ``tell_end`` is off for events: that an error is no longer new is no news.
    """

    name: str
    title: str
    severity: Severity
    read: Reader
    threshold: float
    clear: float
    unit: Unit
    advice: str
    runbook: str
    hold: timedelta = _ZERO
    clear_for: timedelta = _ZERO
    least: int = 0
    below: bool = False
    absent: Literal["missing", "over"] = "missing"
    missing_after: timedelta | None = None
    give_up: timedelta | None = None
    tell_end: bool = True

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise BadRule(f"{self.name!r} is no name of a rule: 3 to 60 of a-z, 0-9 and _, a letter first.")
        if self.breached_by(self.clear):
            raise BadRule(
                f"{self.name}: clear={self.clear} breaks the threshold {self.threshold}: it could never clear."
            )
        if min(self.hold, self.clear_for) < _ZERO:
            raise BadRule(f"{self.name}: hold and clear_for are durations, not negative.")
        if len(self.title) > 120:
            raise BadRule(f"{self.name}: a title of {len(self.title)} characters does not fit a subject line (120).")
        if not (self.title and self.advice and self.runbook):
            raise BadRule(f"{self.name}: whoever is woken needs a title, an advice and a runbook.")

    def breached_by(self, value: float) -> bool:
        """Whether the value lies beyond the threshold; the threshold itself is still good."""
        return value < self.threshold if self.below else value > self.threshold

    def cleared_by(self, value: float) -> bool:
        """Whether the value is back at the clear threshold or within it."""
        return value >= self.clear if self.below else value <= self.clear

    def judges(self, reading: Reading) -> bool:
        """Whether the reading holds a number made of enough events."""
        enough = reading.count is None or reading.count >= self.least
        # NaN compares as neither breached nor cleared: it is no data.
        return reading.value is not None and reading.value == reading.value and enough


def value_text(value: float | None, unit: Unit) -> str:
    """The value for people: "12.3 %", "850 ms", "4 min", "about 6 h", "3"; at most 40 characters."""
    return _value_text(value, unit)[:40]


def _value_text(value: float | None, unit: Unit) -> str:
    if value is None:
        return "no data"
    if unit == "share":
        return f"{value:.2%}".replace("%", " %") if value < 0.01 else f"{value:.1%}".replace("%", " %")
    if unit == "hours":
        return f"about {_hours(value)}"
    if unit == "duration":
        return duration_text(value)
    return f"{value:.0f}"


def duration_text(seconds: float) -> str:
    """Seconds for people, in the unit that fits."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return _hours(seconds / 3600)


def _hours(hours: float) -> str:
    if hours < 1:
        return f"{max(hours * 60, 1):.0f} min"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
