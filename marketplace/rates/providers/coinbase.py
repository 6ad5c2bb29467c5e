"""Coinbase: https://docs.cdp.coinbase.com/coinbase-app/track-apis/exchange-rates, one call for everything against the dollar."""

from collections.abc import Iterator
from datetime import datetime

from marketplace.rates.coins import COINS, FIATS, Pair
from marketplace.rates.providers.calls import ProviderFailed, decimal, get
from marketplace.rates.tiers import Quoted

BASE = "https://api.coinbase.com/v2"


def fetch(now: datetime, *, base: str = BASE) -> list[Quoted]:
    """What it knows of our pairs, as of its own clock. Raises ProviderFailed, ProviderRefused."""
    told = get(f"{base}/exchange-rates", params={"currency": "USD"})
    found = list(_quotes(told.content, told.at or now))
    if not found:
        raise ProviderFailed("no price of ours in the answer")
    return found


def _quotes(content: object, at: datetime) -> Iterator[Quoted]:
    """Rates are units per dollar: of a coin, and of a currency; the price of a coin is one through the other."""
    data = content.get("data") if isinstance(content, dict) else None
    rates = data.get("rates") if isinstance(data, dict) else None
    if not isinstance(rates, dict):
        return
    for code in COINS:
        coins = decimal(rates.get(code))
        for fiat in FIATS:
            units = decimal(rates.get(fiat))
            if coins is not None and units is not None and coins > 0 and units > 0:
                yield Quoted(Pair(code, fiat), units / coins, at)
