"""Coinbase: https://docs.cdp.coinbase.com/coinbase-app/track-apis/exchange-rates, one call for everything against the dollar."""

from collections.abc import Iterator
from datetime import datetime

from marketplace.rates.coins import COINS, FIATS, Pair
from marketplace.rates.providers.calls import ProviderFailed, get, written
from marketplace.rates.tiers import Quoted

BASE = "https://api.coinbase.com/v2"


def fetch(now: datetime, *, base: str = BASE) -> list[Quoted]:
    """What it knows of our pairs, as of its own clock. Raises ProviderFailed, ProviderRefused."""
    told = get(f"{base}/exchange-rates", params={"currency": "USD"})
    if told.at is None:
        raise ProviderFailed("an answer without a time")
    found = list(_quotes(told.content, told.at))
    if not found:
        raise ProviderFailed("no price of ours in the answer")
    return found


def _quotes(content: object, at: datetime) -> Iterator[Quoted]:
    """Rates are units per dollar: of a coin, and of a currency; the price of a coin is one through the other."""
    data = content.get("data") if isinstance(content, dict) else None
    rates = data.get("rates") if isinstance(data, dict) and data.get("currency") == "USD" else None
    if not isinstance(rates, dict) or written(rates.get("USD")) != 1:
        return
    for code in COINS:
        coins = written(rates.get(code))
        for fiat in FIATS:
            units = written(rates.get(fiat))
            if coins and units:
                yield Quoted(Pair(code, fiat), units / coins, at)
