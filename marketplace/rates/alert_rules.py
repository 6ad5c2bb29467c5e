"""The rules over the rates: nothing is sold by them yet, so they warn and wake nobody."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from marketplace.rates import queries
from marketplace.rates.coins import PAIRS
from marketplace.rates.tiers import ACCEPTABLE, FRESH
from monitoring.alerts.registry import register as register_rules
from monitoring.alerts.rules import Reading, Rule

_RUNBOOK = "docs/operations/rates.md"
_MINUTE = timedelta(minutes=1)


def register() -> None:
    """Registers them."""
    register_rules(_too_old(), _missing())


def _too_old() -> Rule:
    return Rule(
        name="rates_old",
        title="No rate is young enough to price anything",
        severity="warning",
        read=_age,
        threshold=ACCEPTABLE.total_seconds(),
        clear=FRESH.total_seconds(),
        unit="duration",
        hold=_MINUTE,
        clear_for=_MINUTE,
        advice="See in the panel Rates which houses are left alone and why; pages go on with the last rates, marked as old.",
        runbook=f"{_RUNBOOK}#rates-are-old",
    )


def _missing() -> Rule:
    return Rule(
        name="rates_missing",
        title="Some pairs have no rate that may price",
        severity="warning",
        read=_unusable,
        threshold=len(PAIRS) / 4,
        clear=len(PAIRS) / 10,
        unit="count",
        hold=10 * _MINUTE,
        clear_for=2 * _MINUTE,
        advice="A house no longer names them, or two houses contradict each other: search the log for rates.odd.",
        runbook=f"{_RUNBOOK}#pairs-without-a-rate",
    )


def _age(now: datetime) -> Sequence[Reading]:
    seconds = queries.youngest(now=now)
    # A hall that has never heard a rate has no old one.
    return [] if seconds is None else [Reading(value=max(0.0, seconds))]


def _unusable(now: datetime) -> Sequence[Reading]:
    return [] if queries.youngest(now=now) is None else [Reading(value=float(queries.unusable(now=now)))]
