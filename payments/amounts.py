"""What can be charged at all: less or more than the provider takes is refused before an order is placed."""

from marketplace.core import money
from marketplace.core.errors import Conflict

# Minor units, https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts; others have no known minimum.
_SMALLEST = {
    "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250, "EUR": 50, "GBP": 30,
    "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200,
    "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000, "USD": 50,
}  # fmt: skip
# Eight digits, the same source.
_LARGEST = 99_999_999


class NotChargeable(Conflict):
    """The sum is too small or too large for a card payment; the message says what to do."""

    code = "not_chargeable"


def check(total_minor: int, currency: str) -> None:
    """Raises NotChargeable when the provider would refuse the sum, in minor units of ``currency``."""
    smallest = _SMALLEST.get(currency, 1)
    if total_minor < smallest:
        raise NotChargeable(
            f"A payment must come to {money.text(smallest, currency)} at least: add something to your cart."
        )
    if total_minor > _LARGEST:
        raise NotChargeable(
            f"One payment may come to {money.text(_LARGEST, currency)} at most: order in two or more parts."
        )
