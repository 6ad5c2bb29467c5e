"""A market that moves: seeded, pulled back to where it began, its coins mostly together."""

import math
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Final

# US dollars where each walk begins, by CoinGecko's names, and how much of the market's mood each coin shares.
STARTS: Final = {
    "bitcoin": 66_000.0, "ethereum": 2_500.0, "litecoin": 85.0, "bitcoin-cash": 400.0, "ripple": 2.0, "solana": 150.0,
    "cardano": 0.6, "dogecoin": 0.15, "polkadot": 4.0, "tron": 0.25, "stellar": 0.25, "avalanche-2": 20.0,
    "usd-coin": 1.0, "tether": 1.0, "dai": 1.0,
}  # fmt: skip
SHARES: Final = {"bitcoin": 0.9, "ethereum": 1.1, "solana": 1.4, "dogecoin": 1.5, "tron": 0.6}
DOLLARS: Final = {"usd": 1.0, "eur": 1.1, "gbp": 1.3, "chf": 1.2, "pln": 0.26, "sek": 0.1}
PEGGED: Final = frozenset({"usd-coin", "tether", "dai"})
# Spread of a day's movement, as a share of the price: of the market, of a coin by itself, of a dollar coin, of a currency.
MOOD, OWN, PEG, FIAT = 0.025, 0.015, 0.0005, 0.002
# Days after which a deviation has mostly been pulled back (the time constant of the Ornstein-Uhlenbeck process).
PULL: Final = 2.0
_DAY: Final = 86_400.0


@dataclass
class Market:
    """Prices by a seeded walk in time: after so many looks at the same moments it has come to the same place."""

    seed: int
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _at: float = field(default_factory=time.time)
    _mood: float = 0.0
    _own: dict[str, float] = field(default_factory=lambda: dict.fromkeys([*STARTS, *DOLLARS], 0.0))

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a market, not a secret

    def prices(self, now: float) -> dict[str, dict[str, float]]:
        """Each coin's price in each currency: all have moved by what the time since the last look allows."""
        with self._lock:
            days = max(0.0, now - self._at) / _DAY
            self._at = max(self._at, now)
            self._mood = self._moved(self._mood, MOOD, days)
            for name in self._own:
                spread = PEG if name in PEGGED else FIAT if name in DOLLARS else OWN
                self._own[name] = self._moved(self._own[name], spread, days)
            worth = {fiat: dollars * math.exp(self._own[fiat]) for fiat, dollars in DOLLARS.items()} | {"usd": 1.0}
            return {coin: {fiat: self._dollars(coin) / worth[fiat] for fiat in worth} for coin in STARTS}

    def _dollars(self, coin: str) -> float:
        share = 0.0 if coin in PEGGED else SHARES.get(coin, 1.0)
        return STARTS[coin] * math.exp(share * self._mood + self._own[coin])

    def _moved(self, deviation: float, daily: float, days: float) -> float:
        """One step of any length: exact for a process that is pulled back to zero."""
        kept = math.exp(-days / PULL)
        return deviation * kept + self._random.gauss(0.0, daily * math.sqrt(PULL / 2 * (1 - kept**2)))
