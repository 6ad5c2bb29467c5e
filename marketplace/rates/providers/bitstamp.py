"""Bitstamp: https://www.bitstamp.net/api/#tag/Tickers, one call for the last price of every market it runs."""

from collections.abc import Iterator
from datetime import datetime

from marketplace.rates.coins import COINS, FIATS, Pair
from marketplace.rates.providers.calls import ProviderFailed, get, moment, written
from marketplace.rates.tiers import Quoted

BASE = "https://www.bitstamp.net/api/v2"


def fetch(now: datetime, *, base: str = BASE) -> list[Quoted]:
    """What it knows of our pairs. Raises ProviderFailed, ProviderRefused."""
    told = get(f"{base}/ticker/")
    found = list(_quotes(told.content))
    if not found:
        raise ProviderFailed("no price of ours in the answer")
    return found


def _quotes(content: object) -> Iterator[Quoted]:
    for entry in content if isinstance(content, list) else []:
        if not isinstance(entry, dict):
            continue
        coin, _, fiat = str(entry.get("pair", "")).partition("/")
        price, quoted_at = written(entry.get("last")), moment(written(entry.get("timestamp")))
        if coin in COINS and fiat in FIATS and price is not None and quoted_at is not None:
            yield Quoted(Pair(coin, fiat), price, quoted_at)
