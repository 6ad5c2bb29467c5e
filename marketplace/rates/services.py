"""Polling: ask the chain of providers, believe what passes the checks, keep it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.apps import apps
from django.db import connection

from marketplace.core.breaker import BreakerOpen
from marketplace.rates import checks, queries
from marketplace.rates.coins import PAIRS, Pair
from marketplace.rates.models import Rate
from marketplace.rates.providers import Provider
from marketplace.rates.providers.calls import ProviderFailed, ProviderRefused, judge
from marketplace.rates.queries import Entry
from marketplace.rates.tiers import Quoted
from monitoring.metrics.instruments import counter

logger = logging.getLogger(__name__)

# CONTRACT "rates": at least 3 s between calls to a provider.
SPACING_SECONDS: Final = 3
# The latest rate is renewed before it stops being fresh; a free key of CoinGecko allows 10,000 calls a month.
RENEWED_AFTER: Final = 240.0
_PLACES: Final = Decimal(1).scaleb(-12)
_QUOTES = counter("rates_quotes", "Prices that providers told us, by what became of them.", ["provider", "verdict"])

# PostgreSQL's clock decides, and one row: whoever changes it has the slot, all others have none.
_RESERVE = """
INSERT INTO rates_providerslot (provider, called_at) VALUES (%s, clock_timestamp())
ON CONFLICT (provider) DO UPDATE SET called_at = clock_timestamp()
WHERE rates_providerslot.called_at <= clock_timestamp() - make_interval(secs => %s)
"""


@dataclass
class _Round:
    """One poll: what was accepted, and what waits for a second source."""

    now: datetime
    last: dict[Pair, Entry]
    good: dict[Pair, Rate] = field(default_factory=dict)
    odd: dict[Pair, list[tuple[str, Quoted]]] = field(default_factory=dict)

    def settled(self) -> bool:
        """Whether every pair has a rate."""
        return len(self.good) == len(PAIRS)

    def hear(self, provider: str, quotes: Sequence[Quoted]) -> int:
        """Judges what one provider said; returns how many of its prices are not plainly bad."""
        usable = 0
        for quoted in {quoted.pair: quoted for quoted in quotes}.values():
            last = self.last.get(quoted.pair)
            verdict = checks.judge(quoted, last=last.quoted if last else None, now=self.now)
            _QUOTES.labels(provider, verdict).inc()
            usable += verdict != "bad"
            if verdict == "good":
                self.good.setdefault(quoted.pair, self._rate(provider, quoted))
            elif verdict == "odd":
                self._compare(provider, quoted)
        return usable

    def _compare(self, provider: str, quoted: Quoted) -> None:
        """An odd price is believed when another house says the same; each house is heard once in a round."""
        said = self.odd.setdefault(quoted.pair, [])
        for other, heard in said:
            if checks.agree(quoted, heard):
                self.good.setdefault(quoted.pair, self._rate(other, heard, confirmed_by=provider))
        said.append((provider, quoted))

    def _rate(self, provider: str, quoted: Quoted, *, confirmed_by: str = "") -> Rate:
        return Rate(
            coin=quoted.pair.coin,
            currency=quoted.pair.currency,
            price=quoted.price.quantize(_PLACES),
            source=provider,
            confirmed_by=confirmed_by,
            quoted_at=quoted.quoted_at,
            taken_at=self.now,
        )


def poll_if_due(*, now: datetime) -> int:
    """Polls when the latest rate is about to grow old; called every half minute, so that a failure is soon tried again."""
    age = queries.youngest(now=now)
    return 0 if age is not None and age < RENEWED_AFTER else poll(now=now)


def poll(*, now: datetime) -> int:
    """Asks the providers in turn until every pair has a good rate; returns how many rates were kept.

    A provider that is asked too soon, or whose breaker is open, is passed over. Two polls at once are harmless: each call
    is made by whoever has its slot.
    """
    chain: tuple[Provider, ...] = apps.get_app_config("rates").chain  # type: ignore[attr-defined]
    round_ = _Round(now, queries.last_good())
    for provider in chain:
        _ask(provider, round_)
        if round_.settled():
            break
    for pair in sorted(set(round_.odd) - set(round_.good)):
        houses = [name for name, _ in round_.odd[pair]]
        logger.warning("rates.odd", extra={"pair": str(pair), "providers": ",".join(houses)})
    return _keep(round_)


def _ask(provider: Provider, round_: _Round) -> None:
    if not reserve(provider.name):
        return
    try:
        with provider.breaker.watching(judge):
            quotes = provider.fetch(round_.now)
            # An answer without one usable price is no answer; one wrong coin among good ones is.
            if not round_.hear(provider.name, quotes):
                raise ProviderFailed("no price of its answer can be right")
    except BreakerOpen:
        return
    except (ProviderFailed, ProviderRefused) as error:
        logger.warning("rates.failed", extra={"provider": provider.name, "error": error.message})


def reserve(provider: str) -> bool:
    """Takes the provider's next call for this caller; False when its last one was less than 3 s ago."""
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE, [provider, SPACING_SECONDS])
        return bool(cursor.rowcount)


def _keep(round_: _Round) -> int:
    if not round_.good:
        return 0
    Rate.objects.bulk_create(round_.good.values())
    fresh = {pair: Entry(Quoted(pair, rate.price, rate.quoted_at), rate.source) for pair, rate in round_.good.items()}
    queries.remember({**round_.last, **fresh})
    return len(fresh)
