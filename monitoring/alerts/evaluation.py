"""One round: read every rule's measurements, move every standing on, open and resolve alerts, and write what is told.

Any process may evaluate; a lease lets one do it at a time, so that the rules are watched while any process lives. The lease
saves work only. What keeps two evaluators harmless is that a round is applied under the lock of one row, never over newer
readings, and that one alert at most is open per rule and subject.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q

from monitoring.alerts import registry, states
from monitoring.alerts.messages import announce
from monitoring.alerts.models import Alert, Evaluation, Standing
from monitoring.alerts.rules import Reading, Rule, value_text
from monitoring.requests.scrubber import scrub_text

logger = logging.getLogger(__name__)

# Seconds: a round takes some 50 ms; a crashed evaluator is replaced after its lease.
LEASE = timedelta(seconds=60)
# Five processes wake every 15 s, each at its own time: one round in 15 s is enough.
PAUSE = timedelta(seconds=10)
# No evaluator is held up for so long, and no good clock is so far ahead of another.
FAST = timedelta(minutes=5)
# A fault that has many subjects (each error is one) says as much by its first fifty.
MOST_SUBJECTS = 50
# Flapping: who fired this often within FLAP_WINDOW stays open until it has been clear for FLAP_WINDOW.
FLAP_TIMES = 3
FLAP_WINDOW = timedelta(hours=1)
# A rule that no evaluator has known for this long is gone; during a rollout old and new releases know different ones.
RETIRED = timedelta(hours=1)

Key = tuple[str, str]


@dataclass(slots=True)
class _Round:
    """What one evaluator knows while it applies its readings."""

    now: datetime
    standings: dict[Key, Standing]
    open: dict[Key, Alert]
    written: list[Standing] = field(default_factory=list)
    opening: list[Alert] = field(default_factory=list)


def evaluate(*, now: datetime) -> bool:
    """One round, unless another evaluator has the lease or has just finished one. Returns whether it was applied."""
    if not _claim(now):
        return False
    rules = registry.rules()
    # Outside any transaction: a reading may be slow, and holds no locks.
    readings = {rule.name: _read(rule, now) for rule in rules}
    with transaction.atomic():
        turn = Evaluation.objects.select_for_update().get(pk=1)
        # Newer ones win; not those of a clock that was set back since, or all rules would rest until it is that late again.
        if turn.readings_of is not None and now <= turn.readings_of <= now + FAST:
            return False
        _apply(rules, readings, now)
        turn.readings_of = turn.finished_at = now
        turn.locked_until = None
        turn.save()
    return True


def _claim(now: datetime) -> bool:
    Evaluation.objects.get_or_create(pk=1)
    free = Q(locked_until__isnull=True) | Q(locked_until__lt=now)
    due = Q(started_at__isnull=True) | Q(started_at__lte=now - PAUSE) | Q(started_at__gt=now + LEASE)
    claimed = Evaluation.objects.filter(free & due, pk=1).update(locked_until=now + LEASE, started_at=now)
    return claimed == 1


def _read(rule: Rule, now: datetime) -> Sequence[Reading] | None:
    """The rule's readings, the worst first if there are too many; None when it could not be read."""
    try:
        found = [_plain(reading) for reading in rule.read(now)]
    except Exception:
        logger.exception("alerts.unreadable", extra={"rule": rule.name})
        return None
    if len(found) > MOST_SUBJECTS:
        found.sort(key=lambda reading: reading.value or 0.0, reverse=not rule.below)
    return found[:MOST_SUBJECTS]


def _plain(reading: Reading) -> Reading:
    """The reading as it may be stored and told: a number, and text without secrets and without NUL."""
    value = None if reading.value is None else float(reading.value)
    subject, text = (scrub_text(part.replace("\0", "")) for part in (reading.subject, reading.text))
    return Reading(subject=subject[:200], value=value, count=reading.count, text=text[:500])


def _apply(rules: Iterable[Rule], readings: dict[str, Sequence[Reading] | None], now: datetime) -> None:
    at_hand = _Round(
        now=now,
        standings={(row.rule, row.subject): row for row in Standing.objects.all()},
        open={(row.rule, row.subject): row for row in Alert.objects.filter(resolved_at__isnull=True)},
    )
    for rule in rules:
        for subject, reading in _by_subject(rule, readings[rule.name], at_hand.standings).items():
            _judge(at_hand, rule, subject, reading)
    _retire(at_hand, {rule.name for rule in rules})
    _write_standings(at_hand.written)
    _mark_flapping(at_hand)
    Alert.objects.bulk_create(at_hand.opening)
    announce(now=now)


def _by_subject(rule: Rule, readings: Sequence[Reading] | None, standings: dict[Key, Standing]) -> dict[str, Reading]:
    """One reading for every subject: those read now, and those that are known and were not read."""
    known = [subject for name, subject in standings if name == rule.name]
    if readings is None:
        return {subject: Reading(subject, text="could not be read") for subject in known or [""]}
    found = {reading.subject: reading for reading in readings}
    gone = None if rule.absent == "missing" else rule.clear
    text = "no data" if gone is None else ""
    for subject in known:
        found.setdefault(subject, Reading(subject, value=gone, text=text))
    if not found and gone is None:
        found[""] = Reading(text=text)
    return found


def _judge(at_hand: _Round, rule: Rule, subject: str, reading: Reading) -> None:
    now, key = at_hand.now, (rule.name, subject)
    alert, row = at_hand.open.get(key), at_hand.standings.get(key)
    before = _standing(row) if row else states.unknown(now)
    clear_for = max(rule.clear_for, FLAP_WINDOW) if alert and alert.flapping else rule.clear_for
    after = states.step(rule, before, reading, now=now, clear_for=clear_for)
    reason = states.cause(rule, after, now=now)
    text = reading.text or _too_few(rule, reading)
    quiet = row.quiet_until if row and reason is not None else None
    at_hand.written.append(_row(rule, subject, after, reading, text=text, quiet=quiet, now=now))
    if alert is not None and (reason is None or alert.cause != reason):
        _close(alert, now, note=_ending(rule, after))
        alert = None
    if reason is None:
        return
    if alert is not None:
        _keep_up(alert, rule, reading, text)
    elif quiet is None or quiet <= now:
        at_hand.opening.append(_alert(rule, subject, after, reading, cause=reason, text=text, now=now))


def _keep_up(alert: Alert, rule: Rule, reading: Reading, text: str) -> None:
    """What the open alert shows is of now; the last value stays while there are no data."""
    value = alert.value if reading.value is None else reading.value
    Alert.objects.filter(pk=alert.pk).update(value=value, value_text=value_text(value, rule.unit), text=text)


def _too_few(rule: Rule, reading: Reading) -> str:
    if reading.value is None or rule.judges(reading):
        return "no data" if reading.value is None else ""
    return f"too few to judge: {reading.count} of at least {rule.least}"


def _ending(rule: Rule, after: states.Standing) -> str:
    if after.state != "missing":
        return ""
    return "Ended without data: for a long time there was too little to judge." if rule.give_up else ""


def _standing(row: Standing) -> states.Standing:
    return states.Standing(
        state=row.state,  # type: ignore[arg-type]
        since=row.since,
        breach_since=row.breach_since,
        clear_since=row.clear_since,
        missing_since=row.missing_since,
        seen_at=row.seen_at,
    )


def _row(
    rule: Rule,
    subject: str,
    after: states.Standing,
    reading: Reading,
    *,
    text: str,
    quiet: datetime | None,
    now: datetime,
) -> Standing:
    return Standing(
        rule=rule.name,
        subject=subject,
        state=after.state,
        value=reading.value,
        text=text,
        since=after.since,
        breach_since=after.breach_since,
        clear_since=after.clear_since,
        missing_since=after.missing_since,
        seen_at=after.seen_at,
        evaluated_at=now,
        quiet_until=quiet,
    )


def _alert(
    rule: Rule,
    subject: str,
    after: states.Standing,
    reading: Reading,
    *,
    cause: states.Cause,
    text: str,
    now: datetime,
) -> Alert:
    began = after.breach_since if cause == "breach" else after.missing_since
    return Alert(
        rule=rule.name,
        subject=subject,
        title=rule.title,
        severity=rule.severity,
        cause=cause,
        value=reading.value,
        value_text=value_text(reading.value, rule.unit),
        text=text,
        since=began or now,
        fired_at=now,
    )


def _close(alert: Alert, now: datetime, *, note: str) -> None:
    alert.resolved_at = now
    Alert.objects.filter(pk=alert.pk, resolved_at__isnull=True).update(resolved_at=now, note=note or alert.note)


def _retire(at_hand: _Round, known: set[str]) -> None:
    """Ends the alerts of rules that no release has any more."""
    for (rule, subject), alert in at_hand.open.items():
        row = at_hand.standings.get((rule, subject))
        if rule not in known and (row is None or row.evaluated_at < at_hand.now - RETIRED):
            _close(alert, at_hand.now, note="Ended: this rule no longer exists.")


def _write_standings(rows: list[Standing]) -> None:
    Standing.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["rule", "subject"],
        update_fields=["state", "value", "text", "since", "breach_since", "clear_since", "missing_since", "seen_at",
                       "evaluated_at", "quiet_until"],
    )  # fmt: skip


def _mark_flapping(at_hand: _Round) -> None:
    if not at_hand.opening:
        return
    recent = (
        Alert.objects.filter(fired_at__gt=at_hand.now - FLAP_WINDOW, rule__in={a.rule for a in at_hand.opening})
        .values_list("rule", "subject")
        .annotate(times=Count("pk"))
    )
    often = {(rule, subject) for rule, subject, times in recent if times >= FLAP_TIMES}
    for alert in at_hand.opening:
        alert.flapping = (alert.rule, alert.subject) in often
