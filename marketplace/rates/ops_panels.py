"""What operators see of the rates: every house with its breaker, and how old what is known is."""

from collections import Counter
from datetime import datetime

from django.apps import apps

from marketplace.core.breaker import Status
from marketplace.rates import queries
from marketplace.rates.coins import PAIRS, Pair
from marketplace.rates.providers import Provider
from marketplace.rates.tiers import PRICING, Tier, tier_of
from monitoring.ops import panels
from monitoring.ops.panels import Panel
from monitoring.ops.parts import Act, Body, Cell, Figure, Mark, Row, Table, Tone, clock, span

_TIERS: tuple[tuple[Tier, str, str, Tone], ...] = (
    ("fresh", "Fresh", "up to 5 min", "good"),
    ("acceptable", "Acceptable", "up to 15 min: the oldest that may price", "good"),
    ("indicative", "Indicative", "up to 60 min: shown, and says so", "warn"),
    ("builtin", "Built in", "no rate: a rough price is shown", "bad"),
)
_STATES: dict[str, Mark] = {
    "closed": Mark("good", "Asked"),
    "half_open": Mark("warn", "One call tries"),
    "open": Mark("bad", "Left alone"),
}


def register() -> None:
    """Called when the app is ready. Breakers ask Redis, so the panel has a lane of its own."""
    panels.register(Panel("rates", "Rates", panel, 46, lane="database:rates", limit=1.0, every=5.0, column="right"))


def panel(now: datetime) -> Body:
    """Which house answers, and which pairs may price something."""
    ages = by_tier(now)
    chain: tuple[Provider, ...] = apps.get_app_config("rates").chain  # type: ignore[attr-defined]
    houses = [(provider.name, provider.breaker.status()) for provider in chain]
    priced = sum(len(found) for tier, found in ages.items() if tier in PRICING)
    return Body(
        _mark(priced, houses),
        figures=(
            Figure("Pairs that may price", f"{priced} of {len(PAIRS)}", "good" if priced == len(PAIRS) else "warn"),
            Figure("Newest", _age(min(_all(ages), default=None))),
            Figure("BTC", _bitcoin(now)),
        ),
        tables=(_houses(houses, now), _tiers(ages)),
        note="" if chain else "No house is asked: set RATES_PROVIDERS.",
    )


def _mark(priced: int, houses: list[tuple[str, Status]]) -> Mark:
    away = sum(status.state == "open" for _, status in houses)
    if priced == 0:
        return Mark("bad", "No rate may price")
    if priced < len(PAIRS):
        return Mark("warn", f"{len(PAIRS) - priced} pairs too old")
    return Mark("warn", f"{away} of {len(houses)} left alone") if away else Mark("good", "Fresh enough")


def _houses(houses: list[tuple[str, Status]], now: datetime) -> Table:
    latest = Counter(entry.source for entry in queries.board(now=now).values())
    rows = tuple(_house(name, status, now, latest[name]) for name, status in houses)
    heads = (("House", False), ("State", False), ("Last good", True), ("Next try", True), ("Pairs", True))
    return Table("houses", "Who is asked, in this order", heads, rows, "Nobody is asked.")


def _house(name: str, status: Status, now: datetime, pairs: int) -> Row:
    closed = status.state == "closed"
    acts = () if closed else (Act("breaker-reset", status.name, "Close", f": {status.name}", True),)
    return Row(
        name,
        (
            Cell(name, small=status.cause, code=True),
            Cell(mark=_STATES[status.state]),
            Cell(clock(status.last_success, now), number=True),
            Cell("when due" if closed else clock(status.until, now), number=True),
            Cell(f"{pairs}", number=True),
        ),
        acts=acts,
    )


def _tiers(ages: dict[Tier, list[float]]) -> Table:
    rows = tuple(
        Row(
            tier,
            (
                Cell(mark=Mark(tone if ages[tier] else "idle", title)),
                Cell(f"{len(ages[tier])}", number=True),
                Cell(_age(max(ages[tier], default=None)), number=True),
                Cell(meaning),
            ),
        )
        for tier, title, meaning, tone in _TIERS
    )
    return Table(
        "tiers", "Pairs by age", (("Tier", False), ("Pairs", True), ("Oldest", True), ("Meaning", False)), rows
    )


def by_tier(now: datetime) -> dict[Tier, list[float]]:
    """Ages in seconds of all pairs by tier; infinite for those of which nothing is known."""
    board = queries.board(now=now)
    found: dict[Tier, list[float]] = {tier: [] for tier, *_ in _TIERS}
    for pair in PAIRS:
        entry = board.get(pair)
        if entry is None:
            found["builtin"].append(float("inf"))
        else:
            at = entry.quoted.quoted_at
            found[tier_of(at, now)].append((now - at).total_seconds())
    return found


def _all(ages: dict[Tier, list[float]]) -> list[float]:
    return [age for found in ages.values() for age in found]


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return "never" if seconds == float("inf") else span(max(0.0, seconds))


def _bitcoin(now: datetime) -> str:
    known = queries.known(Pair("BTC", "USD"), now=now)
    return f"{'~' if known.tier == 'builtin' else ''}${known.price:,.0f}"
