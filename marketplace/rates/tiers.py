"""How far a rate may be trusted, by its age."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from marketplace.rates.coins import Pair

Tier: TypeAlias = Literal["fresh", "acceptable", "indicative", "builtin"]

# CONTRACT "rates": fresh 5 min, acceptable 15, indicative 60, then what is built in.
FRESH: Final = timedelta(minutes=5)
ACCEPTABLE: Final = timedelta(minutes=15)
INDICATIVE: Final = timedelta(minutes=60)
AGES: Final[dict[Tier, timedelta]] = {"fresh": FRESH, "acceptable": ACCEPTABLE, "indicative": INDICATIVE}
# The tiers that an invoice may be made from.
PRICING: Final[frozenset[Tier]] = frozenset({"fresh", "acceptable"})
# Clocks differ; more than this ahead of ours is a wrong clock or a lie.
AHEAD: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Quoted:
    """A price of a pair as a provider gave it."""

    pair: Pair
    price: Decimal
    quoted_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """A rate as it stands now. ``quoted_at`` is None for a built-in price."""

    pair: Pair
    price: Decimal
    tier: Tier
    source: str
    quoted_at: datetime | None

    @property
    def may_price(self) -> bool:
        """Whether an invoice may be made from it: at most 15 minutes old, and never built in."""
        return self.tier in PRICING


def tier_of(quoted_at: datetime, now: datetime) -> Tier:
    """The tier of a rate of that time; the provider's own time counts, not ours of hearing it."""
    age = now - quoted_at
    if age < -AHEAD:
        return "builtin"
    if age <= FRESH:
        return "fresh"
    if age <= ACCEPTABLE:
        return "acceptable"
    return "indicative" if age <= INDICATIVE else "builtin"
