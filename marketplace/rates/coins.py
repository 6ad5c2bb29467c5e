"""The coins and currencies whose rates the hall keeps, and the prices it shows when nothing else is known."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True, slots=True)
class Coin:
    """``decimals`` are the places of its smallest unit; ``pegged`` coins promise to be worth one US dollar."""

    code: str
    name: str
    coingecko: str
    decimals: int
    builtin_usd: Decimal
    pegged: bool = False


def _coin(code: str, name: str, coingecko: str, decimals: int, usd: str, *, pegged: bool = False) -> Coin:
    return Coin(code, name, coingecko, decimals, Decimal(usd), pegged)


# The built-in prices only ever say "about": rounded to one or two digits, bitcoin by its close of 23 February 2026
# (66,226 USDT), the others as orders of magnitude of 2025. They price nothing (SAFETY: display only).
COINS: Final = {
    coin.code: coin
    for coin in (
        _coin("BTC", "Bitcoin", "bitcoin", 8, "66000"),
        _coin("ETH", "Ether", "ethereum", 18, "2500"),
        _coin("LTC", "Litecoin", "litecoin", 8, "85"),
        _coin("BCH", "Bitcoin Cash", "bitcoin-cash", 8, "400"),
        _coin("XRP", "XRP", "ripple", 6, "2"),
        _coin("SOL", "Solana", "solana", 9, "150"),
        _coin("ADA", "Cardano", "cardano", 6, "0.6"),
        _coin("DOGE", "Dogecoin", "dogecoin", 8, "0.15"),
        _coin("DOT", "Polkadot", "polkadot", 10, "4"),
        _coin("TRX", "TRON", "tron", 6, "0.25"),
        _coin("XLM", "Stellar", "stellar", 7, "0.25"),
        _coin("AVAX", "Avalanche", "avalanche-2", 18, "20"),
        _coin("USDC", "USD Coin", "usd-coin", 6, "1", pegged=True),
        _coin("USDT", "Tether", "tether", 6, "1", pegged=True),
        _coin("DAI", "Dai", "dai", 18, "1", pegged=True),
    )
}

# US dollars per unit, rounded; like the prices above they only ever say "about".
_BUILTIN_FIAT: Final = {
    "USD": Decimal(1),
    "EUR": Decimal("1.1"),
    "GBP": Decimal("1.3"),
    "CHF": Decimal("1.2"),
    "PLN": Decimal("0.26"),
    "SEK": Decimal("0.1"),
}
FIATS: Final = tuple(_BUILTIN_FIAT)


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """A coin priced in a currency: units of the currency per coin."""

    coin: str
    currency: str

    def __str__(self) -> str:
        return f"{self.coin}/{self.currency}"


PAIRS: Final = tuple(Pair(coin, fiat) for coin in COINS for fiat in FIATS)


def builtin(pair: Pair) -> Decimal:
    """The price that is shown, and never charged, when no rate is known. Raises KeyError for a pair we do not keep."""
    return COINS[pair.coin].builtin_usd / _BUILTIN_FIAT[pair.currency]
