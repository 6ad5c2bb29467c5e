"""CoinGecko: https://docs.coingecko.com/reference/simple-price, one call for all coins and currencies."""

from collections.abc import Iterator
from datetime import datetime

from marketplace.rates.coins import COINS, FIATS, Pair
from marketplace.rates.providers.calls import ProviderFailed, get, moment, number
from marketplace.rates.tiers import Quoted

BASE = "https://api.coingecko.com/api/v3"
_PRO = "pro-api.coingecko.com"


def fetch(now: datetime, *, base: str = BASE, key: str = "") -> list[Quoted]:
    """What it knows of our pairs. Raises ProviderFailed, ProviderRefused."""
    header = "x-cg-pro-api-key" if _PRO in base else "x-cg-demo-api-key"
    told = get(
        f"{base}/simple/price",
        params={
            "ids": ",".join(coin.coingecko for coin in COINS.values()),
            "vs_currencies": ",".join(FIATS).lower(),
            "include_last_updated_at": "true",
            "precision": "full",
        },
        headers={header: key} if key else {},
    )
    found = list(_quotes(told.content))
    if not found:
        raise ProviderFailed("no price of ours in the answer")
    return found


def _quotes(content: object) -> Iterator[Quoted]:
    prices = content if isinstance(content, dict) else {}
    for coin in COINS.values():
        entry = prices.get(coin.coingecko)
        if not isinstance(entry, dict):
            continue
        quoted_at = moment(number(entry.get("last_updated_at")))
        for fiat in FIATS:
            price = number(entry.get(fiat.lower()))
            if price is not None and quoted_at is not None:
                yield Quoted(Pair(coin.code, fiat), price, quoted_at)
