"""Whether the rates are young enough, for health and metrics; reads what is kept, asks nobody."""

from collections import Counter

from django.utils import timezone

from marketplace.rates import queries
from marketplace.rates.coins import PAIRS
from marketplace.rates.tiers import ACCEPTABLE, AGES, FRESH, tier_of
from monitoring.health.registry import Finding
from monitoring.metrics.collected import Row
from monitoring.ops.freshness import View


def finding() -> Finding:
    """Well while the latest rate is fresh and no pair lacks one; never more than a warning: goods are sold without rates."""
    now = timezone.now()
    age, unusable = queries.youngest(now=now), queries.unusable(now=now)
    if age is None:
        return Finding("warning", "No rate is known: prices in coins are built-in estimates.", {"age_s": None})
    figures = {"age_s": round(age, 1), "pairs_unusable": unusable}
    if age <= FRESH.total_seconds() and unusable:
        return Finding("warning", f"{unusable} of {len(PAIRS)} pairs have no rate younger than 15 minutes.", figures)
    if age <= FRESH.total_seconds():
        return Finding("ok", figures=figures)
    if age <= ACCEPTABLE.total_seconds():
        return Finding("warning", "The latest rate is older than 5 minutes.", figures)
    return Finding("warning", "The latest rate is older than 15 minutes: no coin can be paid with.", figures)


def age() -> list[Row]:
    """One row: seconds since the latest good rate; none when nothing is known."""
    seconds = queries.youngest(now=timezone.now())
    return [] if seconds is None else [({}, seconds)]


def pairs() -> list[Row]:
    """How many pairs are in each tier."""
    now = timezone.now()
    board = queries.board(now=now)
    tiers = Counter(tier_of(board[pair].quoted.quoted_at, now) if pair in board else "builtin" for pair in PAIRS)
    return [({"tier": tier}, float(tiers[tier])) for tier in (*AGES, "builtin")]


VIEW = View(
    title="Rates",
    kind="Prices in other currencies",
    age=lambda now: queries.youngest(now=now),
    fresh=FRESH.total_seconds(),
    usable=ACCEPTABLE.total_seconds(),
)
