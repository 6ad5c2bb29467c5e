"""Polling: ask the chain of providers, believe what passes the checks, keep it."""

import logging
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Final

from django.apps import apps
from django.db import IntegrityError, connection, transaction

from marketplace.core import partitions, replica
from marketplace.core.breaker import BreakerOpen
from marketplace.rates import checks, queries
from marketplace.rates.coins import PAIRS, Pair
from marketplace.rates.models import BY_MONTH, Rate
from marketplace.rates.providers import Provider
from marketplace.rates.providers.calls import ProviderFailed, ProviderRefused, judge
from marketplace.rates.slots import reserved
from marketplace.rates.tiers import AHEAD, Quoted
from monitoring.metrics.instruments import counter

logger = logging.getLogger(__name__)

# The latest rate is renewed before it stops being fresh; a free key of CoinGecko allows 10,000 calls a month.
RENEWED_AFTER: Final = 240.0
_PLACES: Final = Decimal(1).scaleb(-12)
_QUOTES = counter("rates_quotes", "Prices that providers told us, by what became of them.", ["provider", "verdict"])
_CALLS = counter("rates_calls", "Calls to providers, by how they ended.", ["provider", "outcome"])
_COPY = """
COPY rates_rate (coin, currency, price, source, confirmed_by, quoted_at, taken_at) FROM STDIN (FORMAT binary)
"""
_TYPES: Final = ("text", "text", "numeric", "text", "text", "timestamptz", "timestamptz")


@dataclass
class _Round:
    """One poll: what was accepted, and what waits for a second source."""

    now: datetime
    good: dict[Pair, Rate] = field(default_factory=dict)
    odd: dict[Pair, list[tuple[str, Quoted]]] = field(default_factory=dict)
    first: dict[Pair, list[tuple[str, Quoted]]] = field(default_factory=dict)

    @cached_property
    def last(self) -> dict[Pair, Quoted]:
        """What was accepted last, as of the first answer: a poll that gets none reads nothing."""
        with replica.primary():
            return {pair: entry.quoted for pair, entry in queries.last_good(now=self.now).items()}

    def settled(self) -> bool:
        """Whether every pair has a rate."""
        return len(self.good) == len(PAIRS)

    def hear(self, provider: str, quotes: Sequence[Quoted]) -> int:
        """Judges what one provider said; returns how many of its prices are not plainly bad."""
        times = Counter(quoted.pair for quoted in quotes)
        # A pair that is told twice is told two things.
        told = {quoted.pair: quoted for quoted in quotes if times[quoted.pair] == 1}
        verdicts = checks.judge(told, last=self.last, now=self.now)
        for pair, verdict in verdicts.items():
            _QUOTES.labels(provider, verdict).inc()
            if verdict == "good":
                self.good.setdefault(pair, self._rate(provider, told[pair]))
            elif verdict != "bad":
                self._compare(provider, told[pair])
            if verdict == "first":
                self.first.setdefault(pair, []).append((provider, told[pair]))
        return sum(verdict != "bad" for verdict in verdicts.values())

    def _compare(self, provider: str, quoted: Quoted) -> None:
        """An odd price is believed when another house says the same; each house is heard once in a round."""
        said = self.odd.setdefault(quoted.pair, [])
        for other, heard in said:
            if checks.agree(quoted, heard):
                self.good.setdefault(quoted.pair, self._rate(other, heard, confirmed_by=provider))
        said.append((provider, quoted))

    def close(self) -> None:
        """When all have spoken: the first price of a pair is kept also if one house alone has named it."""
        for pair, said in self.first.items():
            if len(said) == 1:
                self.good.setdefault(pair, self._rate(*said[0]))

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
    young = age is not None and -AHEAD.total_seconds() <= age < RENEWED_AFTER
    return 0 if young else poll(now=now)


def poll(*, now: datetime) -> int:
    """Asks the providers in turn until every pair has a good rate; returns how many rates were kept.

    The very first rates, and those after a day without any, are asked for everywhere: no house is believed against another.

    A provider that is asked too soon, or whose breaker is open, is passed over. Two polls at once are harmless: each call
    is made by whoever has its slot.
    """
    chain: tuple[Provider, ...] = apps.get_app_config("rates").chain  # type: ignore[attr-defined]
    round_ = _Round(now)
    for provider in chain:
        _ask(provider, round_)
        if round_.settled():
            break
    round_.close()
    for pair in sorted(set(round_.odd) - set(round_.good)):
        houses = [name for name, _ in round_.odd[pair]]
        logger.warning("rates.odd", extra={"pair": str(pair), "providers": ",".join(houses)})
    return _keep(round_)


def _ask(provider: Provider, round_: _Round) -> None:
    if provider.breaker.refuses():
        _CALLS.labels(provider.name, "left_alone").inc()
        return
    with reserved(provider.name) as slot:
        if slot is None or not slot.prompt:
            return
        try:
            with provider.breaker.watching(judge):
                quotes = provider.fetch(round_.now)
                # An answer without one usable price is no answer; one wrong coin among good ones is.
                if not round_.hear(provider.name, quotes):
                    raise ProviderFailed("no price of its answer can be right")
        except BreakerOpen:
            outcome = "left_alone"
        except (ProviderFailed, ProviderRefused) as error:
            outcome = "refused" if isinstance(error, ProviderRefused) else "failed"
            logger.warning("rates.failed", extra={"provider": provider.name, "error": error.message})
        else:
            outcome = "answered"
        _CALLS.labels(provider.name, outcome).inc()


def _keep(round_: _Round) -> int:
    """Writes what was accepted, then shows it to everybody."""
    if not round_.good:
        return 0
    try:
        _write(round_.good.values())
    except IntegrityError as error:
        if not partitions.lacks_month(error):
            raise
        partitions.make_months(BY_MONTH, [partitions.month_of(round_.now)])
        _write(round_.good.values())
    with replica.primary():
        # Read again: another poll may have kept other pairs meanwhile.
        queries.remember(queries.last_good(now=round_.now))
    return len(round_.good)


def _write(rates: Collection[Rate]) -> None:
    # COPY goes past Django's cursor, so its errors are wrapped here.
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(_COPY) as copy,
    ):
        copy.set_types(_TYPES)
        for rate in rates:
            row = (rate.coin, rate.currency, rate.price, rate.source, rate.confirmed_by, rate.quoted_at)
            copy.write_row((*row, rate.taken_at))
