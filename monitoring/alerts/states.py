"""The life of one watched subject: from one round to the next, as a pure function of its reading and the time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from monitoring.alerts.rules import Reading, Rule

# missing is a state of its own: without data nothing is well, and nothing has broken.
State: TypeAlias = Literal["ok", "pending", "firing", "missing"]
# Why people are told: the threshold is broken, or there are no data.
Cause: TypeAlias = Literal["breach", "missing"]

# A longer silence between two judged readings (no data, or nobody evaluated) restarts the clocks of "for": what was not
# seen was not broken all that time. Six rounds of 15 seconds.
GAP = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is remembered of a subject. ``since`` is when its state began, ``seen_at`` its last judged reading."""

    state: State
    since: datetime
    breach_since: datetime | None = None
    clear_since: datetime | None = None
    missing_since: datetime | None = None
    seen_at: datetime | None = None


def unknown(now: datetime) -> Standing:
    """The standing of a subject nobody has judged yet."""
    return Standing(state="missing", since=now, missing_since=now)


def step(rule: Rule, before: Standing, reading: Reading, *, now: datetime, clear_for: timedelta) -> Standing:
    """The standing after this reading. ``clear_for`` is the rule's, or longer for what keeps coming back."""
    value = reading.value
    if value is None or not rule.judges(reading):
        return _unjudged(rule, before, now)
    fresh = before.seen_at is None or abs(now - before.seen_at) > GAP
    breach_since = clear_since = None
    if rule.breached_by(value):
        breach_since = now if fresh or before.breach_since is None else before.breach_since
    elif rule.cleared_by(value):
        clear_since = now if fresh or before.clear_since is None else before.clear_since
    state: State
    if before.state == "firing":
        state = "ok" if clear_since is not None and now - clear_since >= clear_for else "firing"
    elif breach_since is not None:
        state = "firing" if now - breach_since >= rule.hold else "pending"
    else:
        state = "ok"
    return Standing(
        state=state,
        since=before.since if state == before.state else now,
        breach_since=breach_since,
        clear_since=clear_since,
        seen_at=now,
    )


def cause(rule: Rule, standing: Standing, *, now: datetime) -> Cause | None:
    """Why an alert must be open for this standing, or None when none must."""
    if standing.state == "firing":
        return "breach"
    patience = rule.missing_after
    if standing.state != "missing" or standing.missing_since is None or patience is None:
        return None
    return "missing" if now - standing.missing_since >= patience else None


def _unjudged(rule: Rule, before: Standing, now: datetime) -> Standing:
    """Without data a firing alert keeps firing (until the rule gives up), and everything else is missing.

    The clocks are kept: a source that fails now and then must not start them anew for ever (see GAP).
    """
    missing_since = before.missing_since or now
    if before.state == "firing" and (rule.give_up is None or now - missing_since < rule.give_up):
        return replace(before, missing_since=missing_since)
    since = before.since if before.state == "missing" else now
    return replace(before, state="missing", since=since, missing_since=missing_since)
