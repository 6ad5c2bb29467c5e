"""Money: integer minor units and a currency, with one rounding policy.

Amounts are never floats. Digits per currency come from CLDR (Unicode Common Locale Data Repository) by way of babel,
which follows ISO 4217 (EUR 2, JPY 0, KWD 3).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import cache

from babel.numbers import get_currency_precision, get_currency_symbol, list_currencies

from marketplace.core.errors import AwningError

# Amounts are stored in 64 bits of minor units; 10¹⁵ major units is far beyond any price and far below the limit.
_LARGEST_EXPONENT = 15


class BadMoney(AwningError):
    """An amount or a currency that cannot be used."""

    code = "bad_money"


@cache
def digits(currency: str) -> int:
    """Decimal digits of the currency's minor unit."""
    if currency not in list_currencies():
        raise BadMoney(f"{currency!r} is not an ISO 4217 currency code.")
    return int(get_currency_precision(currency))


@cache
def symbol(currency: str) -> str:
    """The currency's symbol as English text writes it, for example ``€``."""
    return str(get_currency_symbol(currency, locale="en"))


def to_minor(amount: Decimal, currency: str) -> int:
    """Major units to minor units, half to even: the one rounding policy of the hall."""
    scaled = amount.scaleb(digits(currency)).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    return int(scaled)


def parse_minor(text: str, currency: str) -> int:
    """A plain decimal text such as ``12.50`` in minor units. Raises BadMoney on anything else, or on too many digits."""
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        raise BadMoney(f"{text!r} is not an amount: write it like 12.50.") from None
    if not amount.is_finite():
        raise BadMoney(f"{text!r} is not an amount: write it like 12.50.")
    if amount.adjusted() > _LARGEST_EXPONENT:
        raise BadMoney(f"{text!r} is too large an amount.")
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > digits(currency):
        raise BadMoney(f"{text!r} has more decimals than {currency} has ({digits(currency)}).")
    return to_minor(amount, currency)


def to_major(amount_minor: int, currency: str) -> Decimal:
    """Minor units to a Decimal in major units."""
    return Decimal(amount_minor).scaleb(-digits(currency))


def text(amount_minor: int, currency: str) -> str:
    """The amount with all its decimals, for sums and receipts: ``€1,024.90``."""
    places = digits(currency)
    sign = "−" if amount_minor < 0 else ""
    whole, fraction = divmod(abs(amount_minor), 10**places)
    decimals = f".{fraction:0{places}d}" if places else ""
    return f"{sign}{symbol(currency)}{whole:,}{decimals}"


def short(amount_minor: int, currency: str) -> str:
    """The amount as a price ticket shows it: ``€846``, but ``€64.50``."""
    full = text(amount_minor, currency)
    zeros = "." + "0" * digits(currency)
    return full.removesuffix(zeros) if digits(currency) else full


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units with its currency; arithmetic across currencies raises BadMoney."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        digits(self.currency)

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise BadMoney(f"Cannot combine {self.currency} and {other.currency}.")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(self.minor * times, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __str__(self) -> str:
        return text(self.minor, self.currency)


def split(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Shares of an amount by weight that add up to it exactly (largest remainder method, ties to the first).

    Weights are non-negative with a positive sum; raises BadMoney otherwise.
    """
    total = sum(weights)
    if total <= 0 or any(weight < 0 for weight in weights):
        raise BadMoney("Shares need non-negative weights with a positive sum.")
    shares = [amount_minor * weight // total for weight in weights]
    remainders = [amount_minor * weight % total for weight in weights]
    for index in sorted(range(len(weights)), key=lambda i: (-remainders[i], i))[: amount_minor - sum(shares)]:
        shares[index] += 1
    return shares
